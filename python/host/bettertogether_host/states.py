"""States of the program as the run process sends them, made ready for DSPy once each."""

from __future__ import annotations

from typing import Any

from . import exact
from .kept import Kept, SharedDemos
from .live import live_rows

# How many the run process counts on (src/host/protocol.ts, `statesKept`).
STATES_KEPT = 256


class PredictorState:
    """Instructions, demos and model of one predictor, given to DSPy by call and never set on the predictor."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.instructions: str = state['instructions']
        self.model: str = state['model']
        self._demos: list[dict[str, Any]] = state['demos']
        self._signatures: dict[Any, tuple[Any, str]] = {}
        self._examples: dict[Any, tuple[list[Any], Kept]] = {}

    def signature(self, own: Any) -> Any:
        """The predictor's own signature with the state's instructions. A new class takes long, so it is kept."""
        made, instructions = self._signatures.get(own, (None, ''))
        if made is None or made.instructions != instructions:  # in place, by the program's code
            made = self.signature_anew(own)
            self._signatures[own] = (made, made.instructions)
        return made

    def has_instructions_of(self, signature: Any, own: Any) -> bool:
        return bool(getattr(signature, 'instructions', None) == self.signature(own).instructions)

    def signature_anew(self, own: Any) -> Any:
        """For code that may change it in place."""
        return own if own.instructions == self.instructions else own.with_instructions(self.instructions)

    def demos(self, own: Any) -> list[Any]:
        """A list of its own for each call, of examples that are shared: adapters read them only."""
        made = self._examples.get(own)
        if made is None:
            made = self._examples[own] = (self.demos_anew(own), Kept())
        return SharedDemos(*made)

    def demos_anew(self, own: Any) -> list[Any]:
        """For code that may change them in place."""
        return [_example(demo, own) for demo in self._demos]


class ProgramState:
    def __init__(self, state: dict[str, Any]) -> None:
        self.as_put = state
        self.predictors = {name: PredictorState(each) for name, each in state['predictors'].items()}


class States:
    """The last states that were put, in the order in which the run process forgets them too."""

    def __init__(self) -> None:
        self._states: dict[str, ProgramState] = {}

    def put(self, hash_: str, state: dict[str, Any]) -> None:
        self._states[hash_] = ProgramState(state)
        if len(self._states) > STATES_KEPT:
            del self._states[next(iter(self._states))]

    def get(self, hash_: str) -> ProgramState:
        return self._states[hash_]


def revived(fields: dict[str, Any], signature: Any) -> dict[str, Any]:
    """Fields from JSON, typed ones as the signature says."""
    annotations = {name: field.annotation for name, field in signature.fields.items()}
    return exact.revived(fields, annotations, live_rows.value)


def _example(demo: dict[str, Any], signature: Any) -> Any:
    fields = revived(demo['fields'], signature)
    return exact.example_of({**({'augmented': True} if demo['augmented'] else {}), **fields})
