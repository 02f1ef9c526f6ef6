"""Data sets built in code: `file.py#name`, a list of examples or a function that returns one."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

import dspy

from .dataset_forms import Origin, gathered, kind_of, rows_of
from .live import LiveRows, is_of_class_alone, is_of_own_kind, row_fields, tell_of_lost_class
from .loading import arguments_of, take
from .notebooks.places import place_in_source
from .shown_path import relative
from .sources import Loader, parse_code_path
from .user_errors import LoadError, text_of, user_frame


def read_datasets(params: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of each data set in `params`, in order: `DatasetRow`s of src/host/protocol.ts.

    Raises:
        LoadError: written for the user.
    """
    workspace = os.path.realpath(params['workspace'])
    loader = Loader(workspace, params.get('notebooks') or ())
    return [
        [_row(_name(spec, workspace), row) for row in load_rows(spec, workspace, loader)]
        for spec in params['datasets']
    ]


def keep_rows(
    rows: LiveRows,
    expected: Mapping[str, Mapping[str, str]],
    workspace: str,
    notebooks: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Loads the data sets whose rows the run names, for this process to have their very objects.

    Args:
        expected: `InitializeParams.rows` of src/host/protocol.ts.
        notebooks: `InitializeParams.notebooks`.

    Raises:
        LoadError: written for the user.
    """
    loader = Loader(workspace, notebooks)
    for spec, hashes in expected.items():
        try:
            made = [row if is_of_own_kind(row) else _values(row) for row in load_rows(spec, workspace, loader)]
        except LoadError as error:
            if not all(map(is_of_class_alone, hashes.values())):
                raise
            said = str(error)
            tell_of_lost_class(f'{said}{"" if said.endswith(".") else "."} Each row')
            continue
        rows.keep(_name(spec, workspace), made, hashes)


def _name(spec: str, workspace: str) -> str:
    """As records name a data set, wherever the workspace lies."""
    path = parse_code_path(spec, workspace, 'data set')
    return f'{relative(path.file, workspace)}#{path.name}'.replace(os.sep, '/')


def load_rows(spec: str, workspace: str, loader: Loader) -> list[Any]:
    """The rows of `file.py#name` as code made them: `dspy.Example`s or mappings.

    Raises:
        LoadError: written for the user.
    """
    path = parse_code_path(spec, workspace, 'data set')
    module = loader.load(path.file)
    value = take(module, path, 'data set')
    called = callable(value) and not isinstance(value, Iterable)
    origin = Origin(spec, path.file, path.name, called, frozenset(vars(module)))
    if called:
        _takes_nothing(value, origin)
    rows = _made(lambda: list(rows_of(_awaited(value() if called else value), origin)), origin, workspace)
    return [_checked(row, number, spec, path.file) for number, row in enumerate(rows, 1)]


def _takes_nothing(make: Any, origin: Origin) -> None:
    """
    Raises:
        LoadError: for a function that wants arguments, which no one could give.
    """
    wanted = arguments_of(make)
    if wanted:
        raise LoadError(
            f'{origin.spec} takes {", ".join(wanted)}, and a function that makes a data set is called with nothing. '
            f'Write one function per split in {os.path.basename(origin.file)}, such as `def {origin.free("train")}(): '
            f"return {origin.name}({', '.join(['…'] * len(wanted))})`, and name that.",
            origin.file,
        )


def _made(make: Callable[[], list[Any]], origin: Origin, workspace: str) -> list[Any]:
    """
    Raises:
        LoadError: naming the line at which making the rows failed, or what came in their place.
    """
    try:
        return make()
    except LoadError:
        raise
    except (Exception, SystemExit) as error:
        frame = user_frame(error, workspace)
        place = origin.file if frame is None else str(place_in_source(*frame))
        raise LoadError(
            f'Making the data set {origin.spec} failed at {place}: {text_of(error)}', *(frame or (origin.file,))
        ) from error


def _awaited(value: Any) -> Any:
    """What is asynchronous, to its end: a coroutine's result, an asynchronous generator's rows."""
    if isinstance(value, AsyncIterator):
        return asyncio.run(gathered(value))
    return asyncio.run(_result(value)) if inspect.isawaitable(value) else value


async def _result(value: Any) -> Any:
    made = await value
    return await gathered(made) if isinstance(made, AsyncIterator) else made


def _checked(row: Any, number: int, spec: str, file: str) -> Any:
    if isinstance(row, (dspy.Example, Mapping)):
        return row
    if isinstance(row, tuple) and hasattr(row, '_asdict'):  # pandas' itertuples
        return row._asdict()
    if hasattr(row, 'index') and hasattr(row, 'to_dict'):  # pandas' iterrows
        return row.to_dict()
    hint = _as_examples(row)
    if isinstance(row, tuple) and len(row) == 2 and hasattr(row[1], 'to_dict'):
        hint = ' Pairs of index and row are what a data frame\'s iterrows() gives: return the frame itself.'
    raise LoadError(f'Row {number} of {spec} is {kind_of(row)}, which is neither a dspy.Example nor a dict.{hint}', file)


def _as_examples(row: Any) -> str:
    if hasattr(row, 'model_dump'):
        return ' Write `dspy.Example(**row.model_dump())` for each.'
    if dataclasses.is_dataclass(row):
        return ' Write `dspy.Example(**dataclasses.asdict(row))` for each.'
    if isinstance(row, (tuple, list)):
        return " Name its values: `dict(zip(('question', 'answer'), row))` for each."
    return ''


def _values(row: Any) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _row(spec: str, row: Any) -> dict[str, Any]:
    fields, digest = row_fields(spec, row if is_of_own_kind(row) else _values(row))
    marked = getattr(row, '_input_keys', None) if isinstance(row, dspy.Example) else None
    if marked is None:
        inputs = {}
    else:  # where there are none of them, the run names one
        inputs = {'inputs': [name for name in fields if name in marked] or sorted(map(str, marked))}
    return {'fields': fields, **inputs, **_hashed(digest)}


def _hashed(digest: str | None) -> dict[str, str]:
    if digest is None:
        return {}
    return {'classHash' if is_of_class_alone(digest) else 'hash': digest}
