"""What an optimizer made of the program, as a state; and what of it a state does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .compiled_program import CompiledProgram
from .exact import exact_fields
from .live import live_rows
from .signatures import NamedPredictor, named_predictors


def state_of(program: Any, started: CompiledProgram, start: dict[str, Any]) -> dict[str, Any]:
    """The `ProgramState` of a program, as far as it is known as one of ours.

    Args:
        start: the state that the compilation began with: models, frozen predictors, and what is not found.
    """
    found = matching(program, started)
    return {
        'predictors': {
            name: each if name not in found or started.is_frozen(name) else _state(found[name].predictor, each)
            for name, each in start['predictors'].items()
        }
    }


def matching(program: Any, started: CompiledProgram) -> dict[str, NamedPredictor]:
    """Predictors by their names in the program that was given: where they are now may be elsewhere (a wrapper)."""
    found: dict[str, list[NamedPredictor]] = {}
    for each in named_predictors(program):
        name = started.name_of(each.predictor)
        if name is not None:
            found.setdefault(name, []).append(each)
    return {name: each[0] for name, each in found.items() if len(each) == 1}


def _state(predictor: Any, start: Mapping[str, Any]) -> dict[str, Any]:
    known = predictor.signature.fields
    return {
        'instructions': predictor.signature.instructions,
        'demos': [_demo(demo, known) for demo in predictor.demos or []],
        'model': start['model'],
    }


def _demo(demo: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(demo.items())
    augmented = values.get('augmented') is True
    return {
        'fields': exact_fields({name: values[name] for name in values if name in known}, live_rows.tag),
        'augmented': augmented,
    }
