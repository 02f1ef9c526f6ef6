"""Processes that train together make the steps of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from peft.utils import load_peft_weights
from torch import distributed, multiprocessing

from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.rows import Example
from bettertogether_trainer.save import PEFT_FOLDER
from bettertogether_trainer.team import Distributed
from bettertogether_trainer.train import Progress, train_rows


def numbers(progress: Progress) -> list[float]:
    return [progress.loss, *progress.metrics.values()]


def _member(rank: int, size: int, store: str, gguf: Path, job: Job, rows: Sequence[Example], losses: Path) -> None:
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT='0')
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=size)
    base = load_base(gguf, 'tiny', torch.device('cpu'), torch.float32)
    told: list[float] = []
    train_rows(
        base, job, rows, lambda progress: told.extend(numbers(progress)), lambda: False, Distributed(base.device)
    )
    if rank == 0:
        losses.write_text(' '.join(map(repr, told)))
    else:
        assert not told
    distributed.destroy_process_group()


@pytest.mark.parametrize(
    ('examples', 'method'),
    [
        ('rows', {}),
        ('pairs', {'method': 'dpo', 'beta': 0.5}),
        ('scored', {'method': 'grpo', 'clip': [0.2, 0.28]}),
    ],
)
def test_many_make_the_steps_of_one(
    gguf_file: Path,
    base: BaseModel,
    make_job: Callable[..., Job],
    tmp_path: Path,
    examples: str,
    method: dict[str, object],
    request: pytest.FixtureRequest,
) -> None:
    rows: Sequence[Example] = request.getfixturevalue(examples)[:9]
    # 9 rows in batches of 4 for 3 members: shares differ, and of the last batch two have none.
    alone: list[Progress] = []
    job = make_job(epochs=2, batch_size=4, **method)
    train_rows(base, job, rows, alone.append, lambda: False)
    together = make_job(epochs=2, batch_size=4, out=str(tmp_path / 'together'), **method)
    arguments = (3, str(tmp_path / 'store'), gguf_file, together, rows, tmp_path / 'losses')
    multiprocessing.spawn(_member, args=arguments, nprocs=3)
    told = [float(loss) for loss in (tmp_path / 'losses').read_text().split()]
    expected = [number for progress in alone for number in numbers(progress)]
    assert told == pytest.approx(expected, rel=1e-4, abs=1e-6)
    one, many = (load_peft_weights(str(folder / PEFT_FOLDER)) for folder in (job.out, together.out))
    assert one.keys() == many.keys()
    for name, weight in one.items():
        assert torch.allclose(weight, many[name], atol=2e-4), name
