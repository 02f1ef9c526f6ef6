"""Runs the program on one example and scores it. Whatever user code throws is an outcome."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from .context import Phase, Run, current_phase
from .exact import exact, exact_fields, read, revived, shown_fields
from .forks import leave
from .live import live_rows
from .lm_errors import CallRejected
from .loading import LoadedProgram, is_async, method_of, place_of
from .loops import SharedLoop, needs_one_loop
from .metric_arguments import Arguments
from .metrics import MetricFieldError
from .predictor_feedback import AboutPredictor
from .ratings import rating_of
from .tuning_rows import tuning_remedy
from .user_errors import ProgramInputsError, RunStopped, told, user_frame

# DSPy has one limiter for `asyncify` and `streamify` in all event loops, and what waits for it in one loop is not woken
# by another: rows that run at the same time would hang. With this many none waits.
_ASYNC_WORKERS = 10_000


class ExampleRunner:
    def __init__(
        self,
        loaded: LoadedProgram,
        workspace: str,
        metric_range: tuple[float, float],
        run_lm: Any,
        name_of: Callable[[Any], str | None],
    ) -> None:
        """`name_of`: the name of a predictor, as the description has it."""
        self._loaded = loaded
        self._workspace = workspace
        self._name_of = name_of
        self._range = metric_range
        self._lm = run_lm
        self._loop = SharedLoop() if needs_one_loop(loaded, workspace) else None
        self._annotations = annotations_of(loaded)
        self._asked_for = _asked_for(loaded)

    def run(self, run: Run, params: dict[str, Any]) -> dict[str, Any]:
        """A `ProgramOutcome` of src/data/trace.ts.

        Raises:
            RunStopped: when the run was cancelled or gets no more answers.
        """
        prediction: dict[str, Any] | None = None
        try:
            made, trace = self._predict(run, params)
            leave(None)
            prediction = prediction_fields(made)
            run.phase = 'metric'
            rating = self._measure(run, params, made, prediction, trace)
            leave(None)
        except RunStopped as error:
            leave(error)
            raise
        except BaseException as error:
            leave(error)
            return outcome_of(run, prediction, {'score': 0, 'error': self._failure(error, run.phase)})
        return outcome_of(run, prediction, rating)

    def _predict(self, run: Run, params: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The prediction, and the trace as DSPy keeps it: (predictor, inputs, prediction) of each call."""
        # Rows that code made hold what code put there; what a file holds is read as what the signature says it is.
        annotations = {} if params.get('made') else self._annotations
        inputs = revived(params['inputs'], annotations, live_rows.value)
        program = self._loaded.program
        self._known(inputs, params['fields'])
        with self._around(Phase(run, metric=False)) as trace:
            try:
                if is_async(program):
                    return self._awaited(run, lambda: program.acall(**inputs)), trace
                return program(**inputs), trace
            except TypeError as error:
                # Once the user's code runs, it took them.
                unfit = self._unfit(inputs, params['fields']) if user_frame(error, self._workspace) is None else None
                if unfit is None:
                    raise
                raise unfit from None

    def _known(self, inputs: dict[str, Any], row: dict[str, Any]) -> None:
        """
        Raises:
            ProgramInputsError: for a program of DSPy's own modules that know none of the inputs: they would ask
                without any.
        """
        wanted = self._asked_for
        if wanted and wanted.keys().isdisjoint(inputs):
            remedy = tuning_remedy(row, next(iter(wanted)))
            raise ProgramInputsError(
                f'The signature has the inputs {", ".join(wanted)}, and the rows give it {", ".join(inputs) or "none"} '
                '("inputs" in bettertogether.json, or with_inputs). '
                f'{remedy or "Name the fields of the rows like those of the signature."}',
                None,
            )

    def _unfit(self, inputs: dict[str, Any], row: dict[str, Any]) -> ProgramInputsError | None:
        """What is to be said of a program that does not take the inputs; `None` of one that does."""
        kind, method = type(self._loaded.program), method_of(self._loaded.program)
        assert method is not None
        try:
            signature = inspect.signature(method, follow_wrapped=False)
        except ValueError:  # no signature to be had
            return None
        try:
            signature.bind(self._loaded.program, **inputs)
        except TypeError as unfit:
            return ProgramInputsError(
                f'{kind.__name__}.{method.__name__} does not take the inputs of the rows ({unfit}). The inputs are: '
                f'{", ".join(inputs) or "none"} ("inputs" in bettertogether.json, or with_inputs). '
                f'{_remedy(signature, inputs, row)}',
                place_of(method, self._workspace),
            )
        return None

    def _measure(
        self, run: Run, params: dict[str, Any], made: Any, prediction: dict[str, Any], trace: list[Any]
    ) -> dict[str, Any]:
        if self._loaded.built_in is not None:
            value = self._loaded.built_in(shown_fields(params['fields']), shown_fields(prediction))
            return rating_of(value, self._range, self._loaded.metric_spec, params['example'])
        arguments = self._loaded.metric_arguments
        assert arguments is not None

        def ask(call: Callable[..., Arguments], *more: Any) -> dict[str, Any]:
            return self._asked(run, params, call(self._example(params), made, *more))

        rating = ask(arguments.plain, trace if params['collecting'] else None)
        predictor = params.get('feedbackFor')
        if predictor is None or not arguments.takes_predictor:
            return rating
        asked = AboutPredictor(
            predictor,
            [call for call in run.trace() if call['predictor'] == predictor],
            [each for each in trace if self._name_of(each[0]) == predictor],
        )
        return asked.rated(rating, lambda calls: ask(arguments.about, list(trace), predictor, calls), self._failure)

    def _example(self, params: dict[str, Any]) -> Any:
        fields = {name: read(value, live_rows.value) for name, value in params['fields'].items()}
        return live_rows.example(params['fields'], fields, params['inputs'])

    def _asked(self, run: Run, params: dict[str, Any], arguments: Arguments) -> dict[str, Any]:
        """What the metric says: `rating_of`."""
        metric = self._loaded.metric
        assert metric is not None
        with self._around(Phase(run, metric=True)):
            value = metric(*arguments.positional, **arguments.named)
            if inspect.isawaitable(value):
                value = self._awaited(run, lambda: value)
        return rating_of(value, self._range, self._loaded.metric_spec, params['example'])

    def _failure(self, error: BaseException, phase: str) -> dict[str, Any]:
        """A `UserCodeError` of src/data/trace.ts."""
        return told(error, kind_of_error(error, phase), self._workspace)

    def _awaited(self, run: Run, make: Callable[[], Any]) -> Any:
        async def body() -> Any:
            try:
                made = await make()
            except BaseException as error:
                leave(error)
                raise
            leave(None)  # before a copy of the loop takes what is sent to the one that it was copied from
            return made

        return asyncio.run(body()) if self._loop is None else self._loop.run(run, body)

    def _around(self, phase: Phase) -> Around:
        return Around(phase, self._lm)


def outcome_of(run: Run, prediction: dict[str, Any] | None, rating: dict[str, Any]) -> dict[str, Any]:
    """A `ProgramOutcome` of src/data/trace.ts. `rating`: the score, with what was said of it, or why there is none."""
    retrievals = run.retrievals()
    return {
        'prediction': prediction,
        **rating,
        'trace': run.trace(),
        **({'retrievals': retrievals} if retrievals else {}),
        'seconds': run.seconds(),
    }


class Around:
    """What user code runs in: its run, an LM that asks the run process, and a trace of its own."""

    def __init__(self, phase: Phase, lm: Any) -> None:
        self._phase = phase
        self._trace: list[Any] = []
        workers = max(dspy.settings.async_max_workers, _ASYNC_WORKERS)
        self._settings = dspy.context(lm=lm, trace=self._trace, disable_history=True, async_max_workers=workers)

    def __enter__(self) -> list[Any]:
        self._token = current_phase.set(self._phase)
        self._settings.__enter__()
        return self._trace

    def __exit__(self, *error: Any) -> None:
        self._settings.__exit__(None, None, None)
        current_phase.reset(self._token)


def kind_of_error(error: BaseException, phase: str) -> str:
    if isinstance(error, CallRejected):
        return 'rejected'
    if not isinstance(error, Exception):  # SystemExit, KeyboardInterrupt
        return 'crash'
    if phase == 'program' and isinstance(error, AdapterParseError):
        return 'parse'
    return 'metric' if isinstance(error, MetricFieldError) else phase


def prediction_fields(made: Any) -> dict[str, Any]:
    """What DSPy's Evaluate would put into its table: the prediction's fields, anything else under `prediction`."""
    if isinstance(made, dspy.Example):  # a Prediction is one
        return exact_fields({name: made[name] for name in made.keys()}, live_rows.tag)  # noqa: SIM118
    if isinstance(made, dict):
        return exact_fields(made, live_rows.tag)
    return {'prediction': exact(made, live_rows.tag)}


def _asked_for(loaded: LoadedProgram) -> dict[str, None]:
    """
    What the outermost signature of a program asks with, where nothing but DSPy's own modules is between it and the
    inputs: an author's within `BestOfN` or an `Ensemble` may name the inputs anew. What `ReAct` adds for its own
    predictors (`trajectory`) is nothing that rows have.
    """
    if not all(_is_of_dspy(module) for _, module in loaded.program.named_sub_modules()):
        return {}
    return dict.fromkeys(next(iter(_inputs_of(loaded)), {}))


def _is_of_dspy(module: Any) -> bool:
    """An author's own may mean something else by `signature`."""
    return type(module).__module__.startswith('dspy.')


def _inputs_of(loaded: LoadedProgram) -> list[Mapping[str, Any]]:
    """
    Input fields by name: what each module is called with, from the program inwards, then what its predictors ask.

    They differ where a module of DSPy's asks its predictors in other words than it is asked, as `RLM` and `ReActV2` do.
    """
    modules = [module for _, module in loaded.program.named_sub_modules() if _is_of_dspy(module)]
    asking = [*modules, *(each.predictor for each in loaded.predictors)]
    signatures = [getattr(each, 'signature', None) for each in asking]
    return [each.input_fields for each in signatures if isinstance(each, type) and issubclass(each, dspy.Signature)]


def _remedy(signature: inspect.Signature, inputs: dict[str, Any], row: dict[str, Any]) -> str:
    only_by_place = [each.name for each in signature.parameters.values() if each.kind is each.POSITIONAL_ONLY][1:]
    if only_by_place:
        return f'They are given by name: remove the `/` behind {only_by_place[-1]}.'
    needed = [
        each.name
        for each in list(signature.parameters.values())[1:]
        if each.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    ]
    taken = [name for name in needed if name in inputs]
    missing = [name for name in needed if name not in inputs]
    if not taken or any(signature.parameters[name].default is inspect.Parameter.empty for name in missing):
        return (tuning_remedy(row, missing[0]) if missing else None) or 'Name its parameters like them.'
    named = ', '.join(f'"{name}"' for name in taken)  # rows without marked inputs are called with all of their fields
    return f'Say which fields it is called with: "inputs": [{named}].'


def annotations_of(loaded: LoadedProgram) -> dict[str, Any]:
    """What the program's inputs are, by name: as `forward` says, or the first signature that has such an input."""
    found: dict[str, Any] = {}
    for fields in reversed(_inputs_of(loaded)):
        found.update({name: field.annotation for name, field in fields.items()})
    try:
        hints = typing.get_type_hints(method_of(loaded.program))
    except Exception:
        hints = {}
    return {**found, **hints}
