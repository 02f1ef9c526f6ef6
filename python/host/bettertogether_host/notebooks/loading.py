"""Writes the module of a notebook, and runs it as the notebook would be: from its own folder."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from ..shown_path import relative
from .module import FOLDER, NotebookModule, module_of
from .places import know

# By the file that was made of the notebook: a process has one module of each.
_loaded: dict[str, ModuleType] = {}
_digests: dict[str, str] = {}


class Notebooks:
    """The notebooks that a process takes names out of."""

    def __init__(self, workspace: str, given: Sequence[Mapping[str, Any]]) -> None:
        """
        Args:
            given: `GivenNotebook`s of src/host/protocol.ts.
        """
        self._workspace = workspace
        self._given = {os.path.realpath(each['file']): each for each in given}

    def has(self, file: str) -> bool:
        return file in self._given

    def writer_of(self, module: str) -> str | None:
        """The cell that writes the file of a module when a kernel runs it (`%%writefile helpers.py`)."""
        for file, notebook in self._given.items():
            for left in notebook['leftOut']:
                if os.path.basename(left.get('writes', '')) == f'{module}.py':
                    return f'{file}, cell {left["cell"]}'
        return None

    def load(self, file: str) -> ModuleType:
        """
        Raises:
            GatherError: naming cell and line.
            BaseException: of the cells' own code.
        """
        gathered = module_of({**self._given[file], 'file': file})
        made = gathered.file_in(self._workspace)
        if made in _loaded:
            return _loaded[made]
        _write(made, gathered.text)
        _keep_out_of_commits(os.path.join(self._workspace, FOLDER[0]))
        know(made, file, gathered.places)
        _digests[made] = gathered.digest
        sys.stderr.write(f'{told(gathered, relative(made, self._workspace))}\n')
        with in_folder(os.path.dirname(file)):
            _loaded[made] = _executed(made, gathered.text)
        return _loaded[made]


def is_made(file: str) -> bool:
    """Whether a file was made of a notebook."""
    return file in _digests


def digest_of(file: str) -> str:
    """SHA-256 of the code that a file which was made of a notebook has from its cells."""
    return _digests[file]


@contextmanager
def in_folder(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _write(file: str, text: str) -> None:
    """As a whole, or not at all: other processes of the run write the same."""
    data = text.encode()
    with suppress(OSError), open(file, 'rb') as stream:
        if stream.read() == data:
            return
    folder = os.path.dirname(file)
    os.makedirs(folder, exist_ok=True)
    descriptor, waiting = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, 'wb') as stream:
            stream.write(data)
        os.replace(waiting, file)
    except BaseException:
        with suppress(OSError):
            os.remove(waiting)
        raise


def _keep_out_of_commits(folder: str) -> None:
    """As the run process does with its own folder."""
    with suppress(FileExistsError), open(os.path.join(folder, '.gitignore'), 'x', encoding='utf-8') as stream:
        stream.write('*\n')


def _executed(file: str, text: str) -> ModuleType:
    """Under a name of its own: `import helpers` in `helpers.ipynb` finds the file beside it. Cells may `await`."""
    name = re.sub(r'\W', '_', os.path.splitext(os.path.basename(file))[0]) + '_notebook'
    while name in sys.modules:
        name += '_'
    module = ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    code = compile(text, file, 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    try:
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, module.__dict__))
        else:
            exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def told(made: NotebookModule, lies: str) -> str:
    """What was gathered, for people; `bettertogether notebook` shows it."""
    pieces, left = made.gathered.pieces, made.gathered.left_out
    taken = sorted({unit.place.cell for unit, _ in pieces})
    only_left = sorted({each.place.cell for each in left}.difference(taken))
    statements = f'{len(pieces)} statement{"" if len(pieces) == 1 else "s"}'
    rest = f'; nothing of {_cells(only_left)}' if only_left else ''
    are = 'is' if len(pieces) == 1 else 'are'
    said = f'{os.path.basename(made.notebook)}: {statements} of {_cells(taken)} {are} gathered for the run{rest}'
    return '\n'.join([f'{said} (`bettertogether notebook` shows them; {lies})', *made.gathered.notes])


def _cells(numbers: Sequence[int]) -> str:
    """`cells 2, 5-7 and 9`."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    texts = [str(first) if first == last else f'{first}-{last}' for first, last in ranges]
    listed = texts[0] if len(texts) == 1 else f'{", ".join(texts[:-1])} and {texts[-1]}' if texts else 'no cell'
    return f'{"cell" if len(numbers) == 1 else "cells"} {listed}' if texts else listed
