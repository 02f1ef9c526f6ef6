"""What a job is, and the check of the `train` command that asks for one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from .errors import TrainerError
from .layout import LINEAR_LAYERS
from .objective import Dpo, Grpo, Objective, Supervised

Schedule = Literal['constant', 'linear', 'cosine']
Command = Mapping[str, object]

_KEYS = (
    'type',
    'job',
    'rows',
    'out',
    'parent',
    'epochs',
    'learning_rate',
    'schedule',
    'batch_size',
    'rank',
    'alpha',
    'targets',
    'seed',
    'method',
    'beta',
    'clip',
)
_OF_METHOD: Mapping[str, tuple[str, ...]] = {'supervised': (), 'dpo': ('beta',), 'grpo': ('clip',)}
"""The methods, and the keys that they alone have."""


@dataclass(frozen=True)
class Job:
    """One training job, every hyper-parameter as the caller gave it."""

    id: str
    rows: Path
    out: Path
    """Folder to make: `peft/` and `adapter.gguf` lie in it when the job is done, and nothing before."""
    parent: Path | None
    """PEFT folder of the adapter to go on from."""
    epochs: int
    learning_rate: float
    schedule: Schedule
    batch_size: int
    rank: int
    alpha: float
    targets: tuple[str, ...]
    """Names of linear layers, sorted; `all-linear` is all seven of them."""
    seed: int
    objective: Objective


def parse_job(command: Command) -> Job:
    """Checks a `train` command. Raises TrainerError with the key's name and the values it may have."""
    unknown = sorted(set(command) - set(_KEYS))
    if unknown:
        raise TrainerError(f'{unknown[0]}: unknown key; known are {", ".join(_KEYS)}')
    parent = command.get('parent')
    return Job(
        id=_text(command, 'job'),
        rows=Path(_text(command, 'rows')),
        out=Path(_text(command, 'out')),
        parent=None if parent is None else Path(_text(command, 'parent')),
        epochs=_whole(command, 'epochs', 1, 10_000),
        learning_rate=_positive(command, 'learning_rate'),
        schedule=_schedule(command),
        batch_size=_whole(command, 'batch_size', 1, 4096),
        rank=_whole(command, 'rank', 1, 1024),
        alpha=_positive(command, 'alpha'),
        targets=_targets(command),
        seed=_whole(command, 'seed', 0, 2**63 - 1),
        objective=_objective(command),
    )


@dataclass(frozen=True)
class Conversion:
    """An adapter from elsewhere that is to be served: a PEFT folder, and the folder to make of it."""

    id: str
    peft: Path
    out: Path


def parse_conversion(command: Command) -> Conversion:
    """Checks a `convert` command. Raises TrainerError with the key's name and the values it may have."""
    return Conversion(id=_text(command, 'job'), peft=Path(_text(command, 'peft')), out=Path(_text(command, 'out')))


def _given(command: Command, key: str) -> object:
    if key not in command:
        raise TrainerError(f'{key}: missing')
    return command[key]


def _text(command: Command, key: str) -> str:
    value = _given(command, key)
    if not isinstance(value, str) or not value:
        raise TrainerError(f'{key}: expected a text that is not empty, got {value!r}')
    return value


def _whole(command: Command, key: str, low: int, high: int) -> int:
    value = _given(command, key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TrainerError(f'{key}: expected a whole number from {low} to {high}, got {value!r}')
    return value


def _positive(command: Command, key: str) -> float:
    value = _given(command, key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(cast(float, value)) or cast(float, value) <= 0:
        raise TrainerError(f'{key}: expected a number above 0, got {value!r}')
    return float(cast(float, value))


def _schedule(command: Command) -> Schedule:
    value = _given(command, 'schedule')
    if value not in get_args(Schedule):
        raise TrainerError(f'schedule: expected one of {", ".join(get_args(Schedule))}, got {value!r}')
    return cast(Schedule, value)


def _objective(command: Command) -> Objective:
    method = command.get('method', 'supervised')
    if not isinstance(method, str) or method not in _OF_METHOD:
        raise TrainerError(f'method: expected one of {", ".join(_OF_METHOD)}, got {method!r}')
    for other, keys in _OF_METHOD.items():
        for key in keys:
            if other == method and key not in command:
                raise TrainerError(f'{key}: missing; the method {method} needs it')
            if other != method and key in command:
                raise TrainerError(f'{key}: is for the method {other}; leave it out for {method}')
    if method == 'dpo':
        return Dpo(_positive(command, 'beta'))
    return Grpo(*_clip(command)) if method == 'grpo' else Supervised()


def _clip(command: Command) -> tuple[float, float]:
    value = _given(command, 'clip')
    if not isinstance(value, list) or len(value) != 2:
        raise TrainerError(f'clip: expected a list of two numbers, low and high, got {value!r}')
    low, high = (_positive({'clip': bound}, 'clip') for bound in value)
    if low >= 1:
        raise TrainerError(f'clip: expected a low below 1, got {low!r}')
    return low, high


def _targets(command: Command) -> tuple[str, ...]:
    value = _given(command, 'targets')
    if value == 'all-linear':
        return tuple(sorted(LINEAR_LAYERS))
    if isinstance(value, list) and value and all(isinstance(name, str) and name in LINEAR_LAYERS for name in value):
        return tuple(sorted(set(value)))
    raise TrainerError(f'targets: expected "all-linear" or a list of {", ".join(LINEAR_LAYERS)}, got {value!r}')
