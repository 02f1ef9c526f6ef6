"""Which cell and line of a notebook a line of the module is from that was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class SourcePlace(NamedTuple):
    file: str
    line: int | None
    cell: int | None = None
    """Of a notebook; `line` is the cell's then (of marimo, the file's)."""

    def __str__(self) -> str:
        if self.cell is not None:
            return f'{self.file}, cell {self.cell}, line {self.line}'
        return self.file if self.line is None else f'{self.file}:{self.line}'

    def fields(self) -> dict[str, Any]:
        """As the run process reads a place."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class _Known(NamedTuple):
    notebook: str
    lines: Sequence[tuple[int, int] | None]


_modules: dict[str, _Known] = {}


def know(file: str, notebook: str, lines: Sequence[tuple[int, int] | None]) -> None:
    """
    Args:
        lines: of each line of the module `file`, its cell and line there; `None` for a line that is no cell's.
    """
    _modules[file] = _Known(notebook, lines)


def place_in_source(file: str, line: int | None = None) -> SourcePlace:
    """A place as its author knows it."""
    known = _modules.get(file)
    if known is None:
        return SourcePlace(file, line)
    if line is None:
        return SourcePlace(known.notebook, None)
    found = next((each for each in known.lines[max(0, line - 1) :] if each is not None), None)
    return SourcePlace(known.notebook, None) if found is None else SourcePlace(known.notebook, found[1], found[0])


def source_file(file: str) -> str:
    """The notebook that a module was made of; of any other file itself."""
    known = _modules.get(file)
    return file if known is None else known.notebook
