"""Data sets built in code: `file.py#name`, a list of examples or a function that returns one."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Iterable, Mapping
from typing import Any

import dspy

from .loading import take
from .plain import plain_fields
from .sources import Loader, parse_code_path
from .user_errors import LoadError, text_of, user_frame


def read_datasets(params: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of each data set in `params`, in order: `DatasetRow`s of src/host/protocol.ts.

    Raises:
        LoadError: written for the user.
    """
    workspace = os.path.realpath(params['workspace'])
    loader = Loader(workspace)
    return [_read(spec, workspace, loader) for spec in params['datasets']]


def _read(spec: str, workspace: str, loader: Loader) -> list[dict[str, Any]]:
    path = parse_code_path(spec, workspace, 'data set')
    value = take(loader.load(path.file), path, 'data set')
    if callable(value) and not isinstance(value, Iterable):
        value = _called(value, spec, path.file, workspace)
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise LoadError(
            f'{spec} is {_kind(value)}. A data set is a list of dspy.Example (or of dicts), or a function that takes '
            'nothing and returns one.',
            path.file,
        )
    return [_row(row, number, spec, path.file) for number, row in enumerate(value, 1)]


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


def _row(row: Any, number: int, spec: str, file: str) -> dict[str, Any]:
    if isinstance(row, dspy.Example):
        fields = plain_fields(row.toDict())
        marked = getattr(row, '_input_keys', None)
        inputs = None if marked is None else [name for name in fields if name in marked]
    elif isinstance(row, Mapping):
        fields, inputs = plain_fields(row), None
    else:
        raise LoadError(f'Row {number} of {spec} is {_kind(row)}, which is neither a dspy.Example nor a dict.', file)
    return {'fields': fields, **({} if inputs is None else {'inputs': inputs})}


def _kind(value: Any) -> str:
    if value is None:
        return 'None'
    name = type(value).__name__
    return f'{"an" if name[0].lower() in "aeiou" else "a"} {name}'
