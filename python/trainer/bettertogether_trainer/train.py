"""One training job from rows to a saved adapter."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel

from .adapter import attached
from .batch import cheapest
from .errors import JobCancelled, TrainerError
from .job import Job
from .loss import completion_loss
from .model import BaseModel
from .optimizer import Optimizer
from .rows import Row, read_rows
from .save import check_out, save_adapter
from .schedule import factor
from .threads import threads_for


@dataclass(frozen=True)
class Progress:
    """One optimizer step: `step` of `steps` and `epoch`, all counted from 1, and the batch's loss."""

    step: int
    steps: int
    epoch: int
    loss: float


@dataclass(frozen=True)
class Result:
    trained_tokens: int
    """Prompt and completion tokens, each as often as it was trained on."""
    loss: float
    """Mean over the last epoch's completion tokens."""
    seconds: float


def train(base: BaseModel, job: Job, on_step: Callable[[Progress], None], stopped: Callable[[], bool]) -> Result:
    """Runs `job` and saves its adapter under `job.out`.

    Raises TrainerError for what the caller can act on, and JobCancelled once `stopped` says so between two steps;
    then nothing was written.
    """
    start = time.monotonic()
    check_out(job.out)
    rows = read_rows(job.rows, base.config.max_position_embeddings, base.config.vocab_size)
    threads = torch.get_num_threads()
    try:
        with attached(base, job) as adapter:
            loss = _fit(base, adapter, job, rows, threads, on_step, stopped)
            save_adapter(adapter, base, job.out)
    finally:
        torch.set_num_threads(threads)
    tokens = job.epochs * sum(len(row.tokens) for row in rows)
    return Result(tokens, loss, time.monotonic() - start)


def _fit(
    base: BaseModel,
    adapter: PeftModel,
    job: Job,
    rows: Sequence[Row],
    threads: int,
    on_step: Callable[[Progress], None],
    stopped: Callable[[], bool],
) -> float:
    parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
    optimizer = Optimizer(parameters, job.learning_rate, base.model.dtype)
    shuffle = random.Random(job.seed)
    steps = job.epochs * math.ceil(len(rows) / job.batch_size)
    step = 0
    adapter.train()
    for epoch in range(1, job.epochs + 1):
        total = count = 0.0
        for rows_of_step in _batches(rows, job.batch_size, shuffle):
            if stopped():
                raise JobCancelled
            batch = cheapest(rows_of_step, base.config.hidden_size).to(base.device)
            torch.set_num_threads(threads_for(batch.ids.numel(), threads))
            loss = completion_loss(base.model, batch)
            loss.backward()
            norm = optimizer.step(factor(job.schedule, step, steps))
            step += 1
            value = loss.item()
            _check_finite(value, norm, step)
            total += value * len(batch.targets)
            count += len(batch.targets)
            on_step(Progress(step, steps, epoch, value))
    optimizer.finish()
    return total / count


def _batches(rows: Sequence[Row], size: int, shuffle: random.Random) -> Iterator[list[Row]]:
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    for first in range(0, len(order), size):
        yield [rows[number] for number in order[first : first + size]]


def _check_finite(loss: float, norm: float, step: int) -> None:
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise TrainerError(
            f'training diverged at step {step}: loss {loss}, gradient norm {norm}. '
            'Lower learning_rate, or alpha in relation to rank'
        )
