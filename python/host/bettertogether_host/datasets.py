"""Data sets built in code: `file.py#name`, a list of examples or a function that returns one."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from .live import LiveRows, row_fields
from .loading import take
from .sources import Loader, parse_code_path
from .user_errors import LoadError, text_of, user_frame


def read_datasets(params: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of each data set in `params`, in order: `DatasetRow`s of src/host/protocol.ts.

    Raises:
        LoadError: written for the user.
    """
    workspace = os.path.realpath(params['workspace'])
    loader = Loader(workspace)
    return [
        [_row(_name(spec, workspace), row) for row in load_rows(spec, workspace, loader)]
        for spec in params['datasets']
    ]


def keep_rows(rows: LiveRows, expected: Mapping[str, Mapping[str, str]], workspace: str) -> None:
    """Loads the data sets whose rows the run names, for this process to have their very objects.

    Args:
        expected: `InitializeParams.rows` of src/host/protocol.ts.

    Raises:
        LoadError: written for the user.
    """
    loader = Loader(workspace)
    for spec, hashes in expected.items():
        made = [_values(row) for row in load_rows(spec, workspace, loader)]
        rows.keep(_name(spec, workspace), made, hashes)


def _name(spec: str, workspace: str) -> str:
    """As records name a data set, wherever the workspace lies."""
    path = parse_code_path(spec, workspace, 'data set')
    return f'{os.path.relpath(path.file, workspace)}#{path.name}'.replace(os.sep, '/')


def load_rows(spec: str, workspace: str, loader: Loader) -> list[Any]:
    """The rows of `file.py#name` as code made them: `dspy.Example`s or mappings.

    Raises:
        LoadError: written for the user.
    """
    path = parse_code_path(spec, workspace, 'data set')
    value = take(loader.load(path.file), path, 'data set')
    if callable(value) and not isinstance(value, Iterable):
        value = _called(value, spec, path.file, workspace)
    value = _records(value)
    if isinstance(value, Mapping) and value and all(_is_table(part) for part in value.values()):
        raise LoadError(
            f'{spec} is {_kind(value)} of data sets, by name: {", ".join(map(str, value))}. Name one of them: write '
            f"`{path.name}_rows = {path.name}['{next(iter(value))}']` (or a function that returns it) in "
            f'{os.path.basename(path.file)}.',
            path.file,
        )
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise LoadError(
            f'{spec} is {_kind(value)}. A data set is a list of dspy.Example (or of dicts), or a function that takes '
            'nothing and returns one.',
            path.file,
        )
    return [_checked(row, number, spec, path.file) for number, row in enumerate(value, 1)]


def _called(make: Any, spec: str, file: str, workspace: str) -> Any:
    try:
        made = make()
        return asyncio.run(_awaited(made)) if inspect.isawaitable(made) else made
    except (Exception, SystemExit) as error:
        frame = user_frame(error, workspace)
        place = file if frame is None else f'{frame[0]}:{frame[1]}'
        raise LoadError(
            f'Making the data set {spec} failed at {place}: {text_of(error)}', *(frame or (file,))
        ) from error


async def _awaited(value: Any) -> Any:
    return await value


def _is_table(value: Any) -> bool:
    """A data frame, or a data set of Hugging Face's."""
    return hasattr(value, 'columns') or hasattr(value, 'column_names')


def _records(value: Any) -> Any:
    """The rows of a data frame: iterating over one gives its columns."""
    if hasattr(value, 'to_dicts'):  # polars
        return value.to_dicts()
    if hasattr(value, 'columns') and hasattr(value, 'to_dict'):  # pandas
        return value.to_dict('records')
    return value


def _checked(row: Any, number: int, spec: str, file: str) -> Any:
    if isinstance(row, (dspy.Example, Mapping)):
        return row
    if isinstance(row, tuple) and hasattr(row, '_asdict'):  # pandas' itertuples
        return row._asdict()
    if hasattr(row, 'index') and hasattr(row, 'to_dict'):  # pandas' iterrows
        return row.to_dict()
    hint = ''
    if isinstance(row, tuple) and len(row) == 2 and hasattr(row[1], 'to_dict'):
        hint = ' Pairs of index and row are what a data frame\'s iterrows() gives: return the frame itself.'
    raise LoadError(f'Row {number} of {spec} is {_kind(row)}, which is neither a dspy.Example nor a dict.{hint}', file)


def _values(row: Any) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _row(spec: str, row: Any) -> dict[str, Any]:
    fields, digest = row_fields(spec, _values(row))
    marked = getattr(row, '_input_keys', None) if isinstance(row, dspy.Example) else None
    inputs = {} if marked is None else {'inputs': [name for name in fields if name in marked]}
    return {'fields': fields, **inputs, **({} if digest is None else {'hash': digest})}


def _kind(value: Any) -> str:
    if value is None:
        return 'None'
    name = type(value).__name__
    return f'{"an" if name[0].lower() in "aeiou" else "a"} {name}'
