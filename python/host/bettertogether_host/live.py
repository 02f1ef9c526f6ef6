"""Rows that Python code made (`file.py#name`): their very objects, where JSON cannot say them.

The process that reads the rows for the run writes such a value as a `row` tag (exact.py): which data set, which field,
and the row's content hash. A host loads the data set once and gives the very objects for it. Rows of an author's own
subclass of `dspy.Example` are found by their fields: a metric may call its methods.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from .exact import TAG, Written, example_of, named
from .user_errors import LoadError

_ADDRESS = re.compile(r' at 0x[0-9a-fA-F]+')

# Begins the hash of a row of which JSON says all but its class: without it a run goes on.
_CLASS_ALONE = 'class '

# Names of differing rows that are shown.
_TOLD = 3


def row_fields(spec: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """A row's fields as JSON, and its content hash where hosts must have what JSON does not say of it."""
    written = {str(name): Written(value, stable=True) for name, value in values.items()}
    if all(each.whole for each in written.values()):
        digest = f'{_CLASS_ALONE}{_hash(written)}' if is_of_own_kind(values) else None
        return {name: each.json for name, each in written.items()}, digest
    digest = _hash(written)
    fields = {
        name: each.json
        if each.whole
        else named(values[name], 'row', [spec, name, digest])
        for name, each in written.items()
    }
    return fields, digest


def is_of_class_alone(digest: str) -> bool:
    """Whether a row's content hash is of one whose fields are all plain."""
    return digest.startswith(_CLASS_ALONE)


def _hash(written: Mapping[str, Written]) -> str:
    """Equal in every process: without the addresses in texts of objects."""
    said = json.dumps([[name, each.json, each.types] for name, each in sorted(written.items())], sort_keys=True)
    return hashlib.sha256(_ADDRESS.sub('', said).encode()).hexdigest()


class LiveRows:
    """The objects of rows that this process loaded, by content hash."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._tags: dict[int, dict[str, Any]] = {}
        self._of_own_kind: dict[str, Any] = {}

    def keep(self, spec: str, rows: list[Mapping[str, Any]], expected: Mapping[str, str]) -> None:
        """
        Args:
            expected: content hashes of the rows that the run names, by number from 0.

        Raises:
            LoadError: naming the rows that this process did not get.
        """
        for values in rows:
            fields, digest = row_fields(spec, values)
            if digest is None:
                continue
            self._values[spec, digest] = values
            if is_of_own_kind(values):
                self._of_own_kind.setdefault(_key(fields), values)
            for name, json_ in fields.items():
                if isinstance(json_, dict) and json_.get(TAG) == 'row':
                    self._tags.setdefault(id(values[name]), json_)
        lost = {int(number) + 1: digest for number, digest in expected.items() if (spec, digest) not in self._values}
        needed = [number for number, digest in lost.items() if not is_of_class_alone(digest)]
        if needed:
            raise LoadError(
                f'{spec} gave other rows when it was loaded a second time: row {_first(needed)} of the run is not '
                'among them. Its values cannot be written to a file as they are, so every process that runs the program '
                'makes them anew. Let the code make the same rows each time: a fixed seed in place of random numbers, '
                'uuid4 or the time, and a file in place of a database that changes.'
            )

        if lost:
            again = f'{spec} gave other rows when it was loaded a second time'
            tell_of_lost_class(f'{again}: row {_first(lost)} of the run')

    def value(self, row: Any) -> Any:
        """What a `row` tag names.

        Raises:
            KeyError: when this process has no such row.
        """
        spec, field, digest = row
        return self._values[spec, digest][field]

    def example(self, written: Mapping[str, Any], fields: Mapping[str, Any], inputs: Iterable[str]) -> Any:
        """A row as a metric gets it, of the class that its author gave it.

        Args:
            written: its fields as JSON.
        """
        row = self._of_own_kind.get(_key(written)) if self._of_own_kind else None
        if row is None:
            return example_of(fields).with_inputs(*inputs)
        # Not by its constructor, which may take anything.
        made = object.__new__(type(row))
        made.__dict__.update(row.__dict__, _store=dict(fields), _input_keys=set(inputs))
        return made

    def tag(self, value: Any) -> dict[str, Any] | None:
        """The tag of a value that is itself one of a row's."""
        return self._tags.get(id(value))


def tell_of_lost_class(what: str) -> None:
    sys.stderr.write(
        f'{what} reaches the metric as a plain dspy.Example, with all of its fields, and not as its own class. Where '
        'the metric needs the class, let the code make the same rows each time.\n'
    )


def _first(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    more = f' and {len(ordered) - _TOLD} more' if len(ordered) > _TOLD else ''
    return f'{", ".join(map(str, ordered[:_TOLD]))}{more}'


def is_of_own_kind(row: Any) -> bool:
    return isinstance(row, dspy.Example) and not type(row).__module__.startswith('dspy.')


def _key(written: Mapping[str, Any]) -> str:
    return json.dumps(written, sort_keys=True)


live_rows = LiveRows()
