"""Training rows as token ids."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .errors import TrainerError


@dataclass(frozen=True)
class Row:
    """Token ids of the masked part and of the part that is trained on, end token included."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        return self.prompt + self.completion


def read_rows(file: Path, context: int, vocabulary: int) -> list[Row]:
    """Reads a JSONL file of `{"prompt": [ids], "completion": [ids]}`.

    A row is never trimmed: one that is longer than `context` tokens, like any other unfit row, is a TrainerError that
    names file and line. Rows beyond 2,048 tokens or so need a lot of memory: nothing here cuts them for that.
    """
    try:
        lines = file.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainerError(f'rows: cannot read {file}: {error}') from error
    rows = [
        _row(line, f'rows: {file} line {number}', context, vocabulary)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not rows:
        raise TrainerError(f'no rows: {file} is empty')
    return rows


def _row(line: str, place: str, context: int, vocabulary: int) -> Row:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise TrainerError(f'{place}: not JSON: {error}') from error
    if not isinstance(value, dict):
        raise TrainerError(f'{place}: expected an object with prompt and completion')
    row = Row(_ids(value, 'prompt', place, vocabulary), _ids(value, 'completion', place, vocabulary))
    if len(row.tokens) > context:
        raise TrainerError(f"{place}: {len(row.tokens)} tokens do not fit into the model's context of {context}")
    return row


def _ids(row: dict[str, object], key: str, place: str, vocabulary: int) -> tuple[int, ...]:
    value = row.get(key)
    if not isinstance(value, list) or not value:
        raise TrainerError(f'{place}: {key}: expected a list of token ids that is not empty')
    for token in value:
        if isinstance(token, bool) or not isinstance(token, int) or not 0 <= token < vocabulary:
            raise TrainerError(f'{place}: {key}: expected token ids from 0 to {vocabulary - 1}, got {token!r}')
    return tuple(value)
