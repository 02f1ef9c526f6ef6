"""What the program's code reads of a predictor while it runs: instructions and demos of the run's state.

Programs hand them to clients and services of their own, and count what they are long. On the predictor itself are those
of its author, which no step changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy

from .context import Phase, current_phase
from .states import PredictorState


def own_signature(predictor: Any) -> Any:
    """As it is on the predictor."""
    return vars(predictor)['signature']


def own_demos(predictor: Any) -> list[Any]:
    return vars(predictor).get('demos') or []


def install(as_loaded: Callable[[Any], Any]) -> None:
    """Patches DSPy, once a process.

    Args:
        as_loaded: what a predictor of the program was when it was loaded; `None`: it is no such predictor.
    """
    dspy.Predict.signature = _Signature('signature', as_loaded)
    dspy.Predict.demos = _Demos('demos', as_loaded)


class _Shown:
    """A data descriptor: it goes before what the predictor has under the name, and keeps that there."""

    def __init__(self, name: str, as_loaded: Callable[[Any], Any]) -> None:
        self._name = name
        self._as_loaded = as_loaded

    def __get__(self, predictor: Any, owner: Any = None) -> Any:
        if predictor is None:
            return self
        try:
            own = vars(predictor)[self._name]
        except KeyError:
            raise AttributeError(f'{type(predictor).__name__!r} object has no attribute {self._name!r}') from None
        phase = current_phase.get()
        loaded = self._as_loaded(predictor) if _is_shown(phase) else None
        return own if loaded is None or phase is None else self._shown(predictor, own, loaded, phase)

    def __set__(self, predictor: Any, value: Any) -> None:
        phase = current_phase.get()
        loaded = self._as_loaded(predictor) if _is_shown(phase) else None
        own = value if loaded is None or phase is None else self._kept(value, loaded, phase)
        vars(predictor)[self._name] = own

    def __delete__(self, predictor: Any) -> None:
        vars(predictor).pop(self._name, None)

    def _shown(self, predictor: Any, own: Any, loaded: Any, phase: Phase) -> Any:
        raise NotImplementedError

    def _kept(self, value: Any, loaded: Any, phase: Phase) -> Any:
        return value


class _Signature(_Shown):
    def _shown(self, predictor: Any, own: Any, loaded: Any, phase: Phase) -> Any:
        if not loaded.has_instructions(predictor):
            return own
        signature = _state(loaded, phase).signature(own)
        if signature is not own:
            phase.run.signatures_read.add(loaded.name)
        return signature

    def _kept(self, value: Any, loaded: Any, phase: Phase) -> Any:
        """What is made of the state's instructions is kept as made of the author's: other states are run on it too."""
        shown = _state(loaded, phase).instructions
        if shown.strip() == '' or loaded.name not in phase.run.signatures_read:
            return value
        instructions = getattr(value, 'instructions', None)
        if not isinstance(instructions, str) or instructions == loaded.instructions or shown not in instructions:
            return value
        return value.with_instructions(instructions.replace(shown, loaded.instructions))


class _Demos(_Shown):
    def _shown(self, predictor: Any, own: Any, loaded: Any, phase: Phase) -> Any:
        state = _state(loaded, phase)
        if not loaded.has_demos(predictor) or (state.has_no_demos and not own):
            return own
        read = phase.run.demos_read
        if loaded.name not in read:
            read[loaded.name] = state.demos(own_signature(predictor))
        return read[loaded.name]


def _is_shown(phase: Phase | None) -> bool:
    return phase is not None and not phase.metric and phase.run.compiled is None


def _state(loaded: Any, phase: Phase) -> PredictorState:
    return phase.run.state.predictors[loaded.name]
