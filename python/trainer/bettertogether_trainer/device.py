"""Where to compute and in which precision."""

from __future__ import annotations

import torch

from .errors import TrainerError

DEVICES = ('auto', 'cpu', 'cuda')
DTYPES = {'auto': None, 'float32': torch.float32, 'bfloat16': torch.bfloat16}


def choose_device(asked: str) -> torch.device:
    """`auto` is CUDA where there is one. Raises TrainerError when CUDA was asked for and is not there."""
    available = torch.cuda.is_available()
    if asked == 'cuda' and not available:
        raise TrainerError('--device cuda: this torch sees no CUDA device; use --device auto or cpu')
    return torch.device('cuda' if available and asked != 'cpu' else 'cpu')


def choose_dtype(asked: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 where the hardware multiplies it, else float32: emulated bfloat16 is slower than float32."""
    explicit = DTYPES[asked]
    if explicit is not None:
        return explicit
    native = torch.cuda.is_bf16_supported(including_emulation=False) if device.type == 'cuda' else _cpu_has_bfloat16()
    return torch.bfloat16 if native else torch.float32


def _cpu_has_bfloat16() -> bool:
    # Not in every torch that pyproject.toml allows; without it float32 is right, only slower. x86 alone, because
    # that is what was measured: on ARM whether bfloat16 is the faster depends on how torch was built.
    capabilities = getattr(torch.cpu, 'get_capabilities', dict)()
    return bool(capabilities.get('avx512_bf16') or capabilities.get('amx_bf16'))
