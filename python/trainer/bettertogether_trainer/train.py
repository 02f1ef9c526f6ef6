"""One training job from rows to a saved adapter."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from peft import PeftModel

from .adapter import attached
from .batch import cheapest, pad
from .errors import JobCancelled, TrainerError
from .job import Job
from .lanes import Lane, Lanes, opened
from .llama import Llama, computes
from .loss import completion_loss, full_loss
from .model import BaseModel
from .optimizer import Optimizer
from .rows import Row, read_rows
from .save import check_out, save_adapter
from .schedule import factor
from .team import Solo, Team


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
    check_out(job.out)
    rows = read_rows(job.rows, base.config.max_position_embeddings, base.config.vocab_size)
    return train_rows(base, job, rows, on_step, stopped)


def train_rows(
    base: BaseModel,
    job: Job,
    rows: Sequence[Row],
    on_step: Callable[[Progress], None],
    stopped: Callable[[], bool],
    team: Team | None = None,
) -> Result:
    """`train` on rows that were read already, alone or as a member of `team`, whose first member saves and reports."""
    start = time.monotonic()
    team = team or Solo()
    threads = torch.get_num_threads()
    most = threads if base.device.type == 'cpu' and computes(base.model) else 1
    try:
        with attached(base, job) as adapter, opened(most, threads) as lanes:
            loss = _fit(base, adapter, job, rows, lanes, on_step, stopped, team)
            if team.rank == 0:
                check_out(job.out)
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
    lanes: Lanes,
    on_step: Callable[[Progress], None],
    stopped: Callable[[], bool],
    team: Team,
) -> float:
    parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
    optimizer = Optimizer(parameters, job.learning_rate, base.model.dtype)
    backward = _backward(base, parameters, lanes)
    shuffle = random.Random(job.seed)
    steps = job.epochs * math.ceil(len(rows) / job.batch_size)
    step = 0
    adapter.train()
    for epoch in range(1, job.epochs + 1):
        total = count = 0.0
        for rows_of_step in _batches(rows, job.batch_size, shuffle):
            if stopped():
                raise JobCancelled
            targets = sum(len(row.completion) for row in rows_of_step)
            value = backward(rows_of_step[team.rank :: team.size], targets)
            if team.size > 1:
                value = team.add(value)
                team.add_gradients(parameters)
            norm = optimizer.step(factor(job.schedule, step, steps))
            step += 1
            _check_finite(value, norm, step)
            total += value * targets
            count += targets
            if team.rank == 0:
                on_step(Progress(step, steps, epoch, value))
    optimizer.finish()
    return total / count


def _backward(
    base: BaseModel, parameters: Sequence[torch.nn.Parameter], lanes: Lanes
) -> Callable[[Sequence[Row], int], float]:
    """What sets the gradients of a member's share of a batch, and returns its part of the mean loss over `targets`."""
    llama = Llama(base.model) if computes(base.model) else None

    def loss_of(lane: Lane, targets: int) -> torch.Tensor:
        return full_loss(base.model, lane.batch, targets) if llama is None else completion_loss(llama, lane, targets)

    def backward(rows: Sequence[Row], targets: int) -> float:
        if not rows:
            return 0.0

        def work(lane: Lane) -> tuple[float, Sequence[torch.Tensor | None]]:
            loss = loss_of(lane, targets)
            return loss.item(), torch.autograd.grad(loss, parameters, allow_unused=True)

        batch = pad(rows) if llama is None else cheapest(rows, base.config.hidden_size)
        losses, gradients = zip(*lanes.run(batch.to(base.device), work), strict=True)
        for parameter, *parts in zip(parameters, *gradients, strict=True):
            known = [part for part in parts if part is not None]
            parameter.grad = reduce(torch.Tensor.add_, known) if known else None
        return math.fsum(losses)

    return backward


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
