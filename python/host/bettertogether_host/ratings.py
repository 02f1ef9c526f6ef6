"""What a metric returned, as a score and feedback: src/host/node/score.ts."""

from __future__ import annotations

import math
from typing import Any

import dspy

from .user_errors import MetricValueError


def rating_of(value: Any, allowed: tuple[float, float], metric: str, row: int) -> dict[str, Any]:
    """`score`, and `feedback` where the metric gave words: src/host/node/score.ts.

    Raises:
        MetricValueError: naming metric, value and row.
    """
    score = score_of(value, allowed, metric, row)
    words = value.get('feedback') if isinstance(value, dict) else None
    if not isinstance(value, dict) and hasattr(value, 'score'):
        words = getattr(value, 'feedback', None)
    if words is None or words == '':
        return {'score': score}
    if isinstance(words, str):
        return {'score': score, 'feedback': words}
    raise MetricValueError(
        f'The metric {metric} returned {_told_value(words)} as the feedback for row {row + 1}. Feedback must be text.'
    )


def score_of(value: Any, allowed: tuple[float, float], metric: str, row: int) -> float:
    """What a metric returned, as a score: src/host/node/score.ts.

    Raises:
        MetricValueError: naming metric, value and row.
    """
    if isinstance(value, dict) and 'score' in value:
        value = value['score']
    elif not isinstance(value, (bool, int, float, str)) and hasattr(value, 'score'):
        value = value.score  # dspy.Prediction(score=…, feedback=…)
    if hasattr(value, 'item') and callable(value.item):
        value = value.item()  # a number of numpy's
    elif not isinstance(value, (bool, int, float, dspy.Example)) and hasattr(type(value), '__float__'):
        value = float(value)  # Decimal, Fraction
    low, high = allowed
    if isinstance(value, bool):
        return high if value else low
    if isinstance(value, (int, float)) and low <= value <= high:
        return value
    raise MetricValueError(
        f'The metric {metric} returned {_told_value(value)} for row {row + 1}. It must return True, False or a '
        f'number from {low:g} to {high:g} ("metricRange"), or a dict or dspy.Prediction of such a score and feedback.',
        value if isinstance(value, (int, float)) and math.isfinite(value) else None,
    )


def _told_value(value: Any) -> str:
    if value is None:
        return 'None'
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return f'a dict without "score" (it has: {", ".join(map(str, value)) or "nothing"})'
    return f'the text {value[:40]!r}' if isinstance(value, str) else f'a {type(value).__name__}'
