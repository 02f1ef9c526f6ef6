"""How a llama model is laid out in GGUF and in transformers: tensor names, and the order of rows in q and k."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # it takes seconds to import, and nothing else here needs it
    from transformers import LlamaConfig

ARCHITECTURE = 'llama'

# Layer name in transformers -> (module it is part of, name in GGUF); gguf-py: MODEL_TENSORS[MODEL_ARCH.LLAMA].
LINEAR_LAYERS = {
    'q_proj': ('self_attn', 'attn_q'),
    'k_proj': ('self_attn', 'attn_k'),
    'v_proj': ('self_attn', 'attn_v'),
    'o_proj': ('self_attn', 'attn_output'),
    'gate_proj': ('mlp', 'ffn_gate'),
    'up_proj': ('mlp', 'ffn_up'),
    'down_proj': ('mlp', 'ffn_down'),
}
NORMS = {'input_layernorm': 'attn_norm', 'post_attention_layernorm': 'ffn_norm'}
WHOLE_MODEL = {'model.embed_tokens': 'token_embd', 'model.norm': 'output_norm', 'lm_head': 'output'}


def widths(config: LlamaConfig) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each linear layer of a block."""
    hidden, inner = config.hidden_size, config.intermediate_size
    head = getattr(config, 'head_dim', None) or hidden // config.num_attention_heads
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    return {
        'q_proj': (hidden, queries),
        'k_proj': (hidden, keys),
        'v_proj': (hidden, keys),
        'o_proj': (queries, hidden),
        'gate_proj': (hidden, inner),
        'up_proj': (hidden, inner),
        'down_proj': (inner, hidden),
    }


def transformers_name(gguf_name: str) -> str | None:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`; None for a tensor llama does not have."""
    stem, _, suffix = gguf_name.rpartition('.')
    for name, gguf in WHOLE_MODEL.items():
        if stem == gguf:
            return f'{name}.{suffix}'
    block, _, rest = stem.removeprefix('blk.').partition('.')
    for name, (module, gguf) in LINEAR_LAYERS.items():
        if rest == gguf:
            return f'model.layers.{block}.{module}.{name}.{suffix}'
    for name, gguf in NORMS.items():
        if rest == gguf:
            return f'model.layers.{block}.{name}.{suffix}'
    return None


def to_gguf_rows(weight: np.ndarray, heads: int) -> np.ndarray:
    """Orders the rows of a q or k weight as llama.cpp has them.

    transformers rotates the two halves of a head against each other, llama.cpp neighbouring pairs, so the converter
    interleaves the halves (llama.cpp, convert_hf_to_gguf.py, LlamaModel.permute). `heads` is the number of key/value
    heads for k. Shape in and out: (heads * head size, ...).
    """
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, 2, half, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def from_gguf_rows(weight: np.ndarray, heads: int) -> np.ndarray:
    """The inverse of `to_gguf_rows`."""
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, half, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)
