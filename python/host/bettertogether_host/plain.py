"""Values of DSPy fields as JSON, and back as what a signature says they are."""

from __future__ import annotations

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import dspy
from pydantic import BaseModel, TypeAdapter

from .media import media_fields

# As in src/base/limits.ts: whatever reads or writes JSON goes as deep as a value does, and Python's stack ends at 1,000.
NESTING_AT_MOST = 100

_PLAIN_TYPES = (str, int, float, bool, type(None), list, dict, tuple, Any)


def plain(value: Any) -> Any:
    """`value` as JSON data. What is not data (a client, a function, a tool) becomes its text.

    Raises ValueError for what nests deeper than any data does.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if abs(value) < 2**53 else str(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    return _plain_object(value, frozenset())


def plain_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): plain(value) for name, value in values.items()}


def _plain_object(value: Any, around: frozenset[int]) -> Any:
    if id(value) in around:
        return '(contains itself)'
    if len(around) >= NESTING_AT_MOST:
        raise ValueError(f'A value nests deeper than {NESTING_AT_MOST} levels.')
    around |= {id(value)}
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, BaseModel):
        try:
            return _nested(_dumped(value), around)
        except Exception:
            return str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): _nested(item, around) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_nested(item, around) for item in value]
    if hasattr(value, 'toDict'):  # dspy.Example, dspy.Prediction
        return _nested(value.toDict(), around)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _nested(getattr(value, field.name), around) for field in dataclasses.fields(value)}
    return _other(value, around)


def _dumped(model: BaseModel) -> Any:
    """DSPy dumps its own types for its adapters in some versions, where the fields are meant here.

    3.0 dumps all of them as marked text, 3.1 and 3.2 `ToolCalls` as OpenAI's API has them.
    """
    if isinstance(model, dspy.ToolCalls):
        return {'tool_calls': [{'name': call.name, 'args': call.args} for call in model.tool_calls]}
    dumped = model.model_dump(mode='json')
    if isinstance(dumped, str) and 'CUSTOM-TYPE-START-IDENTIFIER' in dumped:
        return {name: getattr(model, name) for name in type(model).model_fields}
    return dumped


def _nested(value: Any, around: frozenset[int]) -> Any:
    kind = type(value)
    if kind is str or kind is bool or kind is int or kind is float or value is None:
        return plain(value)
    return _plain_object(value, around)


def _other(value: Any, around: frozenset[int]) -> Any:
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return plain(base(value))
    for method in ('tolist', 'isoformat'):  # numpy, dates
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            try:
                return _nested(convert(), around)
            except Exception:
                break
    return str(value)


def revive(value: Any, annotation: Any) -> Any:
    """JSON data as a value of `annotation`, where that is more than plain data: a model, an enum, `dspy.History`.

    A value that does not fit stays as it is: prompts show it then as they would show any other value.
    """
    if value is None or not needs_reviving(annotation):
        return value
    try:
        return _validated(TypeAdapter(annotation), _written_out(value, annotation))
    except Exception:
        return value


def _written_out(value: Any, annotation: Any) -> Any:
    """An image, a sound and a history's messages as their models have them."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is list:
        return [_written_out(each, parts[0]) for each in value] if isinstance(value, list) else value
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        written = (_written_out(value, part) for part in parts)
        return next((each for each in written if each != value), value)
    if isinstance(value, list) and annotation is dspy.History:
        return {'messages': value}
    return media_fields(value, annotation) if annotation in (dspy.Image, dspy.Audio) else value


def _validated(adapter: TypeAdapter[Any], value: Any) -> Any:
    """Fields of models are written by name, also where they have an alias."""
    try:
        return adapter.validate_python(value, by_alias=True, by_name=True)
    except TypeError:  # pydantic before 2.11
        return adapter.validate_python(value)


def needs_reviving(annotation: Any) -> bool:
    if annotation in _PLAIN_TYPES or typing.get_origin(annotation) is typing.Literal:
        return False
    parts = typing.get_args(annotation)
    if parts:
        return any(needs_reviving(part) for part in parts)
    return isinstance(annotation, type) and annotation not in _PLAIN_TYPES
