"""The forms in which code gives rows: one collection of them, or another form, with the lines to write instead."""

from __future__ import annotations

import keyword
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import dspy

from .user_errors import LoadError

# How people name the parts of a data set: as keys, and as attributes of an object that has them.
_SPLITS = (
    *('train', 'dev', 'test', 'val', 'valid', 'validation', 'eval', 'unlabeled'),
    *('trainset', 'devset', 'testset', 'valset', 'train_set', 'dev_set', 'test_set', 'val_set'),
)
_BY_PLACE = {2: ('train', 'dev'), 3: ('train', 'dev', 'test')}
# Parts that are listed one by one.
_TOLD = 3


class Origin(NamedTuple):
    """Where a value came from: what `spec` names, and whether it was called."""

    spec: str
    file: str
    name: str
    called: bool
    taken: frozenset[str]
    """Names that the file has already."""

    @property
    def gave(self) -> str:
        return f'{self.spec} {"returned" if self.called else "is"}'

    @property
    def expression(self) -> str:
        return f'{self.name}()' if self.called else self.name

    def free(self, name: str) -> str:
        """The name, or one like it that the file does not have yet."""
        return self.free(f'{name}_rows') if name in self.taken else name

    def refuse(self, what: str, advice: str) -> LoadError:
        return LoadError(f'{self.gave} {what}. {advice}', self.file)


class _Part(NamedTuple):
    name: str
    access: str
    """What is written behind the expression that gives the whole."""
    rows: Any


def rows_of(value: Any, origin: Origin) -> Iterable[Any]:
    """The rows in what code gave: a list, a generator, a table, whatever can be gone through.

    Raises:
        LoadError: written for the user.
    """
    value = _records(value)
    parts = _parts_of(value)
    if parts:
        raise _splits(value, parts, origin)
    if isinstance(value, (dspy.Example, Mapping)):
        raise _mapping(value, origin)
    if isinstance(value, (str, bytes, os.PathLike)):
        raise origin.refuse(kind_of(value), f'{_WANTED} A file is named itself: "train": "rows.jsonl".')
    if isinstance(value, Iterable):
        return value
    if hasattr(value, '__getitem__') and hasattr(value, '__len__'):  # PyTorch's Dataset
        return (value[number] for number in range(len(value)))
    missing = ' Its last line wants a `return`.' if value is None and origin.called else ''
    raise origin.refuse(kind_of(value), f'{_WANTED}{missing}')


_WANTED = 'A data set is a list of dspy.Example (or of dicts), or a function that takes nothing and returns one.'


async def gathered(rows: AsyncIterator[Any]) -> list[Any]:
    return [row async for row in rows]


def _records(value: Any) -> Any:
    """The rows of a data frame: iterating over one gives its columns."""
    if hasattr(value, 'to_dicts'):  # polars
        return value.to_dicts()
    if hasattr(value, 'columns') and hasattr(value, 'to_dict'):  # pandas
        return value.to_dict('records')
    return value


def _parts_of(value: Any) -> list[_Part]:
    """The data sets in one value, where it holds several."""
    if isinstance(value, Mapping):
        named = [_Part(str(name), f'[{_key(name)}]', part) for name, part in value.items() if _is_rows(part)]
        return named if len(named) == len(value) or any(each.name in _SPLITS for each in named) else []
    if isinstance(value, (list, tuple)):
        names = _BY_PLACE.get(len(value), [f'part_{number}' for number in range(1, len(value) + 1)])
        listed = [_Part(name, f'[{i}]', part) for i, (name, part) in enumerate(zip(names, value, strict=True))]
        return listed if all(_is_rows(part, empty=True) for part in value) and any(map(_is_rows, value)) else []
    if isinstance(value, (dspy.Example, Iterable)):
        return []
    held = ((name, getattr(value, name, None)) for name in _SPLITS)
    return [_Part(name, f'.{name}', part) for name, part in held if _is_rows(part)]


def _key(name: Any) -> str:
    """A key as code says it. Names of splits (Hugging Face's `NamedSplit`, an enum's member) equal their text."""
    return repr(name) if isinstance(name, int) else repr(str(name))


def _is_rows(value: Any, empty: bool = False) -> bool:
    """Whether a value is a data set by itself: a table, a generator, or a list that begins with a row."""
    if _is_row(value) or isinstance(value, (str, bytes)):
        return False
    if hasattr(value, 'columns') or hasattr(value, 'column_names') or isinstance(value, Iterator):
        return True
    return isinstance(value, Sequence) and (_is_row(value[0]) if value else empty)


def _is_row(value: Any) -> bool:
    """Rows may have a field of any name, `columns` too."""
    return isinstance(value, (dspy.Example, Mapping)) or (isinstance(value, tuple) and hasattr(value, '_asdict'))


def _splits(whole: Any, parts: list[_Part], origin: Origin) -> LoadError:
    kind = 'an object' if parts[0].access.startswith('.') else kind_of(whole)
    names = _function_names(parts, origin)
    lines = [
        f'`def {name}(): return {origin.expression}{part.access}`' for name, part in zip(names, parts, strict=True)
    ]
    many = f'{len(parts)} data {"set" if len(parts) == 1 else "sets"}'
    return origin.refuse(
        f'{kind} of {many}: {_some([_shown(each) for each in parts])}',
        f'A data set is one list of rows: write one function per split in {os.path.basename(origin.file)}, '
        f'{_some(lines)}, and name each where it belongs: "…#{names[0]}" in the place of "…#{origin.name}".',
    )


def _shown(part: _Part) -> str:
    named = repr(part.name) if part.access.startswith(("['", '.')) else kind_of(part.rows)
    try:
        number = len(part.rows)
    except TypeError:  # a generator, a stream
        return named
    return f'{named} ({number} {"row" if number == 1 else "rows"})'


def _function_names(parts: list[_Part], origin: Origin) -> list[str]:
    return [
        origin.free(part.name if part.name.isidentifier() and not keyword.iskeyword(part.name) else f'part_{number}')
        for number, part in enumerate(parts, 1)
    ]


def _mapping(value: Any, origin: Origin) -> LoadError:
    given, values = origin.expression, list(value.values())
    if values and all(map(_is_row, values)):
        return origin.refuse(
            f'{kind_of(value)} of {len(values)} rows by name',
            f'A data set is a list of rows: `list({given}.values())`.',
        )
    if values and all(isinstance(each, Sequence) and not isinstance(each, str) for each in values):
        return origin.refuse(
            f'{kind_of(value)} of columns: {_some([repr(name) for name in value])}',
            f'A data set is a list of rows: `[dict(zip({given}, row)) for row in zip(*{given}.values())]`.',
        )
    return origin.refuse(kind_of(value), f'{_WANTED} One row goes into a list.')


def _some(shown: list[str]) -> str:
    return ', '.join(shown[:_TOLD]) + (f' and {len(shown) - _TOLD} more' if len(shown) > _TOLD else '')


def kind_of(value: Any) -> str:
    if value is None:
        return 'None'
    name = type(value).__name__
    return f'{"an" if name[0].lower() in "aeiou" else "a"} {name}'
