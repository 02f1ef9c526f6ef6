"""Writes a PEFT adapter as the GGUF LoRA that llama.cpp loads (llama.cpp, convert_lora_to_gguf.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import LlamaConfig

from . import layout
from .errors import TrainerError


def write_gguf_adapter(
    file: Path, weights: Mapping[str, torch.Tensor], alpha: float, config: LlamaConfig, name: str
) -> None:
    """Writes `weights`, PEFT's state dict of a LoRA adapter, in float32.

    llama.cpp scales by alpha / rank as PEFT does. The base in GGUF has other rows in q and k than in transformers,
    so B, whose rows are the layer's outputs, is reordered there.
    """
    if config.model_type != layout.ARCHITECTURE:
        raise TrainerError(
            f'a GGUF adapter can be written for {layout.ARCHITECTURE} models only, not for {config.model_type}'
        )
    writer = gguf.GGUFWriter(file, layout.ARCHITECTURE)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_string(gguf.Keys.Adapter.TYPE, 'lora')
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for key in sorted(weights):
        writer.add_tensor(*_tensor(key, weights[key], config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensor(key: str, weight: torch.Tensor, config: LlamaConfig) -> tuple[str, np.ndarray]:
    """`base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight` -> `blk.3.attn_q.weight.lora_a`."""
    parts = key.split('.')
    place = parts.index('layers') if 'layers' in parts else -1
    block, layer, kind = (parts[place + 1], parts[-3], parts[-2]) if place >= 0 else ('', '', '')
    if layer not in layout.LINEAR_LAYERS or kind not in ('lora_A', 'lora_B'):
        raise TrainerError(f'{key} has no place in a GGUF adapter')
    value = weight.detach().float().cpu().numpy()
    if kind == 'lora_B' and layer == 'q_proj':
        value = layout.to_gguf_rows(value, config.num_attention_heads)
    elif kind == 'lora_B' and layer == 'k_proj':
        value = layout.to_gguf_rows(value, config.num_key_value_heads)
    gguf_name = layout.LINEAR_LAYERS[layer][1]
    return f'blk.{block}.{gguf_name}.weight.{kind.lower()}', np.ascontiguousarray(value)
