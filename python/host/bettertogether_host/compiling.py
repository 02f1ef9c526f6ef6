"""Compiles the program with an optimizer of DSPy's, or of the user's own."""

from __future__ import annotations

import random
import sys
import traceback
from typing import Any

import dspy

from .compile_rows import CompileRows
from .compile_runs import CompileRun
from .compiled_program import CompiledProgram
from .context import Phase, current_phase
from .given_metric import given_metric
from .import_guard import ImportGuard
from .loading import LoadedProgram, kind_of
from .losses import losses
from .reading_back import state_of
from .reporting import Reporter, current_reporter
from .running import annotations_of
from .teleprompters import Taken, check
from .user_errors import CompileError, RunStopped, text_of, user_frame
from .watching import install, watch_metrics, watched_metric
from .wire import Wire

# DSPy's own (dspy/dsp/utils/settings.py): whoever configures another has said how many threads there are to be.
_DSPYS_THREADS = 8


class Compiler:
    """Of the process's program. Called in the main thread, as a script would be: optimizers may configure DSPy."""

    def __init__(
        self,
        loaded: LoadedProgram,
        workspace: str,
        metric_range: tuple[float, float],
        lm: Any,
        guard: ImportGuard,
        wire: Wire,
    ) -> None:
        """
        Args:
            lm: asks the model of the state, else the base model.
        """
        self._loaded = loaded
        self._workspace = workspace
        self._range = metric_range
        self._lm = lm
        self._guard = guard
        self._wire = wire
        self._annotations = annotations_of(loaded)

    def load(self, params: dict[str, Any]) -> dict[str, Any]:
        """`LoadedTeleprompter` of src/host/protocol.ts.

        Raises:
            LoadError: written for the user.
        """
        taken, made = self._made(params['optimizer'], CompileRows(self._annotations), 0)
        arguments = check(taken, made, self._loaded.program, params['arguments'])
        return {
            'name': type(made).__name__,
            'takesTrain': arguments.takes_train,
            'takesValidation': arguments.takes_validation,
            'sources': self._loaded.sources(),
        }

    def compile(self, run: CompileRun, params: dict[str, Any]) -> dict[str, Any]:
        """What `compileRequest` of src/host/protocol.ts answers with.

        Raises:
            LoadError: as `load` does.
            CompileError: when the optimizer fails, or gives no program.
            RunStopped: when it was cancelled or gets no more answers, whatever its code made of that.
        """
        loaded = self._loaded
        program = CompiledProgram(loaded.program, loaded.predictors, run.state, self._lm)
        run.compiles(program)
        rows = CompileRows(self._annotations)
        train, validation = rows.take(params['train']), rows.take(params['validation'])
        install(loaded.program)
        reporter = Reporter(self._report, run, program, rows, self._range, self._workspace)
        phase_token, reporter_token = current_phase.set(Phase(run, metric=False)), current_reporter.set(reporter)
        try:
            with dspy.context(lm=self._lm, disable_history=True, **_threads(params['threads'])):
                taken, made = self._made(params['optimizer'], rows, params['seed'])
                arguments = check(taken, made, loaded.program, [params['arguments']])
                given = arguments.of(params['arguments'], train, validation, params['seed'])
                compiled = self._compiled(made, program.student, given, taken, run)
        finally:
            current_phase.reset(phase_token)
            current_reporter.reset(reporter_token)
        if run.failure is not None:
            raise run.failure
        if run.stopped is not None:
            raise run.stopped
        return {
            'state': state_of(compiled, program, run.state.as_put),
            'lost': losses(compiled, program, type(made).__name__),
        }

    def _report(self, what: str, params: dict[str, Any]) -> None:
        self._wire.send({'method': f'teleprompter/{what}', 'params': params})

    def _made(self, spec: str, rows: CompileRows, seed: int) -> tuple[Taken, Any]:
        _seed(seed)
        self._guard.begin()
        try:
            taken = Taken(spec, self._loaded.loader, self._workspace)
        finally:
            self._guard.lift()
        metric = watched_metric(given_metric(self._loaded, rows, self._range, self._lm))
        self._guard.begin(makes_optimizer=True)
        try:
            with dspy.context(lm=self._lm):  # what optimizers take to be the task's model, where they are told of none
                return taken, taken.made({'metric': metric, 'seed': seed})
        finally:
            self._guard.lift()

    def _compiled(self, made: Any, student: Any, given: dict[str, Any], taken: Taken, run: CompileRun) -> Any:
        name = type(made).__name__
        watch_metrics(made)
        try:
            compiled = made.compile(student, **given)
        except BaseException as error:
            if run.stopped is not None or isinstance(error, RunStopped):
                raise run.failure or run.stopped or error from None
            place = user_frame(error, self._workspace) or (taken.path.file, None)
            stack = ''.join(traceback.format_exception(error))
            raise CompileError(f'{name}.compile failed: {text_of(error)}', *place, stack) from error
        if not isinstance(compiled, dspy.Module) and run.stopped is None:
            raise CompileError(f'{name}.compile returned {kind_of(compiled)}, which is no program.', taken.path.file)
        return compiled


def _seed(seed: int) -> None:
    """Optimizers that draw from the global generators draw the same in every process."""
    random.seed(seed)
    numpy = sys.modules.get('numpy')
    if numpy is None:
        try:
            import numpy
        except ImportError:
            return
    numpy.random.seed(seed % 2**32)


def _threads(threads: int) -> dict[str, Any]:
    return {'num_threads': threads} if dspy.settings.num_threads == _DSPYS_THREADS else {}
