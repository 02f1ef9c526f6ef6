"""What surrounds user code while it runs: which run it belongs to, and which predictor call."""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from .in_hand import InHand
from .states import PredictorState, ProgramState
from .user_errors import RunStopped
from .wire import Answer


class Compiled(Protocol):
    """The program that an optimizer compiles: its predictors, and copies of them."""

    # What `dspy.settings.lm` is meanwhile.
    lm: Any

    def name_of(self, predictor: Any) -> str | None: ...

    def state_of(self, name: str) -> PredictorState: ...

    def is_frozen(self, name: str) -> bool: ...

    def lm_of(self, name: str) -> Any:
        """The LM that the author gave the predictor."""

    def sample_of(self, call: dict[str, Any]) -> dict[str, Any]:
        """`CompleteParams.sample` (src/host/protocol.ts) of an LM call."""


class Run:
    """One run of the program on one example."""

    # Whose code it is, to begin a sentence with.
    asker = 'The program'

    def __init__(self, number: int, state: ProgramState, shows: bool = False) -> None:
        self.number = number
        # Only what would be asked is wanted.
        self.shows = shows
        self.state = state
        self.phase = 'program'
        self.started = time.perf_counter()
        self.thread_id: int | None = None
        self.stopped: BaseException | None = None
        self.over = False
        # Ends its task, where it is one of a loop that others share; says whether it keeps the loop from turning.
        self.stop_task: Callable[[], bool] | None = None
        # Set while an optimizer compiles the program: then its own objects hold the state of each call.
        self.compiled: Compiled | None = None
        # What answers calls on the run's LM that belong to no predictor; `None`: the base model.
        self.settings_model: str | None = None
        self.in_hand = InHand()
        self._calls: list[PredictorCall] = []
        self._retrievals: list[dict[str, Any]] = []
        self._open: set[Answer] = set()
        self._guard = threading.Lock()

    def unserved(self, error: BaseException) -> BaseException:
        """What is raised where an LM is asked that no endpoint serves."""
        return error

    def cut_off(self) -> None:
        """In a forked process: another thread may have held the lock."""
        self._guard = threading.Lock()
        self.in_hand.cut_off()

    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def record(self, call: PredictorCall) -> None:
        with self._guard:
            if not self.over:
                self._calls.append(call)

    def looked_up(self, retrieval: dict[str, Any]) -> None:
        """A `Retrieval` (src/data/trace.ts)."""
        with self._guard:
            if not self.over:
                self._retrievals.append(retrieval)

    def retrievals(self) -> list[dict[str, Any]]:
        """In the order they began."""
        with self._guard:
            return sorted(self._retrievals, key=lambda each: each['start'])

    def trace(self) -> list[dict[str, Any]]:
        """Calls in the order they began."""
        with self._guard:
            return [call.as_trace() for call in sorted(self._calls, key=lambda call: call.start)]

    def opened(self, answer: Answer) -> None:
        with self._guard:
            stopped = self.stopped
            if stopped is None:
                self._open.add(answer)
        if stopped is not None:
            answer.settle(error=stopped)

    def closed(self, answer: Answer) -> None:
        with self._guard:
            self._open.discard(answer)

    def refused(self, message: str) -> RunStopped:
        """What a call is answered with that gets no answer any more."""
        return RunStopped(message)

    def stop(self, message: str) -> None:
        """Ends the waits for an LM, now and later."""
        with self._guard:
            if self.stopped is not None:
                return
            self.stopped = RunStopped(message)
            waiting, self._open = self._open, set()
        for answer in waiting:
            answer.settle(error=self.stopped)


class Phase:
    """The program's own code, or the metric's."""

    def __init__(self, run: Run, metric: bool) -> None:
        self.run = run
        self.metric = metric


class PredictorCall:
    """One call of one predictor; becomes a `TraceCall` (src/data/trace.ts)."""

    def __init__(self, run: Run, name: str, state: PredictorState | None, path: list[str]) -> None:
        self.name = name
        self.state = state
        self.inputs: dict[str, Any] = {}
        self.lm: list[dict[str, Any]] = []
        self.start = run.seconds()
        self._path = path
        self._outputs: dict[str, Any] | None = None
        self._error: str | None = None
        self._seconds = 0.0

    def finish(self, run: Run, outputs: dict[str, Any] | None, error: str | None = None) -> None:
        self._outputs, self._error = outputs, error
        self._seconds = run.seconds() - self.start
        run.record(self)

    def as_trace(self) -> dict[str, Any]:
        return {
            'predictor': self.name,
            'inputs': self.inputs,
            'outputs': self._outputs,
            **({} if self._error is None else {'error': self._error}),
            'lm': self.lm,
            'path': self._path,
            'start': self.start,
            'seconds': self._seconds,
        }


current_phase: contextvars.ContextVar[Phase | None] = contextvars.ContextVar('bettertogether_phase', default=None)
current_call: contextvars.ContextVar[PredictorCall | None] = contextvars.ContextVar('bettertogether_call', default=None)


def carry_into_threads() -> None:
    """Threads that user code starts belong to the run that starts them, as they do in Python 3.14 without a GIL.

    `dspy.context` is a context variable as well, so it reaches them with the run.
    """
    start, submit = threading.Thread.start, concurrent.futures.ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_here(thread: threading.Thread) -> None:
        if current_phase.get() is not None:
            thread.run = functools.partial(contextvars.copy_context().run, thread.run)  # type: ignore[method-assign]
        start(thread)

    @functools.wraps(submit)
    def submit_here(pool: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if current_phase.get() is None:
            return submit(pool, fn, *args, **kwargs)
        return submit(pool, contextvars.copy_context().run, fn, *args, **kwargs)

    threading.Thread.start = start_here  # type: ignore[method-assign]
    concurrent.futures.ThreadPoolExecutor.submit = submit_here  # type: ignore[method-assign]
