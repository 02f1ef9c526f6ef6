"""A batch's step on several CPU threads that do not wait for each other within an operation.

The threads of an operation wait for each other hundreds of times a step, and where a neighbour has the core that one of
them needs, for milliseconds each time. So a tree of tokens (`batch.pack`) is cut into lanes, one thread each: a token
sees tokens before it alone, so a lane needs the keys and values of the lanes before it, and they need their gradients
back. A lane that is held up holds up those that need it once a layer, and no one else. What is computed is the same.

Measured with SmolLM2-135M in float32 at 110 tokens a step: two lanes take 1.3 times the CPU time of one, so they gain
where a second core is free and lose where none is.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch.autograd import Function

from .batch import Batch, cut
from .llama import Seen
from .threads import threads_for

T = TypeVar('T')
Tensors = tuple[torch.Tensor, ...]

TOKENS_PER_LANE = 32
"""A lane of fewer tokens takes hardly less time: each reads all weights."""
MOST_LANES = 4
"""Python runs one thread at a time between operations, which more lanes would wait for. Not measured beyond two."""


def lanes_for(tokens: int, most: int) -> int:
    """Lanes of a batch of `tokens`, from 1 to `most`. Depends on nothing else, so results can be reproduced."""
    return max(1, min(most, MOST_LANES, tokens // TOKENS_PER_LANE))


@dataclass(frozen=True)
class Lane:
    """A lane's tokens and which keys and values they see."""

    batch: Batch
    seen: Seen
    number: int = 0
    """Its place among the batch's lanes."""


@dataclass(frozen=True)
class Cut:
    """A batch as lanes. What goes forward in them goes backward in them, be it in another `each`."""

    lanes: list[Lane]
    ways: _Ways


class Lanes:
    """Runs batches in up to `most` lanes on `threads` CPU threads; those left over go to the lanes' operations."""

    def __init__(self, pool: ThreadPoolExecutor, most: int, threads: int) -> None:
        self._pool = pool
        self._most = most
        self._threads = threads

    def run(self, batch: Batch, work: Callable[[Lane], T]) -> list[T]:
        """What `work` gives for each lane of `batch`, in order; the first error where one fails."""
        return self.each(self.cut(batch), work)

    def cut(self, batch: Batch) -> Cut:
        parts = cut(batch, lanes_for(batch.ids.numel(), self._most))
        ways = _Ways(len(parts))
        return Cut([Lane(part, _seen_by(ways, number, part), number) for number, part in enumerate(parts)], ways)

    def each(self, whole: Cut, work: Callable[[Lane], T]) -> list[T]:
        """`run` for a batch that is cut already. After an error its lanes are of no more use."""
        lanes, ways = whole.lanes, whole.ways

        def alone(lane: Lane) -> T:
            try:
                # Counts for the operations of this thread alone.
                torch.set_num_threads(threads_for(lane.batch.ids.numel(), self._threads // len(lanes)))
                return work(lane)
            except BaseException:
                ways.close()
                raise

        try:
            others = [self._pool.submit(alone, lane) for lane in lanes[1:]]
        except BaseException:
            # No thread could be started: those that were wait for it.
            ways.close()
            raise
        first: Future[T] = Future()
        try:
            first.set_result(alone(lanes[0]))
        except BaseException as error:
            first.set_exception(error)
        return _results([first, *others])


@contextmanager
def opened(most: int, threads: int) -> Iterator[Lanes]:
    """Up to `most` lanes on `threads` threads, for the steps of a job."""
    with ThreadPoolExecutor(most, 'lane') as pool:
        yield Lanes(pool, most, threads)


def _results(lanes: Sequence[Future[T]]) -> list[T]:
    errors = [error for lane in lanes if (error := lane.exception()) is not None]
    for error in errors:
        if not isinstance(error, _OtherFailed):
            raise error
    return [lane.result() for lane in lanes]


class _OtherFailed(Exception):
    """A lane that this one waited for will say nothing more."""


class _Ways:
    """Queues from each lane to each: keys and values to later ones, their gradients to earlier ones, layer by layer."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._queues = {
            (start, end): queue.SimpleQueue[Tensors | None]() for start in range(lanes) for end in range(lanes)
        }

    def send(self, start: int, end: int, tensors: Tensors) -> None:
        self._queues[start, end].put(tensors)

    def take(self, start: int, end: int) -> Tensors:
        tensors = self._queues[start, end].get()
        if tensors is None:
            raise _OtherFailed
        return tensors

    def close(self) -> None:
        """Wakes all that wait, with an error."""
        for way in self._queues.values():
            way.put(None)


def _seen_by(ways: _Ways, lane: int, part: Batch) -> Seen:
    if ways.lanes == 1 or part.mask is None:
        return lambda keys, values: (keys, values)
    return lambda keys, values: _Seen.apply(keys, values, ways, lane)


class _Seen(Function):
    """Keys and values, (1, heads, length, head width), of a lane -> of all lanes up to it."""

    @staticmethod
    def forward(  # noqa: ANN205
        ctx: Any,  # noqa: ANN401
        keys: torch.Tensor,
        values: torch.Tensor,
        ways: _Ways,
        lane: int,
    ):
        ctx.ways, ctx.lane = ways, lane
        for later in range(lane + 1, ways.lanes):
            ways.send(lane, later, (keys.detach(), values.detach()))
        parts = [*(ways.take(earlier, lane) for earlier in range(lane)), (keys, values)]
        ctx.lengths = [part.shape[2] for part, _ in parts]
        return tuple(torch.cat(each, dim=2) for each in zip(*parts, strict=True))

    @staticmethod
    def backward(ctx: Any, to_keys: torch.Tensor, to_values: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # noqa: ANN401
        ways, lane = ctx.ways, ctx.lane
        *others, own = zip(*(each.split(ctx.lengths, dim=2) for each in (to_keys, to_values)), strict=True)
        for earlier, gradients in enumerate(others):
            ways.send(lane, earlier, gradients)
        for later in range(lane + 1, ways.lanes):
            own = tuple(a + b for a, b in zip(own, ways.take(later, lane), strict=True))
        return *own, None, None
