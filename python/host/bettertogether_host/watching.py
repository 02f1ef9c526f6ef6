"""Where a compilation is watched: modules that are called, `dspy.Evaluate`, metrics, and what would train a model.

DSPy's callbacks will not do: they say nothing of the rows of an evaluation, and an optimizer may set its own.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import dspy

from .compile_runs import CompileRun, ProgramRun
from .context import Phase, current_phase
from .gepa_logs import beginning_anew
from .ratings import score_of
from .reporting import Reporter, current_reporter
from .user_errors import CompileError, RunStopped

_ANY = (float('-inf'), float('inf'))

# Where DSPy's optimizers keep their metric: all of them, and GEPA.
_METRICS = ('metric', 'metric_fn')

_installed = False


def install(program: Any) -> None:
    """Patches DSPy, and the program's class where that has a way of its own to be called. Once a process."""
    global _installed
    if _installed:
        return
    _installed = True
    for kind in _called_by(type(program)):
        kind.__call__ = _watched_call(kind.__call__)
    dspy.Module.acall = _watched_acall(dspy.Module.acall)
    dspy.Evaluate.__call__ = _watched_evaluate(dspy.Evaluate.__call__)
    if hasattr(dspy, 'GEPA'):
        dspy.GEPA.compile = beginning_anew(dspy.GEPA.compile)
    for name in ('finetune', 'launch', 'reinforce'):
        if hasattr(dspy.LM, name):
            setattr(dspy.LM, name, _refused(name, getattr(dspy.LM, name)))


def watch_metrics(teleprompter: Any) -> None:
    """Those of its own included: their LM calls are a metric's, and what they give is told."""
    for name in _METRICS:
        metric = getattr(teleprompter, name, None)
        if callable(metric):
            with contextlib.suppress(Exception):  # an optimizer of the user's that will not have it set
                setattr(teleprompter, name, watched_metric(metric))


def watched_metric(metric: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(metric, '_bettertogether_watched'):
        return metric

    @functools.wraps(metric)
    def call(*args: Any, **kwargs: Any) -> Any:
        phase, reporter = current_phase.get(), current_reporter.get()
        if phase is None or reporter is None:
            return metric(*args, **kwargs)
        of = args[:2] if len(args) > 1 else None
        # Also where it is called by another one (bootstrap_trace.py): the inner one has the prediction.
        token = current_phase.set(phase if phase.metric else Phase(phase.run, metric=True))
        try:
            value = metric(*args, **kwargs)
        except RunStopped:
            raise
        except BaseException as error:
            if of is not None:
                reporter.metric_failed(*of, error)
            raise
        finally:
            current_phase.reset(token)
        if of is not None:
            reporter.scored(*of, value)
        return value

    if not inspect.isfunction(metric):  # in DSPy's tables a metric has its own name, or its class's
        call.__name__ = type(metric).__name__
    call._bettertogether_watched = True  # type: ignore[attr-defined]
    return call


def _called_by(kind: type) -> list[type]:
    """Classes whose `__call__` a program of the class may come in by: DSPy's, and the user's."""
    own = [each for each in kind.__mro__ if '__call__' in vars(each) and not each.__module__.startswith('dspy.')]
    return [dspy.Module, *(each for each in own if each is not object)]


def _watched_call(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def call_here(module: Any, /, *args: Any, **kwargs: Any) -> Any:
        with _run_of(module, kwargs) as keep:
            return keep(call(module, *args, **kwargs))

    return call_here


def _watched_acall(acall: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(acall)
    async def acall_here(module: Any, /, *args: Any, **kwargs: Any) -> Any:
        with _run_of(module, kwargs) as keep:
            return keep(await acall(module, *args, **kwargs))

    return acall_here


@contextlib.contextmanager
def _run_of(module: Any, inputs: dict[str, Any]) -> Iterator[Callable[[Any], Any]]:
    """Around a call of a module: a run, where that is the program. Yields what takes a prediction and gives it back."""
    phase, reporter = current_phase.get(), current_reporter.get()
    outside = phase is None or reporter is None or phase.metric or isinstance(phase.run, ProgramRun)
    run = None if outside or reporter is None else reporter.begun(module)
    if run is None or reporter is None:
        yield _same
        return
    given = dict(inputs)
    token = current_phase.set(Phase(run, metric=False))
    try:
        yield functools.partial(_returned, reporter, run)
    except RunStopped:
        raise
    except BaseException as error:
        reporter.failed(run, given, error)
        raise
    finally:
        current_phase.reset(token)


def _returned(reporter: Reporter, run: ProgramRun, made: Any) -> Any:
    reporter.returned(run, made)
    return made


def _same(made: Any) -> Any:
    return made


def _watched_evaluate(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(evaluate)

    @functools.wraps(evaluate)
    def evaluate_here(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        phase, reporter = current_phase.get(), current_reporter.get()
        if phase is None or reporter is None or phase.metric:
            return evaluate(self, *args, **kwargs)
        try:
            given = dict(list(signature.bind(self, *args, **kwargs).arguments.items())[1:])
        except TypeError:  # Evaluate says itself what is wrong
            return evaluate(self, *args, **kwargs)
        metric, rows = given.get('metric') or self.metric, given.get('devset') or self.devset
        if callable(metric):
            given['metric'] = watched_metric(metric)
        with reporter.evaluation(given['program'], rows) as scored:
            result = evaluate(self, **given)
            scored(_scores(result))
        return result

    return evaluate_here


def _scores(result: Any) -> list[float]:
    try:
        given = [score for *_, score in result.results]
        return [float(each) if isinstance(each, bool) else score_of(each, _ANY, '', 0) for each in given]
    except Exception:  # a metric of the user's own whose values are no numbers
        return []


def _refused(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """What trains a model or serves one, in an optimizer of the user's."""

    @functools.wraps(original)
    def refuse(lm: Any, /, *args: Any, **kwargs: Any) -> Any:
        phase = current_phase.get()
        run = None if phase is None else phase.run
        if isinstance(run, ProgramRun):
            run = run.compilation
        if not isinstance(run, CompileRun):
            return original(lm, *args, **kwargs)
        raise run.fail(
            CompileError(
                f'The optimizer calls lm.{name}(). Models are trained and served by a step "w" of bettertogether.json, '
                'with a price, a cap and a resume: put one into the strategy, in front of this step or behind it.'
            )
        )

    return refuse
