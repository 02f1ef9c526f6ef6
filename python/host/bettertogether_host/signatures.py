"""DSPy's predictors and signatures as the protocol describes them (src/data/program.ts)."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Union

import dspy
from dspy.predict.parameter import Parameter
from pydantic import TypeAdapter

from .exact import exact_fields
from .plain import plain

_SCALARS = {str: 'string', int: 'int', float: 'float', bool: 'boolean', Any: 'any'}


class NamedPredictor(NamedTuple):
    name: str
    predictor: Any
    frozen: bool


def named_predictors(program: Any) -> list[NamedPredictor]:
    """As `dspy.Module.named_predictors` in order and names, and those of frozen (`_compiled`) sub-modules besides.

    DSPy leaves frozen ones out (primitives/base_module.py), but their calls are part of every trace.
    """
    found: dict[int, NamedPredictor] = {}
    for name, predictor, frozen in _parameters(program, False, set()):
        if isinstance(predictor, dspy.Predict) and id(predictor) not in found:
            found[id(predictor)] = NamedPredictor(name, predictor, frozen)
    return list(found.values())


def _parameters(module: Any, frozen: bool, around: set[int]) -> Iterator[tuple[str, Any, bool]]:
    if id(module) in around:  # a module that holds itself
        return
    around = around | {id(module)}
    if isinstance(module, Parameter):
        yield 'self', module, frozen
    for name, value in module.__dict__.items():
        if isinstance(value, (list, tuple)):
            items = [(f'{name}[{index}]', item) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            items = [(f"{name}['{key}']", item) for key, item in value.items()]
        else:
            items = [(name, value)]
        for path, item in items:
            if isinstance(item, Parameter):
                yield path, item, frozen
            elif isinstance(item, dspy.Module):
                inner = frozen or bool(getattr(item, '_compiled', False))
                for below, parameter, cold in _parameters(item, inner, around):
                    yield f'{path}.{below}', parameter, cold


def out_of_sight(program: Any) -> list[str]:
    """Attributes of the program's that hold modules in lists or dicts within a list or dict: DSPy finds none there."""
    return [name for name, value in vars(program).items() if any(map(_holds_modules, _items(value)))]


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def _holds_modules(value: Any) -> bool:
    return any(isinstance(item, (Parameter, dspy.Module)) or _holds_modules(item) for item in _items(value))


def describe_signature(signature: Any) -> dict[str, Any]:
    return {
        'instructions': signature.instructions,
        'inputs': [_field(name, field) for name, field in signature.input_fields.items()],
        'outputs': [_field(name, field) for name, field in signature.output_fields.items()],
    }


def describe_demos(demos: Any) -> list[dict[str, Any]]:
    described = []
    for demo in demos or []:
        fields = exact_fields(dict(demo.items()))
        augmented = fields.pop('augmented', False) is True
        described.append({'fields': fields, 'augmented': augmented})
    return described


def brief(signature: Any) -> str:
    """`question, context -> answer`."""
    return f'{", ".join(signature.input_fields)} -> {", ".join(signature.output_fields)}'


def _field(name: str, field: Any) -> dict[str, Any]:
    extra = field.json_schema_extra or {}
    return {
        'name': name,
        'type': field_type(field.annotation),
        'prefix': str(extra.get('prefix') or f'{name}:'),
        'description': str(extra.get('desc') or f'${{{name}}}'),
    }


def field_type(annotation: Any) -> dict[str, Any]:
    """A type as plain data; what has no plainer form is its JSON schema."""
    if isinstance(annotation, (str, typing.ForwardRef)):
        return {'kind': 'any'}
    if annotation in _SCALARS:
        return {'kind': _SCALARS[annotation]}
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal and all(isinstance(value, (str, int, float, bool)) for value in parts):
        return {'kind': 'literal', 'values': list(parts)}
    if origin in (Union, types.UnionType):
        others = [part for part in parts if part is not type(None)]
        if len(others) == 1 and len(parts) == 2:
            return {'kind': 'optional', 'of': field_type(others[0])}
    if annotation is list or (origin is list and len(parts) == 1):
        return {'kind': 'list', 'items': field_type(parts[0] if parts else Any)}
    if annotation is dict or (origin is dict and len(parts) == 2):
        return {'kind': 'dict', 'values': field_type(parts[1] if parts else Any)}
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = [member.value for member in annotation]
        if all(isinstance(value, (str, int, float, bool)) for value in values):
            return {'kind': 'literal', 'values': values}
    return _schema_type(annotation)


def _schema_type(annotation: Any) -> dict[str, Any]:
    try:
        schema = plain(TypeAdapter(annotation).json_schema())
    except Exception:
        return {'kind': 'any'}
    return {'kind': 'json', 'name': getattr(annotation, '__name__', str(annotation)), 'schema': schema}
