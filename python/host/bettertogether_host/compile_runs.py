"""A compilation, and the runs of the program within it, as what surrounds user code (context.py)."""

from __future__ import annotations

from typing import Any

from .compiled_program import CompiledProgram
from .context import Run
from .user_errors import CompileError, RunStopped
from .wire import Answer


class CompileRun(Run):
    """A compilation: what its threads ask for belongs to it."""

    asker = 'The optimizer'

    # Why it was stopped, where that is the optimizer's doing.
    failure: CompileError | None = None

    def compiles(self, program: CompiledProgram) -> None:
        self.compiled = program
        self.settings_model = program.only_model()

    def fail(self, failure: CompileError) -> RunStopped:
        """Ends it, whatever code catches what is thrown."""
        self.failure = failure
        return self.refused(str(failure))

    def unserved(self, error: BaseException) -> BaseException:
        """No later call could fare better, and optimizers that catch it would search on without their proposer."""
        return self.fail(CompileError(str(error)))

    def record(self, call: Any) -> None:
        """Calls are told with the run of the program that they are part of."""

    def looked_up(self, retrieval: dict[str, Any]) -> None:
        """Likewise."""

    def refused(self, message: str) -> RunStopped:
        self.stop(message)
        return RunStopped(message)


class ProgramRun(Run):
    """One run of the program within a compilation: calls of predictors in it are its trace."""

    def __init__(self, compilation: CompileRun, key: int) -> None:
        """`key`: of the state that the program is in."""
        self.compilation = compilation
        super().__init__(compilation.number, compilation.state)
        self.compiled = compilation.compiled
        self.key = key
        self.told = False

    @property
    def stopped(self) -> BaseException | None:
        return self.compilation.stopped

    @stopped.setter
    def stopped(self, _: BaseException | None) -> None:
        """It is the compilation that stops."""

    def refused(self, message: str) -> RunStopped:
        return self.compilation.refused(message)

    def opened(self, answer: Answer) -> None:
        self.compilation.opened(answer)

    def closed(self, answer: Answer) -> None:
        self.compilation.closed(answer)
