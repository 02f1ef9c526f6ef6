"""What versions before the newest do otherwise: the table docs/compatibility/olderDspy.json, by the names in it."""

from __future__ import annotations

import json
from pathlib import Path

import dspy
import pytest

TABLE = Path(__file__).parents[3] / 'docs' / 'compatibility' / 'olderDspy.json'
ROWS = {row['what']: row for row in json.loads(TABLE.read_text(encoding='utf-8'))}


def skip_where_older(what: str) -> None:
    """Leaves a test out that expects what a newer DSPy does, and says what the installed one does instead."""
    row = ROWS[what]
    if numbers_of(dspy.__version__) < numbers_of(row['before']):
        pytest.skip(f'DSPy {dspy.__version__}: {what}: {row["dspy"]}')


def numbers_of(version: str) -> tuple[int, ...]:
    """Major and minor version."""
    return tuple(int(part) for part in version.split('.')[:2])
