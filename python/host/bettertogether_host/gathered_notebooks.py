"""What is gathered of notebooks, for people to see; nothing of them is run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .notebooks.module import NotebookModule, module_of


def show_notebooks(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Args:
        params: `GatherParams` of src/host/protocol.ts.

    Returns:
        `GatheredNotebook`s.

    Raises:
        GatherError: naming cell and line.
    """
    workspace = os.path.realpath(params['workspace'])
    return [_shown(module_of(each), workspace) for each in params['notebooks']]


def _shown(made: NotebookModule, workspace: str) -> dict[str, Any]:
    gathered = made.gathered
    return {
        'notebook': made.notebook,
        'file': made.file_in(workspace),
        'text': made.text,
        'statements': [
            {'cell': unit.place.cell, 'line': unit.place.line, 'lines': len(lines)} for unit, lines in gathered.pieces
        ],
        'leftOut': [{'cell': each.place.cell, 'line': each.place.line, 'why': each.why} for each in gathered.left_out],
        'notes': list(gathered.notes),
    }
