"""LoRA adapters by PEFT: a new one on the base, or one that goes on from a parent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from .errors import TrainerError
from .job import Job
from .model import BaseModel
from .peft_folder import read_peft_folder


@contextmanager
def attached(base: BaseModel, job: Job) -> Iterator[PeftModel]:
    """The base with the job's adapter on it, in float32 and trainable; afterwards the base is as it was."""
    parent = None if job.parent is None else _Parent(job.parent)
    torch.manual_seed(job.seed)
    config = LoraConfig(
        r=job.rank,
        lora_alpha=job.alpha,
        target_modules=list(job.targets),
        lora_dropout=0.0,
        bias='none',
        task_type='CAUSAL_LM',
        base_model_name_or_path=base.name,
    )
    adapter = get_peft_model(base.model, config)
    try:
        if parent is not None:
            parent.copy_into(adapter, job)
        yield adapter
    finally:
        adapter.unload()
        # PEFT leaves its mark on the model and would warn that the next adapter comes on top of this one.
        if hasattr(base.model, 'peft_config'):
            del base.model.peft_config


class _Parent:
    """A trained adapter whose function a new one takes over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config, self._weights = read_peft_folder(folder, 'parent')

    def copy_into(self, adapter: PeftModel, job: Job) -> None:
        """Makes the new adapter compute what the parent computes.

        A larger rank keeps the parent's rows and adds fresh ones that B, zero there, does not use yet; another scale
        (alpha / rank) is made up for in B. A smaller rank or fewer targets could not hold the parent.
        """
        rank = self._config.r
        if job.rank < rank:
            raise TrainerError(f'rank: the parent {self._folder} has rank {rank}, expected at least that')
        unscale = (self._config.lora_alpha / rank) / (job.alpha / job.rank)
        weights = dict(self._weights)
        with torch.no_grad():
            for name, parameter in adapter.named_parameters():
                weight = weights.pop(name.replace('.default.', '.'), None)
                if weight is None:
                    continue
                down = '.lora_A.' in name
                place = parameter[:rank] if down else parameter[:, :rank]
                if place.shape != weight.shape:
                    raise TrainerError(f'parent: {self._folder} was trained on another base model: {name} differs')
                place.copy_(weight if down else weight * unscale)
        if weights:
            raise TrainerError(
                f'targets: the parent {self._folder} has {next(iter(weights))}, which {", ".join(job.targets)} '
                'leave out; expected at least its targets'
            )
