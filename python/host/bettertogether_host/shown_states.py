"""What the program's code reads of a predictor while it runs: instructions and demos of the run's state.

Programs hand them to clients and services of their own, and count what they are long. What they make of them and set is
the run's (`InHand`): other runs, of other states, have the same predictor.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any

import dspy

from .context import Phase, current_call, current_phase
from .signatures import describe_demos
from .states import PredictorState


def own_signature(predictor: Any) -> Any:
    """As it is on the predictor."""
    return _own(predictor, 'signature')


def own_demos(predictor: Any) -> list[Any]:
    return _own(predictor, 'demos') or []


def signature_in_use(predictor: Any) -> Any:
    """What the run's code set, or the predictor's own; it counts as read by nobody."""
    phase = current_phase.get()
    held = phase.run.in_hand.of(predictor) if phase is not None and _is_shown(phase) else {}
    return held['signature'] if 'signature' in held else own_signature(predictor)


def same_demos(some: list[Any], others: list[Any]) -> bool:
    """By value: a copy of a predictor (`BestOfN`) has copies of them."""
    return len(some) == len(others) and all(map(_same_demo, some, others))


def install(as_loaded: Callable[[Any], Any]) -> None:
    """Patches DSPy, once a process.

    Args:
        as_loaded: what a predictor of the program was when it was loaded; `None`: it is no such predictor.
    """
    dspy.Predict.signature = _Signature('signature', as_loaded)
    dspy.Predict.demos = _Demos('demos', as_loaded)
    _patch_copies()
    _patch_loading()


class _Shown:
    """A data descriptor: it goes before what the predictor has under the name, and keeps that there."""

    def __init__(self, name: str, as_loaded: Callable[[Any], Any]) -> None:
        self._name = name
        self._as_loaded = as_loaded

    def __get__(self, predictor: Any, owner: Any = None) -> Any:
        if predictor is None:
            return self
        phase, loaded = self._shown_in(predictor)
        held = {} if phase is None else phase.run.in_hand.of(predictor)
        if self._name in held:
            return held[self._name]
        try:
            own = vars(predictor)[self._name]
        except KeyError:
            raise AttributeError(f'{type(predictor).__name__!r} object has no attribute {self._name!r}') from None
        if phase is None or _is_dspys() or not self._is_as_loaded(predictor, loaded):
            return own
        return phase.run.in_hand.read(predictor, self._name, self._of_state(own, predictor, _state(loaded, phase)))

    def __set__(self, predictor: Any, value: Any) -> None:
        phase, loaded = self._shown_in(predictor)
        if phase is None or self._name not in vars(predictor):  # a copy is being made
            vars(predictor)[self._name] = value
        else:
            self._set(predictor, value, loaded, phase)

    def __delete__(self, predictor: Any) -> None:
        phase, _ = self._shown_in(predictor)
        if phase is not None:
            phase.run.in_hand.drop(predictor, self._name)
        vars(predictor).pop(self._name, None)

    def _shown_in(self, predictor: Any) -> tuple[Phase | None, Any]:
        phase = current_phase.get()
        loaded = self._as_loaded(predictor) if phase is not None and _is_shown(phase) else None
        return (None if loaded is None else phase), loaded

    def _set(self, predictor: Any, value: Any, loaded: Any, phase: Phase) -> None:
        """
        It holds for this run. On the predictor, for later ones, is what the author's code would have set there in any
        state: nothing that may be made of what it read of this one.
        """
        if phase.run.in_hand.was_read(self._name):
            phase.run.in_hand.set(predictor, self._name, value)
            self._keep_read(predictor, value, loaded, phase)
            return
        vars(predictor)[self._name] = value
        if self._is_as_loaded(predictor, loaded):
            phase.run.in_hand.drop(predictor, self._name)
        else:
            phase.run.in_hand.set(predictor, self._name, value)

    def _is_as_loaded(self, predictor: Any, loaded: Any) -> bool:
        raise NotImplementedError

    def _of_state(self, own: Any, predictor: Any, state: PredictorState) -> Any:
        raise NotImplementedError

    def _keep_read(self, predictor: Any, value: Any, loaded: Any, phase: Phase) -> None:
        """What of a value that may be made of the state's is to be on the predictor."""


class _Signature(_Shown):
    def _is_as_loaded(self, predictor: Any, loaded: Any) -> bool:
        return bool(loaded.has_instructions(predictor))

    def _of_state(self, own: Any, predictor: Any, state: PredictorState) -> Any:
        return state.signature_anew(own)

    def _keep_read(self, predictor: Any, value: Any, loaded: Any, phase: Phase) -> None:
        """Fields that are added to the state's signature or changed, as some programs do in their first run only."""
        own = own_signature(predictor)
        if not (loaded.has_instructions(predictor) and _state(loaded, phase).has_instructions_of(value, own)):
            return
        if _fields(value) != _fields(own):
            vars(predictor)[self._name] = value.with_instructions(loaded.instructions)


class _Demos(_Shown):
    def _is_as_loaded(self, predictor: Any, loaded: Any) -> bool:
        return bool(loaded.has_demos(predictor))

    def _of_state(self, own: Any, predictor: Any, state: PredictorState) -> Any:
        return state.demos_anew(own_signature(predictor))


# Under this a copy that is being made has what the run's code has in hand of the original.
_IN_HAND = '_bettertogether_in_hand'


def _patch_copies() -> None:
    getstate, setstate = dspy.Predict.__getstate__, dspy.Predict.__setstate__

    @functools.wraps(getstate)
    def getstate_here(predictor: Any) -> Any:
        phase, state = current_phase.get(), getstate(predictor)
        held = phase.run.in_hand.of(predictor) if phase is not None and _is_shown(phase) else {}
        return {**state, _IN_HAND: held} if held and isinstance(state, dict) else state

    @functools.wraps(setstate)
    def setstate_here(predictor: Any, state: Any) -> None:
        held = state.get(_IN_HAND, {}) if isinstance(state, dict) else {}
        setstate(predictor, {name: each for name, each in state.items() if name != _IN_HAND} if held else state)
        phase = current_phase.get()
        for name, value in held.items() if phase is not None else ():
            phase.run.in_hand.set(predictor, name, value)

    dspy.Predict.__getstate__, dspy.Predict.__setstate__ = getstate_here, setstate_here


_loading: contextvars.ContextVar[bool] = contextvars.ContextVar('bettertogether_loading', default=False)


def _patch_loading() -> None:
    """What is loaded from a file replaces what is there, and is not made of it, though DSPy reads it."""
    load_state = dspy.Predict.load_state

    @functools.wraps(load_state)
    def load_state_here(predictor: Any, *args: Any, **kwargs: Any) -> Any:
        token = _loading.set(True)
        try:
            return load_state(predictor, *args, **kwargs)
        finally:
            _loading.reset(token)

    dspy.Predict.load_state = load_state_here


def _is_dspys() -> bool:
    """Whether it is DSPy that reads: in a call too, which has the state's as arguments."""
    return _loading.get() or current_call.get() is not None


def _own(predictor: Any, name: str) -> Any:
    """An attribute of a class of the author's own goes before ours."""
    if isinstance(getattr(type(predictor), name, None), _Shown):
        return vars(predictor).get(name)
    return getattr(predictor, name)


def _fields(signature: Any) -> list[Any]:
    return [(name, each.annotation, each.json_schema_extra) for name, each in signature.fields.items()]


def _same_demo(one: Any, other: Any) -> bool:
    return one is other or describe_demos([one]) == describe_demos([other])


def _is_shown(phase: Phase) -> bool:
    return not phase.metric and phase.run.compiled is None


def _state(loaded: Any, phase: Phase) -> PredictorState:
    return phase.run.state.predictors[loaded.name]
