"""What a compilation tells while it works: evaluations, and runs of the program with their scores.

A run is told once the metric has scored its prediction, or when it fails. Whatever cannot be told for certain is not:
programs that are no copies of ours, rows that are not the run's, predictions that no metric sees.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from .compile_rows import CompileRows
from .compile_runs import CompileRun, ProgramRun
from .compiled_program import CompiledProgram
from .ratings import rating_of
from .reading_back import matching, state_of
from .running import kind_of_error, outcome_of, prediction_fields
from .user_errors import MetricValueError, told

Send = Callable[[str, dict[str, Any]], None]

# Predictions that wait for their score, and programs whose state is known: of each no more than these are held.
_WAITING_AT_MOST = 1000
_KNOWN_AT_MOST = 1024


class Evaluation:
    """One call of `dspy.Evaluate`."""

    def __init__(self, number: int, of: int) -> None:
        self.number = number
        self.of = of
        self._scored = 0
        self._failed = 0
        self._guard = threading.Lock()

    def scored(self) -> None:
        with self._guard:
            self._scored += 1

    def failed(self) -> None:
        with self._guard:
            self._failed += 1

    def finished(self, scores: list[float] | None) -> dict[str, Any]:
        """`EvaluationFinished` (src/host/protocol.ts). `scores`: of all rows; `None`: it did not come to its end."""
        # A row that takes long is tried twice (dspy/utils/parallelizer.py).
        scored = min(self._scored, self.of)
        failed = self.of - scored if scores is not None else min(self._failed, self.of - scored)
        mean = None if not scores else sum(scores) / len(scores)
        finite = mean is not None and math.isfinite(mean)
        return {
            'evaluation': self.number,
            'mean': mean if finite else None,
            'scored': scored + failed,
            'failed': failed,
        }


_evaluation: contextvars.ContextVar[Evaluation | None] = contextvars.ContextVar(
    'bettertogether_evaluation', default=None
)


class Reporter:
    def __init__(
        self,
        send: Send,
        run: CompileRun,
        program: CompiledProgram,
        rows: CompileRows,
        metric_range: tuple[float, float],
        workspace: str,
    ) -> None:
        self._send = send
        self._run = run
        self._program = program
        self._rows = rows
        self._range = metric_range
        self._workspace = workspace
        self._states = _States(send, program, run.state.as_put)
        self._waiting: OrderedDict[int, tuple[Any, ProgramRun]] = OrderedDict()
        self._guard = threading.Lock()
        self._evaluations = 0

    def begun(self, program: Any) -> ProgramRun | None:
        """A run of the program, or of a copy of it; `None` for any other module."""
        key = self._states.key(program)
        return None if key is None else ProgramRun(self._run, key)

    def returned(self, run: ProgramRun, made: Any) -> None:
        """Its prediction waits for its score. Traced, it comes in a pair with the trace (bootstrap_trace.py)."""
        values = [made, made[0]] if _is_traced(made) else [made]
        with self._guard:
            for value in values:
                self._waiting[id(value)] = (value, run)
            while len(self._waiting) > _WAITING_AT_MOST:
                self._waiting.popitem(last=False)

    def failed(self, run: ProgramRun, inputs: dict[str, Any], error: BaseException) -> None:
        evaluation = _evaluation.get()
        if evaluation is not None:
            evaluation.failed()
        with contextlib.suppress(Exception):
            row = self._rows.of_inputs(inputs)
            if row is not None:
                said = told(error, kind_of_error(error, 'program'), self._workspace)
                self._tell(run, row.number, None, {'score': 0, 'error': said})

    def scored(self, example: Any, prediction: Any, value: Any) -> None:
        """The metric gave `value`."""
        run, row = self._awaited(prediction), self._rows.of(example)
        if run is None or row is None:
            return
        evaluation = _evaluation.get()
        if evaluation is not None and not _is_traced(prediction):
            evaluation.scored()
        with contextlib.suppress(Exception):
            if not _is_traced(prediction):
                rating = _rating(value, self._range, row.number)
                if rating is not None:
                    self._tell(run, row.number, prediction, rating)
            elif type(prediction[0]).__name__ == 'FailedPrediction':
                calls = run.trace()
                message = next((call['error'] for call in reversed(calls) if 'error' in call), 'An answer did not fit.')
                self._tell(run, row.number, None, {'score': 0, 'error': {'kind': 'parse', 'message': message}})

    def metric_failed(self, example: Any, prediction: Any, error: BaseException) -> None:
        run, row = self._awaited(prediction), self._rows.of(example)
        if run is None or row is None or _is_traced(prediction):
            return
        evaluation = _evaluation.get()
        if evaluation is not None:
            evaluation.failed()
        with contextlib.suppress(Exception):
            said = told(error, kind_of_error(error, 'metric'), self._workspace)
            self._tell(run, row.number, prediction, {'score': 0, 'error': said})

    @contextlib.contextmanager
    def evaluation(self, program: Any, rows: Any) -> Iterator[Callable[[list[float]], None]]:
        """Around an evaluation. Yields what takes the scores of all rows at its end."""
        key = self._states.key(program) if any(self._rows.of(each) is not None for each in rows or []) else None
        if key is None:
            yield _nothing
            return
        with self._guard:
            evaluation = Evaluation(self._evaluations, len(rows))
            self._evaluations += 1
        self._send('evaluationStarted', {'evaluation': evaluation.number, 'state': key, 'of': evaluation.of})
        scores: list[list[float]] = []
        token = _evaluation.set(evaluation)
        try:
            yield scores.append
        finally:
            _evaluation.reset(token)
            self._send('evaluationFinished', evaluation.finished(scores[0] if scores else None))

    def _awaited(self, prediction: Any) -> ProgramRun | None:
        """The run that a prediction is of. It is told once: metrics are asked again for feedback."""
        with self._guard:
            value, run = self._waiting.get(id(prediction), (None, None))
            if run is None or value is not prediction or run.told:
                return None
            del self._waiting[id(prediction)]
        return run

    def _tell(self, run: ProgramRun, row: int, made: Any, rating: dict[str, Any]) -> None:
        evaluation = _evaluation.get()
        outcome = outcome_of(run, None if made is None else prediction_fields(made), rating)
        run.told = run.over = True
        number = None if evaluation is None else evaluation.number
        self._send('ran', {'evaluation': number, 'row': row, 'state': run.key, 'outcome': outcome})


# Of the compilation that code runs in.
current_reporter: contextvars.ContextVar[Reporter | None] = contextvars.ContextVar(
    'bettertogether_reporter', default=None
)


class _States:
    """The states that programs are in, by the numbers they were sent under."""

    def __init__(self, send: Send, program: CompiledProgram, start: dict[str, Any]) -> None:
        self._send = send
        self._program = program
        self._start = start
        self._kind = type(program.student)
        self._keys: dict[str, int] = {}
        # By identity, together with what has it: most programs come again as they were.
        self._known: dict[Any, tuple[int, Any]] = {}
        self._guard = threading.Lock()

    def key(self, program: Any) -> int | None:
        """The number of a program's state, which is sent with it the first time; `None` of what is no copy of ours."""
        if not isinstance(program, self._kind):
            return None
        found = matching(program, self._program)
        if found.keys() != self._start['predictors'].keys():
            return None
        held = [(name, each.predictor.signature, list(each.predictor.demos or [])) for name, each in found.items()]
        same = tuple((name, id(signature), *map(id, demos)) for name, signature, demos in held)
        with self._guard:
            known = self._known.get(same)
            if known is not None:
                return known[0]
            try:
                state = state_of(program, self._program, self._start)
                content = json.dumps(state, sort_keys=True)
            except Exception:  # a demo of a shape of the user's own
                return None
            key = self._keys.get(content)
            if key is None:
                key = self._keys[content] = len(self._keys)
                self._send('state', {'key': key, 'state': state})
            if len(self._known) >= _KNOWN_AT_MOST:
                self._known = {}
            self._known[same] = (key, held)
            return key


def _nothing(_: list[float]) -> None:
    """For an evaluation that is not told of."""


def _is_traced(made: Any) -> bool:
    return type(made) is tuple and len(made) == 2 and isinstance(made[1], list)


def _rating(value: Any, allowed: tuple[float, float], row: int) -> dict[str, Any] | None:
    """`rating_of`; of a metric of the optimizer's own also beyond the range of bettertogether.json's."""
    if value is None:
        return None
    try:
        return rating_of(value, allowed, '', row)
    except MetricValueError:
        try:
            rating = rating_of(float(value) if isinstance(value, bool) else value, (-math.inf, math.inf), '', row)
        except MetricValueError:
            return None
        return rating if math.isfinite(rating['score']) else None
