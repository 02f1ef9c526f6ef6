"""The copy of the program that an optimizer gets, in the state that its step begins with."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import dspy

from .hooks import Predictors
from .plain import plain
from .samples import Samples
from .signatures import NamedPredictor, named_predictors
from .states import PredictorState, ProgramState


class Begun:
    """What the student was before it was compiled: an optimizer may change it in place."""

    def __init__(self, student: Any, predictors: list[NamedPredictor]) -> None:
        self.kind = type(student)
        self.attributes = set(vars(student))
        self.predictors = {each.name: BegunPredictor(each.predictor) for each in predictors}
        self.others = other_parameters(student)


class BegunPredictor:
    def __init__(self, predictor: Any) -> None:
        self.signature = predictor.signature
        self.demos = list(predictor.demos)
        self.config = dict(predictor.config)
        self.lm = predictor.lm
        self.lm_settings = settings_of(predictor.lm)
        self.more = more_state(predictor)


def settings_of(lm: Any) -> dict[str, Any]:
    """Those that are set."""
    return {name: value for name, value in (getattr(lm, 'kwargs', None) or {}).items() if value is not None}


def more_state(predictor: Any) -> Any:
    """What DSPy would save of it besides its prompt and its LM, as plain data."""
    bare = copy.copy(predictor)
    bare.lm, bare.demos, bare.traces, bare.train = None, [], [], []
    try:
        said = bare.dump_state()
    except Exception:  # a predictor of the user's own that cannot be saved
        return {}
    return plain({name: value for name, value in said.items() if name not in _PROMPT}) if isinstance(said, dict) else {}


def other_parameters(program: Any) -> dict[str, Any]:
    """Parameters that are no predictors (`dspy.Retrieve`), as plain data, by their names."""
    others = {}
    for name, parameter in program.named_parameters():
        if not isinstance(parameter, dspy.Predict):
            with contextlib.suppress(Exception):
                others[name] = plain(parameter.dump_state())
    return others


# What a state holds, and what it is compared by.
_PROMPT = ('signature', 'demos', 'lm', 'traces', 'train')


class CompiledProgram:
    """`Compiled` (context.py). Unlike in a run on a row, the state is set on predictors: optimizers change it there."""

    def __init__(self, program: Any, predictors: list[NamedPredictor], state: ProgramState, lm: Any) -> None:
        """
        Args:
            predictors: those of the loaded program.
            lm: asks the state's models. It stands for the LMs that predictors have from their author, too: which of
                them a call goes to is seen when it is made (hooks.py).
        """
        self.lm = lm
        self._start = state
        self._samples = Samples()
        self._frozen = {each.name for each in predictors if each.frozen}
        self._lms = {each.name: each.predictor.lm for each in predictors}
        self.student = program.deepcopy()
        self.student._compiled = False  # an optimizer's own result, loaded: BootstrapFewShot refuses it as a student
        self.predictors = named_predictors(self.student)
        # Where some have an LM and some have none, none is in the way of `program.get_lm()` (SIMBA): calls find theirs.
        stands = lm if all(each.predictor.lm is not None for each in self.predictors) else None
        for each in self.predictors:
            _set(each, state.predictors[each.name], stands)
        self._names = Predictors(self.predictors)
        self.begun = Begun(self.student, self.predictors)

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


def _set(each: NamedPredictor, state: PredictorState, lm: Any) -> None:
    predictor = each.predictor
    # By this DSPy's copies are known. It comes from `random` (dspy/predict/predict.py), which is seeded from here on.
    predictor.stage = f'bettertogether {each.name}'
    own = predictor.signature
    predictor.signature, predictor.demos, predictor.lm = state.signature(own), list(state.demos(own)), lm
