"""Processes that train together make the steps of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft.utils import load_peft_weights
from torch import distributed, multiprocessing

from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.rows import Row
from bettertogether_trainer.save import PEFT_FOLDER
from bettertogether_trainer.team import Distributed
from bettertogether_trainer.train import Progress, train_rows


def _member(rank: int, size: int, store: str, gguf: Path, job: Job, rows: list[Row], losses: Path) -> None:
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT='0')
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=size)
    base = load_base(gguf, 'tiny', torch.device('cpu'), torch.float32)
    told: list[float] = []
    train_rows(base, job, rows, lambda progress: told.append(progress.loss), lambda: False, Distributed(base.device))
    if rank == 0:
        losses.write_text(' '.join(map(repr, told)))
    else:
        assert not told
    distributed.destroy_process_group()


def test_many_make_the_steps_of_one(
    gguf_file: Path, base: BaseModel, rows: list[Row], make_job: Callable[..., Job], tmp_path: Path
) -> None:
    # 9 rows in batches of 4 for 3 members: shares differ, and of the last batch two have none.
    alone: list[Progress] = []
    job = make_job(epochs=2, batch_size=4)
    train_rows(base, job, rows, alone.append, lambda: False)
    together = make_job(epochs=2, batch_size=4, out=str(tmp_path / 'together'))
    arguments = (3, str(tmp_path / 'store'), gguf_file, together, rows, tmp_path / 'losses')
    multiprocessing.spawn(_member, args=arguments, nprocs=3)
    told = [float(loss) for loss in (tmp_path / 'losses').read_text().split()]
    assert told == pytest.approx([progress.loss for progress in alone], rel=1e-4)
    one, many = (load_peft_weights(str(folder / PEFT_FOLDER)) for folder in (job.out, together.out))
    assert one.keys() == many.keys()
    for name, weight in one.items():
        assert torch.allclose(weight, many[name], atol=2e-4), name
