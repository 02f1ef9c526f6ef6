"""One training job from rows to a saved adapter."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from peft import PeftModel

from .adapter import attached
from .errors import JobCancelled, TrainerError
from .job import Job
from .lanes import Lanes, opened
from .llama import computes
from .model import BaseModel
from .objective import Supervised, sequences
from .optimizer import Optimizer
from .passes import Passes
from .rows import Example, read_rows
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
    metrics: Mapping[str, float]
    """The objective's (`objective.py`), of the batch before the step."""

    def values(self) -> dict[str, object]:
        """What a message says of it: metrics where there are any."""
        return {name: value for name, value in vars(self).items() if name != 'metrics' or value}


@dataclass(frozen=True)
class Result:
    trained_tokens: int
    """Prompt and completion tokens, each as often as it was trained on; of a pair its prompt with each answer."""
    loss: float
    """Mean over the last epoch's completion tokens, or pairs."""
    seconds: float


def train(base: BaseModel, job: Job, on_step: Callable[[Progress], None], stopped: Callable[[], bool]) -> Result:
    """Runs `job` and saves its adapter under `job.out`.

    Raises TrainerError for what the caller can act on, and JobCancelled once `stopped` says so between two steps;
    then nothing was written.
    """
    check_out(job.out)
    rows = read_rows(job.rows, base.config.max_position_embeddings, base.config.vocab_size, job.objective.kind)
    return train_rows(base, job, rows, on_step, stopped)


def train_rows(
    base: BaseModel,
    job: Job,
    rows: Sequence[Example],
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
    tokens = job.epochs * sum(len(sequence.tokens) for sequence in sequences(rows))
    return Result(tokens, loss, time.monotonic() - start)


def _fit(
    base: BaseModel,
    adapter: PeftModel,
    job: Job,
    rows: Sequence[Example],
    lanes: Lanes,
    on_step: Callable[[Progress], None],
    stopped: Callable[[], bool],
    team: Team,
) -> float:
    objective = job.objective
    parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
    optimizer = Optimizer(parameters, job.learning_rate, base.model.dtype)
    # Dropout would make the policy differ from the reference that it is.
    adapter.train(isinstance(objective, Supervised))
    backward = _backward(job, rows, Passes(base, parameters, lanes), stopped, team)
    shuffle = random.Random(job.seed)
    steps = job.epochs * math.ceil(len(rows) / job.batch_size)
    step = 0
    for epoch in range(1, job.epochs + 1):
        total = count = 0.0
        for batch in _batches(len(rows), job.batch_size, shuffle):
            if stopped():
                raise JobCancelled
            parts = objective.count([rows[number] for number in batch])
            values = backward(batch[team.rank :: team.size], parts)
            if team.size > 1:
                values = team.add(values)
                team.add_gradients(parameters)
            norm = optimizer.step(factor(job.schedule, step, steps))
            step += 1
            _check_finite(values, norm, step)
            loss, *metrics = values
            total += loss * parts
            count += parts
            if team.rank == 0:
                on_step(Progress(step, steps, epoch, loss, dict(zip(objective.metrics, metrics, strict=True))))
    optimizer.finish()
    return total / count


def _backward(
    job: Job, rows: Sequence[Example], passes: Passes, stopped: Callable[[], bool], team: Team
) -> Callable[[Sequence[int], int], list[float]]:
    """What sets the gradients of a member's share of a batch, the numbers of its rows.

    It returns the share's part of the batch's loss, whose sums are divided by the given count, and of its metrics.
    """
    objective = job.objective
    if isinstance(objective, Supervised):
        return lambda share, count: [passes.cross_entropy([rows[n] for n in share], count) if share else 0.0]
    references = _references(job, rows, passes, stopped, team)

    def backward(share: Sequence[int], count: int) -> list[float]:
        if not share:
            return [0.0] * (1 + len(objective.metrics))
        own = [rows[number] for number in share]
        reference = torch.cat([references[number] for number in share])
        return passes.log_prob_loss(sequences(own), lambda known: objective.loss(own, known, reference, count))

    return backward


def _references(
    job: Job, rows: Sequence[Example], passes: Passes, stopped: Callable[[], bool], team: Team
) -> Sequence[torch.Tensor]:
    """For each row the log-probabilities of its completions' tokens before the first step; members share the work.

    The batches are those of the first epoch, so that the first step's policy is its reference to the last bit.
    """
    lengths = [sum(len(sequence.completion) for sequence in row.sequences) for row in rows]
    known = [torch.zeros(length, dtype=torch.float64) for length in lengths]
    for batch in _batches(len(rows), job.batch_size, random.Random(job.seed)):
        if stopped():
            raise JobCancelled
        if share := batch[team.rank :: team.size]:
            own = passes.log_probs(sequences([rows[number] for number in share]))
            for number, part in zip(share, own.split([lengths[number] for number in share]), strict=True):
                known[number] = part
    if team.size == 1:
        return known
    return torch.tensor(team.add(torch.cat(known).tolist()), dtype=torch.float64).split(lengths)


def _batches(rows: int, size: int, shuffle: random.Random) -> Iterator[list[int]]:
    """The numbers of `rows` rows, shuffled, in batches."""
    order = list(range(rows))
    shuffle.shuffle(order)
    for first in range(0, len(order), size):
        yield order[first : first + size]


def _check_finite(values: Sequence[float], norm: float, step: int) -> None:
    if not all(map(math.isfinite, [*values, norm])):
        raise TrainerError(
            f'training diverged at step {step}: loss {values[0]}, gradient norm {norm}. '
            'Lower learning_rate, or alpha in relation to rank'
        )
