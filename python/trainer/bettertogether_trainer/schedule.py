"""Learning-rate schedules."""

from __future__ import annotations

import math

from .job import Schedule

WARMUP = 0.05
"""Share of the steps over which `linear` and `cosine` rise to the full rate; at least one step."""


def factor(schedule: Schedule, step: int, steps: int) -> float:
    """What the learning rate is multiplied by at `step`, counted from 0, of `steps`. `constant` has no warm-up."""
    if schedule == 'constant':
        return 1.0
    warm = min(1.0, (step + 1) / max(1, int(WARMUP * steps)))
    done = step / steps
    return warm * (1 - done if schedule == 'linear' else (1 + math.cos(math.pi * done)) / 2)
