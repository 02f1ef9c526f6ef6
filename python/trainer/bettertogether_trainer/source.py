"""A base model by what the user calls it: a llama GGUF, a folder in Hugging Face's format, or a name on its hub."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from .errors import TrainerError
from .model import BaseModel, load_base


def load_source(model: str, device: torch.device, dtype: torch.dtype) -> tuple[BaseModel, PreTrainedTokenizerBase]:
    """The model, frozen and on `device`, and its tokenizer. Raises TrainerError when there is no such model."""
    file = Path(model)
    if file.suffix == '.gguf':
        if not file.is_file():
            raise TrainerError(f'model: there is no file {file}')
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
        return load_base(file, file.stem, device, dtype), tokenizer
    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
        loaded = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, attn_implementation='sdpa')
    except (OSError, ValueError) as error:
        raise TrainerError(f'model: cannot load {model}: {error}') from error
    loaded.config.use_cache = False
    return BaseModel(loaded.to(device).eval().requires_grad_(False), model), tokenizer
