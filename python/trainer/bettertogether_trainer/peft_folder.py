"""Reads adapters as PEFT keeps them: a folder with `adapter_config.json` and the weights."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig
from peft.utils import load_peft_weights

from .errors import TrainerError

# Settings of LoraConfig with which A, B and alpha / rank alone no longer say what the adapter computes.
_VARIANTS = (
    'use_rslora',
    'use_dora',
    'use_qalora',
    'use_bdlora',
    'rank_pattern',
    'alpha_pattern',
    'fan_in_fan_out',
    'lora_bias',
    'layer_replication',
    'modules_to_save',
    'trainable_token_indices',
    'target_parameters',
    'alora_invocation_tokens',
    'arrow_config',
    'kasa_config',
)


def read_peft_folder(folder: Path, what: str) -> tuple[LoraConfig, dict[str, torch.Tensor]]:
    """Settings and weights, on the CPU, of the plain LoRA adapter in `folder`.

    Raises TrainerError when it is not one; `what`, the name of the setting for it, begins its message.
    """
    # PEFT would take what is not a folder for a name on the hub, and ask there.
    if not (folder / 'adapter_config.json').is_file():
        raise TrainerError(f'{what}: {folder} is not a PEFT folder: it has no adapter_config.json')
    try:
        config = PeftConfig.from_pretrained(str(folder))
        weights = load_peft_weights(str(folder), device='cpu')
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainerError(f'{what}: cannot read {folder} as a PEFT adapter: {error}') from error
    variants = [name for name in _VARIANTS if getattr(config, name, None)]
    if not isinstance(config, LoraConfig) or variants:
        raise TrainerError(f'{what}: {folder} is not a plain LoRA adapter ({", ".join(variants) or config.peft_type})')
    return config, weights
