"""The copy of the program that an optimizer gets, in the state that its step begins with."""

from __future__ import annotations

from typing import Any

from .context import Run
from .engines import target_of
from .hooks import Predictors
from .lms import Lms
from .samples import Samples
from .signatures import NamedPredictor, named_predictors
from .states import PredictorState, ProgramState
from .user_errors import RunStopped


class CompiledProgram:
    """`Compiled` (context.py). Unlike in a run on a row, the state is set on predictors: optimizers change it there."""

    def __init__(self, program: Any, predictors: list[NamedPredictor], state: ProgramState, lms: Lms, lm: Any) -> None:
        """
        Args:
            predictors: those of the loaded program.
            lm: asks the state's models. It stands for the program's main LM also where predictors have that themselves.
        """
        self.lm = lm
        self._start = state
        self._samples = Samples()
        self._frozen = {each.name for each in predictors if each.frozen}
        self._lms = {each.name: each.predictor.lm for each in predictors}
        self.student = program.deepcopy()
        self.student._compiled = False  # an optimizer's own result, loaded: BootstrapFewShot refuses it as a student
        self.predictors = named_predictors(self.student)
        for each in self.predictors:
            _set(each, state.predictors[each.name], lms, lm)
        self._names = Predictors(self.predictors)

    def name_of(self, predictor: Any) -> str | None:
        return self._names.name_of(predictor)

    def state_of(self, name: str) -> PredictorState:
        return self._start.predictors[name]

    def is_frozen(self, name: str) -> bool:
        return name in self._frozen

    def lm_of(self, name: str) -> Any:
        return self._lms[name]

    def sample_of(self, call: dict[str, Any]) -> dict[str, Any]:
        return self._samples.next(call)

    def only_model(self) -> str | None:
        """The model of all predictors, where they share one."""
        models = {each.model for each in self._start.predictors.values()}
        return models.pop() if len(models) == 1 else None


def _set(each: NamedPredictor, state: PredictorState, lms: Lms, lm: Any) -> None:
    predictor = each.predictor
    # By this DSPy's copies are known. It comes from `random` (dspy/predict/predict.py), which is seeded from here on.
    predictor.stage = f'bettertogether {each.name}'
    own = predictor.signature
    predictor.signature, predictor.demos = state.signature(own), list(state.demos(own))
    if predictor.lm is not None and target_of(predictor.lm) is None and lms.is_main(predictor.lm):
        predictor.lm = lm


class CompileRun(Run):
    """A compilation: what its threads ask for belongs to it."""

    def compiles(self, program: CompiledProgram) -> None:
        self.compiled = program
        self.settings_model = program.only_model()

    def record(self, call: Any) -> None:
        """Calls are told with the run of the program that they are part of."""

    def looked_up(self, retrieval: dict[str, Any]) -> None:
        """Likewise."""

    def refused(self, message: str) -> RunStopped:
        self.stop(message)
        return RunStopped(message)
