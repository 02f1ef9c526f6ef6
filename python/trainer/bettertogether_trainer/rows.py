"""Training rows as token ids."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .errors import TrainerError


@dataclass(frozen=True)
class Row:
    """Token ids of the masked part and of the part that is trained on, end token included."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        return self.prompt + self.completion

    @property
    def sequences(self) -> tuple[Row, ...]:
        """What the model reads for this row."""
        return (self,)


@dataclass(frozen=True)
class Scored(Row):
    """An answer and how much better than others it is, 0 for neither."""

    advantage: float


@dataclass(frozen=True)
class Pair:
    """Two answers to a prompt, of which `completion` is preferred; token ids, end tokens included."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]
    rejected: tuple[int, ...]

    @property
    def sequences(self) -> tuple[Row, ...]:
        """What the model reads for this pair: the preferred answer, then the other."""
        return Row(self.prompt, self.completion), Row(self.prompt, self.rejected)


Example = Row | Pair | Scored
T = TypeVar('T', Row, Pair, Scored)


def read_rows(file: Path, context: int, vocabulary: int, kind: type[T]) -> list[T]:
    """Reads a JSONL file of objects with the fields of `kind`: lists of token ids, and for `advantage` a number.

    A row is never trimmed: one that is longer than `context` tokens, like any other unfit row, is a TrainerError that
    names file and line. Rows beyond 2,048 tokens or so need a lot of memory: nothing here cuts them for that.
    """
    try:
        lines = file.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainerError(f'rows: cannot read {file}: {error}') from error
    rows = [
        _row(line, f'rows: {file} line {number}', context, vocabulary, kind)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not rows:
        raise TrainerError(f'no rows: {file} is empty')
    return rows


def check_length(row: Example, place: str, context: int) -> None:
    """Raises TrainerError for a row that has more tokens than the model's context; `place` is file and line."""
    longest = max(len(sequence.tokens) for sequence in row.sequences)
    if longest > context:
        raise TrainerError(f"{place}: {longest} tokens do not fit into the model's context of {context}")


def _row(line: str, place: str, context: int, vocabulary: int, kind: type[T]) -> T:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise TrainerError(f'{place}: not JSON: {error}') from error
    names = list(kind.__dataclass_fields__)
    if not isinstance(value, dict):
        raise TrainerError(f'{place}: expected an object with {", ".join(names[:-1])} and {names[-1]}')
    row = kind(
        **{
            name: advantage_of(value, place) if name == 'advantage' else _ids(value, name, place, vocabulary)
            for name in names
        }
    )
    check_length(row, place, context)
    return row


def _ids(row: dict[str, object], key: str, place: str, vocabulary: int) -> tuple[int, ...]:
    value = row.get(key)
    if not isinstance(value, list) or not value:
        raise TrainerError(f'{place}: {key}: expected a list of token ids that is not empty')
    for token in value:
        if isinstance(token, bool) or not isinstance(token, int) or not 0 <= token < vocabulary:
            raise TrainerError(f'{place}: {key}: expected token ids from 0 to {vocabulary - 1}, got {token!r}')
    return tuple(value)


def advantage_of(row: dict[str, object], place: str) -> float:
    """The row's advantage; `place`, file and line, is named where it is none."""
    value = row.get('advantage')
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TrainerError(f'{place}: advantage: expected a number, got {value!r}')
    return float(value)
