"""Values as JSON that says them exactly, and back.

JSON has no date, no tuple, no integer beyond 2^53 that every reader keeps, and no 2.0 beside 2. What it cannot say is
written `{"$exact": kind, "value": …, "shown": …}`: `shown` is what people see of it, where that is not `value`
(src/base/exact.ts reads the same form), and `unsaved` why DSPy itself would not save it. The kinds are a closed list, and none of them names code: a record can be read,
never run. Objects of the user's own classes come back as what a signature says they are (`revived`), or, where they
are in a row that code made, as that row's very objects (live.py).
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import dspy
from pydantic import BaseModel

from .plain import NESTING_AT_MOST, plain, revive
from .saving import refusal

TAG = '$exact'
_LARGEST = 2**53
_NUMPY_KINDS = 'biufU'


class Written:
    """A value as JSON.

    `whole`: `read` gives an equal value of the same types again. `types`: what the values are that it does not.
    """

    __slots__ = ('json', 'types')

    def __init__(self, value: Any, stable: bool = False) -> None:
        """`stable`: the same text in every process, whatever order a set has in this one."""
        writer = _Writer(stable)
        self.json = writer.write(value, 0)
        self.types = writer.types

    @property
    def whole(self) -> bool:
        return not self.types


def exact(value: Any, row_tag: Callable[[Any], Any] | None = None) -> Any:
    """`value` as JSON from which `revived` makes it again.

    Args:
        row_tag: the tag of a value that is itself one of a row's (live.py), or `None`.

    Raises:
        ValueError: for what nests deeper than any data does.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    written = Written(value)
    if written.whole:
        return written.json
    tag = None if row_tag is None else row_tag(value)
    if tag is not None:
        return tag
    return named(value, 'object', written.json)


def named(value: Any, kind: str, json_: Any) -> dict[str, Any]:
    """A value that its JSON alone does not say: with what people see of it, and why DSPy would not save it."""
    seen, unsaved = Written(plain(value)).json, refusal(value)
    if unsaved is not None:
        return {TAG: kind, 'value': json_, 'shown': seen, 'unsaved': unsaved}
    # Its own tag would say that it is no more than that: an enum's member of 2.0, a named tuple.
    as_before = kind == 'object' and seen == json_ and tag_of(seen) is None
    return seen if as_before else {TAG: kind, 'value': json_, 'shown': seen}


def exact_fields(values: Mapping[str, Any], row_tag: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    return {str(name): exact(value, row_tag) for name, value in values.items()}


def _tagged(kind: str, value: Any, shown: Any = None) -> dict[str, Any]:
    return {TAG: kind, 'value': value} if shown is None else {TAG: kind, 'value': value, 'shown': shown}


class _Writer:
    def __init__(self, stable: bool) -> None:
        self.types: list[str] = []
        self._stable = stable
        self._around: set[int] = set()

    def write(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return value if -_LARGEST < value < _LARGEST else _tagged('int', str(value))
        if kind is float:
            return value if math.isfinite(value) and not value.is_integer() else _tagged('float', repr(value))
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            name, write, has_other_text = scalar
            return _tagged(name, write(value), str(value) if has_other_text else None)
        if kind is datetime.datetime or kind is datetime.time:
            if not isinstance(value.tzinfo, (type(None), datetime.timezone)) or value.fold:
                self.types.append(kind.__name__)  # a time zone with a name: its text is an offset
            return _tagged(kind.__name__, value.isoformat())
        if depth >= NESTING_AT_MOST:
            raise ValueError(f'A value nests deeper than {NESTING_AT_MOST} levels.')
        if id(value) in self._around:
            return self._other('(contains itself)', value)
        self._around.add(id(value))
        try:
            return self._object(value, kind, depth)
        finally:
            self._around.discard(id(value))

    def _object(self, value: Any, kind: type, depth: int) -> Any:
        if kind is list:
            return self._items(value, depth + 1)
        if kind is dict:
            return self._dict(value, depth)
        if kind is tuple:
            return _tagged('tuple', self._items(value, depth + 2))
        if kind is set or kind is frozenset:
            return self._set(value, kind, depth)
        if kind is dspy.Example:
            marked = getattr(value, '_input_keys', None)
            inputs = None if marked is None else sorted(marked)
            return _tagged('example', [self._named(value.items(include_dspy=True), depth + 2), inputs], plain(value))
        if kind.__module__ == 'numpy' and hasattr(value, 'dtype'):
            return self._numpy(value, depth)
        if kind.__module__.startswith('pandas.') and kind.__name__ == 'Timestamp' and value.tzinfo is None:
            return _tagged('timestamp', value.isoformat())
        return self._users(value, kind, depth)

    def _items(self, values: Any, depth: int) -> list[Any]:
        return [self.write(item, depth) for item in values]

    def _named(self, items: Any, depth: int) -> dict[str, Any]:
        return {str(name): self.write(item, depth) for name, item in items}

    def _dict(self, value: Any, depth: int) -> Any:
        if all(type(name) is str for name in value) and TAG not in value:
            return self._named(value.items(), depth + 1)
        pairs = [[self.write(name, depth + 3), self.write(item, depth + 3)] for name, item in value.items()]
        return _tagged('dict', pairs, plain(value))

    def _set(self, value: Any, kind: type, depth: int) -> Any:
        items = self._items(value, depth + 2)
        if self._stable and len(items) > 1:
            self.types.append(kind.__name__)  # its order is a matter of how it came to be
            items.sort(key=repr)
        return _tagged(kind.__name__, items)

    def _numpy(self, value: Any, depth: int) -> Any:
        if value.dtype.kind not in _NUMPY_KINDS or value.dtype.itemsize > 8 and value.dtype.kind != 'U':
            return self._other(plain(value), value)
        shape = list(value.shape) if type(value).__name__ == 'ndarray' else None
        flat = value.ravel().tolist() if shape is not None else [value.item()]
        return _tagged('numpy', [value.dtype.str, shape, self._items(flat, depth + 3)], plain(value))

    def _users(self, value: Any, kind: type, depth: int) -> Any:
        """A value of a class that no record may name."""
        self.types.append(f'{kind.__module__}.{kind.__qualname__}')
        if isinstance(value, enum.Enum):
            return self.write(value.value, depth)
        if isinstance(value, BaseModel) and not isinstance(value, dspy.Type):
            extra = value.model_extra or {}
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            return self._named({**fields, **extra}.items(), depth + 1)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._named(
                ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value)), depth + 1
            )
        if isinstance(value, tuple):
            return _tagged('tuple', self._items(value, depth + 2))
        if isinstance(value, list):
            return self._items(value, depth + 1)
        if isinstance(value, Mapping):
            return self._dict(dict(value), depth)
        for base in (bool, int, float, str):
            if isinstance(value, base):
                return self.write(base(value), depth)
        return plain(value)

    def _other(self, shown: Any, value: Any) -> Any:
        self.types.append(type(value).__qualname__)
        return shown


def _span(value: datetime.timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


# By type: the kind, the value, and whether people see `str` of it instead.
_SCALARS: dict[type, tuple[str, Callable[[Any], Any], bool]] = {
    datetime.date: ('date', datetime.date.isoformat, False),
    datetime.timedelta: ('timedelta', _span, True),
    decimal.Decimal: ('decimal', str, False),
    fractions.Fraction: ('fraction', str, False),
    complex: ('complex', str, False),
    uuid.UUID: ('uuid', str, False),
    bytes: ('bytes', lambda value: base64.b64encode(value).decode('ascii'), True),
    type(pathlib.Path()): ('path', str, False),
    pathlib.PurePosixPath: ('posixpath', str, False),
    pathlib.PureWindowsPath: ('windowspath', str, False),
}


def read(value: Any, row: Callable[[Any], Any] | None = None) -> Any:
    """What `exact` wrote; JSON without tags as it is.

    Args:
        row: gives the very value that a `row` tag names, or raises `KeyError`: then it is what people see of it.
    """
    kind = type(value)
    if kind is list:
        return [read(item, row) for item in value]
    if kind is not dict:
        return value
    tag = tag_of(value)
    if tag is None:
        return {name: read(item, row) for name, item in value.items()}
    try:
        if tag == 'row':
            if row is None:
                return read(value['shown'])
            return row(value['value'])
        return _READERS[tag](read(value['value'], row))
    except Exception:  # a record that somebody else wrote, a library that is not here
        return shown(value)


def tag_of(value: Any) -> str | None:
    """The kind of a tagged value; `None` of any other JSON, also of data that happens to look a little like one."""
    if type(value) is not dict:
        return None
    kind = value.get(TAG)
    if not isinstance(kind, str) or 'value' not in value or not value.keys() <= {TAG, 'value', 'shown', 'unsaved'}:
        return None
    return kind if kind == 'row' or kind in _READERS else None


def shown(value: Any) -> Any:
    """What people see of a value that `exact` wrote: plain JSON, without tags."""
    kind = type(value)
    if kind is list:
        return [shown(item) for item in value]
    if kind is not dict:
        return value
    tag = tag_of(value)
    if tag is None:
        return {name: shown(item) for name, item in value.items()}
    if 'shown' in value:
        return shown(value['shown'])
    return plain(_READERS[tag](value['value'])) if tag == 'float' else shown(value['value'])


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown(value) for name, value in fields.items()}


def revived(fields: Mapping[str, Any], annotations: Mapping[str, Any], row: Callable[[Any], Any]) -> dict[str, Any]:
    """Fields from JSON: what was written exactly as it was, everything else as what `annotations` say it is."""
    return {name: _revived(value, annotations.get(name), row) for name, value in fields.items()}


def _revived(value: Any, annotation: Any, row: Callable[[Any], Any]) -> Any:
    tag = tag_of(value)
    if tag == 'row':
        try:
            return row(value['value'])
        except KeyError:
            return revive(read(value['shown']), annotation)
    made = read(value, row)
    return revive(made, annotation) if annotation is not None and tag in (None, 'object', 'bytes') else made


def _numpy_of(value: Any) -> Any:
    import numpy

    dtype, shape, flat = value
    if numpy.dtype(dtype).kind not in _NUMPY_KINDS:
        raise ValueError(f'no numpy type of numbers or texts: {dtype}')
    made = numpy.array(flat, dtype=dtype)
    return made[0] if shape is None else made.reshape(shape)


def _timestamp_of(value: Any) -> Any:
    import pandas

    return pandas.Timestamp(value)


def example_of(fields: Mapping[str, Any]) -> Any:
    """Not by keywords: a field named `base` or `self` would be lost among DSPy's own arguments."""
    return dspy.Example(dict(fields))


def _example_of(value: Any) -> Any:
    fields, inputs = value
    made = example_of(fields)
    return made if inputs is None else made.with_inputs(*inputs)


_READERS: dict[str, Callable[[Any], Any]] = {
    'int': int,
    'float': float,
    'date': datetime.date.fromisoformat,
    'datetime': datetime.datetime.fromisoformat,
    'time': datetime.time.fromisoformat,
    'timedelta': lambda value: datetime.timedelta(*value),
    'decimal': decimal.Decimal,
    'fraction': fractions.Fraction,
    'complex': complex,
    'uuid': uuid.UUID,
    'bytes': lambda value: base64.b64decode(value, validate=True),
    'path': pathlib.Path,
    'posixpath': pathlib.PurePosixPath,
    'windowspath': pathlib.PureWindowsPath,
    'tuple': tuple,
    'set': set,
    'frozenset': frozenset,
    'dict': dict,
    'numpy': _numpy_of,
    'timestamp': _timestamp_of,
    'example': _example_of,
    'object': lambda value: value,
}
