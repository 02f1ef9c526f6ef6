"""Takes an adapter that was trained elsewhere into a folder the embedded endpoint serves from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig
from transformers import LlamaConfig

from . import layout
from .errors import TrainerError
from .gguf_adapter import write_gguf_adapter
from .model import BaseModel
from .peft_folder import read_peft_folder
from .save import GGUF_FILE, PEFT_FOLDER

_PLACE = re.compile(r'model\.layers\.(?P<block>\d+)\.(?P<module>\w+)\.(?P<layer>\w+)')


def convert_adapter(base: BaseModel, peft: Path, out: Path) -> LoraConfig:
    """Copies the PEFT folder to `out/peft` and writes `out/adapter.gguf`; `out` appears when it is complete.

    Returns the adapter's settings. Raises TrainerError when it is no plain LoRA adapter of this base.
    """
    config, weights = read_peft_folder(peft, 'adapter')
    check_shapes(base.config, peft, weights)
    draft = out.with_name(out.name + '.tmp')
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _copy_adapter(peft, draft / PEFT_FOLDER)
        write_gguf_adapter(draft / GGUF_FILE, weights, config.lora_alpha, base.config, f'{base.name} adapter')
        shutil.rmtree(out, ignore_errors=True)
        draft.rename(out)
    except OSError as error:
        raise TrainerError(f'out: cannot write {out}: {error}') from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return config


def check_shapes(base: LlamaConfig, peft: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """An adapter of another base has other widths: llama.cpp would refuse it when it is first asked."""
    widths = layout.widths(base)
    for key, weight in weights.items():
        name, _, rest = key.removeprefix('base_model.model.').partition('.lora_')
        place = _PLACE.fullmatch(name)
        known = place is not None and int(place['block']) < base.num_hidden_layers
        if not known or layout.LINEAR_LAYERS.get(place['layer'], ('',))[0] != place['module']:
            raise TrainerError(f'adapter: {peft} adapts {name}, which the served model does not have')
        inputs, outputs = widths[place['layer']]
        fits = weight.shape[1] == inputs if rest.startswith('A') else weight.shape[0] == outputs
        if not fits:
            raise TrainerError(f'adapter: {peft} was trained on another base model: {name} differs')


def _copy_adapter(peft: Path, to: Path) -> None:
    """Copies what the adapter's files hold, and not who may read them: they come from a folder that may be shared.

    Optimizer states and checkpoints that trainers leave beside the adapter are not copied.
    """
    to.mkdir(parents=True)
    for name in ('adapter_config.json', 'adapter_model.safetensors', 'adapter_model.bin'):
        if (peft / name).is_file():
            shutil.copyfile(peft / name, to / name)
