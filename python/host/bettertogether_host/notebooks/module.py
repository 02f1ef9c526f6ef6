"""The module that is made of a notebook's cells, and the cell and line behind each of its lines."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .gather import IPYTHON, Gathered, gather
from .units import Place

FOLDER = ('.bettertogether', 'notebooks')


class NotebookModule(NamedTuple):
    notebook: str
    """Absolute path."""
    text: str
    places: tuple[Place | None, ...]
    """Of each line of `text`; `None`: a line of ours."""
    digest: str
    """SHA-256 (hex) of the code, wherever in the notebook it stands."""
    gathered: Gathered

    def file_in(self, workspace: str) -> str:
        """Where it lies once it is written: by its content, so that no process changes it under another."""
        name = re.sub(r'\W', '_', os.path.splitext(os.path.basename(self.notebook))[0])
        key = hashlib.sha256(f'{self.notebook}\n{self.text}'.encode()).hexdigest()[:16]
        return os.path.join(workspace, *FOLDER, key, f'{name}.py')


def module_of(notebook: Mapping[str, Any]) -> NotebookModule:
    """
    Args:
        notebook: a `GivenNotebook` of src/host/protocol.ts.

    Raises:
        GatherError: naming cell and line.
    """
    gathered = gather(notebook)
    file, name = notebook['file'], os.path.basename(notebook['file'])
    lines: list[str] = [f'# What a run needs of the cells of {name}: change those, not this.', '']
    places: list[Place | None] = [None, None]
    if gathered.ipython:
        own = [IPYTHON[each] for each in gathered.ipython]
        # A `__future__` comes first.
        lines += ['# What IPython has.', *own, ''] if not _has_future(gathered) else []
        places += [None] * (len(lines) - len(places))
    code: list[str] = []
    before: Place | None = None
    for unit, own_lines in gathered.pieces:
        place = unit.place
        if before is None or place.cell != before.cell or place.line != before.line + 1:
            heading = ['', f'# {name}, {place}'] if before is not None else [f'# {name}, {place}']
            lines += heading
            places += [None] * len(heading)
        lines += own_lines
        places += unit.places[: len(own_lines)]
        code += own_lines
        before = unit.places[len(own_lines) - 1]
    digest = hashlib.sha256('\n'.join(code).encode()).hexdigest()
    return NotebookModule(file, '\n'.join([*lines, '']), (*places, None), digest, gathered)


def _has_future(gathered: Gathered) -> bool:
    return any(piece.unit.is_future for piece in gathered.pieces)
