"""The base model, read from a GGUF file.

transformers reads GGUF files too, but parses the file's hundred thousand token strings twice and builds its table of
names once per module, on the cores that the server is using. Here they are stepped over. A test compares the two
loaders' weights bit by bit.
"""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import Keys
from transformers import LlamaConfig, LlamaForCausalLM

from . import layout
from .errors import TrainerError


@dataclass(frozen=True)
class BaseModel:
    """The frozen model; adapters hold `name` as the model they belong to."""

    model: LlamaForCausalLM
    name: str

    @property
    def config(self) -> LlamaConfig:
        return self.model.config

    @property
    def is_llama(self) -> bool:
        """Whether llama.cpp can be given its adapters under a llama's names."""
        return self.config.model_type == layout.ARCHITECTURE

    @property
    def device(self) -> torch.device:
        return self.model.device


def load_base(file: Path, name: str, device: torch.device, dtype: torch.dtype) -> BaseModel:
    """Dequantises `file` into a transformers model. Raises TrainerError for a file that is not a llama GGUF."""
    reader = _open(file)
    config = _config(reader, file)
    weights = _weights(reader, config, dtype, file)
    rope_factors = weights.pop('rope_freqs', None)
    model, report = LlamaForCausalLM.from_pretrained(
        None, config=config, state_dict=weights, dtype=dtype, attn_implementation='sdpa', output_loading_info=True
    )
    missing = sorted(set(report['missing_keys']) - {'lm_head.weight' if config.tie_word_embeddings else ''})
    if missing:
        raise TrainerError(f'model: {file} has no {missing[0]}')
    if rope_factors is not None:
        # llama.cpp divides each rotation frequency by its factor (ggml rope, freq_factors): Llama 3's long context.
        model.model.rotary_emb.inv_freq.div_(rope_factors.float())
    model.name_or_path = name  # what PEFT records
    return BaseModel(model.to(device).eval().requires_grad_(False), name)


def read_config(file: Path) -> LlamaConfig:
    """The base's settings without its weights. Raises TrainerError for a file that is not a llama GGUF."""
    return _config(_open(file), file)


_LONG = 1024
"""Arrays of more items are a tokenizer's; no setting of a model is."""
_HEAD = struct.Struct('=IQ')
"""What an array begins with: the type of its items and their number."""
_LENGTH = struct.Struct('=Q')


class _Reader(gguf.GGUFReader):
    """gguf's reader, which takes seconds for a tokenizer's arrays; here they are fields without content."""

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> tuple[int, list, list[int], list[gguf.GGUFValueType]]:
        if raw_type == gguf.GGUFValueType.ARRAY and self.byte_order == 'I':
            kind, count = _HEAD.unpack_from(self.data, orig_offs)
            first = orig_offs + _HEAD.size
            item = self.gguf_scalar_to_np.get(kind)
            if count > _LONG and kind == gguf.GGUFValueType.STRING:
                return self._after_strings(first, count) - orig_offs, [], [], [gguf.GGUFValueType.ARRAY]
            if count > _LONG and item is not None:
                size = _HEAD.size + count * np.dtype(item).itemsize
                return size, [], [], [gguf.GGUFValueType.ARRAY]
        return super()._get_field_parts(orig_offs, raw_type)

    def _after_strings(self, offset: int, count: int) -> int:
        for _ in range(count):
            offset += _LENGTH.size + _LENGTH.unpack_from(self.data, offset)[0]
        return offset


def _open(file: Path) -> gguf.GGUFReader:
    try:
        return _Reader(file)
    except (OSError, ValueError, struct.error) as error:
        raise TrainerError(f'model: cannot read {file} as GGUF: {error}') from error


class _Fields:
    """The file's metadata; `{arch}` in a key is the architecture."""

    def __init__(self, reader: gguf.GGUFReader, file: Path) -> None:
        self._reader = reader
        self._file = file

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - GGUF values have the type that their key says
        found = self._reader.get_field(key.format(arch=layout.ARCHITECTURE))
        return default if found is None else found.contents()

    def need(self, key: str) -> Any:  # noqa: ANN401
        value = self.get(key)
        if value is None:
            raise TrainerError(f'model: {self._file} has no {key.format(arch=layout.ARCHITECTURE)}')
        return value


def _config(reader: gguf.GGUFReader, file: Path) -> LlamaConfig:
    fields = _Fields(reader, file)
    architecture = fields.need(Keys.General.ARCHITECTURE)
    if architecture != layout.ARCHITECTURE:
        raise TrainerError(
            f'model: {file} has the architecture {architecture!r}; the trainer knows {layout.ARCHITECTURE!r} only. '
            'Serve this model without training it, or take a llama model'
        )
    shapes = {tensor.name: tensor.shape for tensor in reader.tensors}
    if 'token_embd.weight' not in shapes:
        raise TrainerError(f'model: {file} has no token_embd.weight')
    heads, width = fields.need(Keys.Attention.HEAD_COUNT), fields.need(Keys.LLM.EMBEDDING_LENGTH)
    return LlamaConfig(
        vocab_size=int(shapes['token_embd.weight'][1]),
        hidden_size=width,
        intermediate_size=fields.need(Keys.LLM.FEED_FORWARD_LENGTH),
        num_hidden_layers=fields.need(Keys.LLM.BLOCK_COUNT),
        num_attention_heads=heads,
        num_key_value_heads=fields.get(Keys.Attention.HEAD_COUNT_KV, heads),
        head_dim=fields.get(Keys.Attention.KEY_LENGTH, width // heads),
        max_position_embeddings=fields.need(Keys.LLM.CONTEXT_LENGTH),
        rms_norm_eps=fields.need(Keys.Attention.LAYERNORM_RMS_EPS),
        rope_parameters=_rope(fields, file),
        tie_word_embeddings='output.weight' not in shapes,
        attention_bias='blk.0.attn_q.bias' in shapes,
        mlp_bias='blk.0.ffn_up.bias' in shapes,
        bos_token_id=fields.get(Keys.Tokenizer.BOS_ID),
        eos_token_id=fields.get(Keys.Tokenizer.EOS_ID),
        use_cache=False,
    )


def _rope(fields: _Fields, file: Path) -> dict[str, object]:
    theta = fields.get(Keys.Rope.FREQ_BASE, 10_000.0)
    scaling = fields.get(Keys.Rope.SCALING_TYPE, 'none')
    if scaling == 'none':
        return {'rope_type': 'default', 'rope_theta': theta}
    if scaling == 'linear':
        return {'rope_type': 'linear', 'rope_theta': theta, 'factor': fields.need(Keys.Rope.SCALING_FACTOR)}
    raise TrainerError(f'model: {file} scales its positions by {scaling!r}; the trainer knows none and linear only')


def _weights(reader: gguf.GGUFReader, config: LlamaConfig, dtype: torch.dtype, file: Path) -> dict[str, torch.Tensor]:
    def read(tensor: gguf.ReaderTensor) -> tuple[str, torch.Tensor]:
        if tensor.name == 'rope_freqs.weight':
            return 'rope_freqs', torch.from_numpy(np.array(tensor.data))
        name = layout.transformers_name(tensor.name)
        if name is None:
            raise TrainerError(f'model: {file} has a tensor that llama models do not have: {tensor.name}')
        value = gguf.dequantize(tensor.data, tensor.tensor_type)
        if '.q_proj.' in name:
            value = layout.from_gguf_rows(value, config.num_attention_heads)
        elif '.k_proj.' in name:
            value = layout.from_gguf_rows(value, config.num_key_value_heads)
        return name, torch.from_numpy(np.array(value, dtype=np.float32)).to(dtype)

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return dict(pool.map(read, reader.tensors))
