"""The rows that an optimizer is given, as DSPy's examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import dspy

from .exact import exact_fields, example_of, read, revived
from .live import live_rows


class Row(NamedTuple):
    number: int
    """`Example.id` of the run process."""
    example: Any
    """What the optimizer has: typed inputs are what the program's signatures say."""
    plain: Any
    """What metrics get in every other run of the program."""
    fields: dict[str, Any]
    """As JSON."""


class CompileRows:
    """Finds a row by its example, or by a copy of it."""

    def __init__(self, annotations: Mapping[str, Any]) -> None:
        """
        Args:
            annotations: what the program's inputs are, by name.
        """
        self._annotations = annotations
        self._by_object: dict[int, Row] = {}
        self._by_content: dict[str, Row] = {}
        self._by_inputs: dict[str, Row] = {}

    def take(self, given: list[dict[str, Any]]) -> list[Any]:
        """Examples of `CompileRow`s (src/host/protocol.ts)."""
        return [self._taken(each).example for each in given]

    def of(self, example: Any) -> Row | None:
        """The first that is equal, of rows that are."""
        found = self._by_object.get(id(example))
        if found is not None or not isinstance(example, dspy.Example):
            return found
        return self._by_content.get(_key(example))

    def of_inputs(self, inputs: Mapping[str, Any]) -> Row | None:
        return self._by_inputs.get(_key(inputs))

    def _taken(self, given: dict[str, Any]) -> Row:
        fields = given['fields']
        plain = {name: read(value, live_rows.value) for name, value in fields.items()}
        annotations = {} if given.get('made') else self._annotations
        inputs = revived(given['inputs'], annotations, live_rows.value)
        names = list(inputs)
        example = example_of({**plain, **inputs}).with_inputs(*names)
        row = Row(given['row'], example, live_rows.example(fields, plain, names), fields)
        self._by_object[id(example)] = row
        self._by_content.setdefault(_key(example), row)
        self._by_inputs.setdefault(_key(inputs), row)
        return row


def _key(fields: Mapping[str, Any]) -> str:
    """Equal for equal content; never of a row, where that cannot be said."""
    try:
        said = exact_fields(dict(fields.items()), live_rows.tag)
        return json.dumps(said, sort_keys=True, default=str)
    except Exception:
        return f'object {id(fields)}'
