"""What an optimizer made of the program, as a state."""

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
    """Predictors by their names in the program that was given. What there are several of is left out."""
    return {name: each[0] for name, each in all_matching(program, started).items() if len(each) == 1}


def all_matching(program: Any, started: CompiledProgram) -> dict[str, list[NamedPredictor]]:
    """Copies are known wherever they are, in a wrapper too; others by their place, where they have the same fields."""
    found: dict[str, list[NamedPredictor]] = {}
    others = []
    for each in named_predictors(program):
        name = started.name_of(each.predictor)
        if name is None:
            others.append(each)
        else:
            found.setdefault(name, []).append(each)
    for each in others:
        begun = started.begun.predictors.get(each.name)
        if begun is not None and each.name not in found and _fields(each.predictor) == _fields(begun):
            found[each.name] = [each]
    return found


def demos_of(predictor: Any) -> list[Mapping[str, Any]]:
    """As dicts; without what is none, which DSPy could not show either."""
    return [dict(demo.items()) for demo in predictor.demos or [] if hasattr(demo, 'items')]


def _fields(predictor: Any) -> tuple[list[str], list[str]]:
    signature = predictor.signature
    return list(signature.input_fields), list(signature.output_fields)


def _state(predictor: Any, start: Mapping[str, Any]) -> dict[str, Any]:
    known = predictor.signature.fields
    return {
        'instructions': predictor.signature.instructions,
        'demos': [_demo(values, known) for values in demos_of(predictor)],
        'model': start['model'],
    }


def _demo(values: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in values.items() if name in known}
    return {'fields': exact_fields(fields, live_rows.tag), 'augmented': values.get('augmented') is True}
