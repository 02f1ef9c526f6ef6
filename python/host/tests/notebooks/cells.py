"""Notebooks as the host gets them, out of cells that a test writes down."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from bettertogether_host.notebooks.errors import GatherError
from bettertogether_host.notebooks.gather import gather


def notebook(
    cells: str, *names: str, kind: str = 'jupyter', file: str = '/ws/qa.ipynb', left_out: list[Any] | None = None
) -> dict[str, Any]:
    """Cells are parted by lines of `---`, and numbered from 1."""
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    for number, cell in enumerate(textwrap.dedent(cells).strip('\n').split('\n---\n'), 1):
        for line, text in enumerate(cell.split('\n'), 1):
            lines.append(text)
            places.append((number, line))
    text = ''.join(f'{line}\n' for line in lines)
    return {'file': file, 'kind': kind, 'names': list(names), 'text': text, 'places': places, 'leftOut': left_out or []}


def taken(cells: str, *names: str, **more: Any) -> list[str]:
    """The first line of each statement that is gathered."""
    return [piece.lines[0] for piece in gather(notebook(cells, *names, **more)).pieces]


def refused(cells: str, *names: str, **more: Any) -> str:
    with pytest.raises(GatherError) as caught:
        gather(notebook(cells, *names, **more))
    return str(caught.value)
