"""The built-in metrics are those of TypeScript: both are held to the same table. What a metric may return."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import dspy
import pytest

from bettertogether_host.metrics import BUILT_IN, MetricFieldError, built_in_metric
from bettertogether_host.ratings import rating_of, score_of
from bettertogether_host.user_errors import MetricValueError, told

CASES = json.loads((Path(__file__).parents[3] / 'test' / 'fixtures' / 'metricCases.json').read_text(encoding='utf-8'))


@pytest.mark.parametrize(('spec', 'gold', 'said', 'score'), CASES)
def test_the_table(spec: str, gold: Any, said: Any, score: Any) -> None:
    metric = built_in_metric(spec)
    assert metric is not None
    assert metric({'answer': gold}, {'answer': said}) == pytest.approx(score, abs=1e-12)


def test_the_table_has_cases_of_each_metric_and_of_no_other() -> None:
    # TypeScript holds its own list to the same table.
    assert {spec.split(':')[0] for spec, *_ in CASES} == set(BUILT_IN)


def test_names() -> None:
    assert built_in_metric('program.py#metric') is None
    for spec, words in [('rouge:answer', 'Unknown metric'), ('f1', 'name one field'), ('f1:a:b', 'name one field')]:
        with pytest.raises(ValueError, match=words):
            built_in_metric(spec)


def test_missing_fields() -> None:
    metric = built_in_metric('exactMatch:answer')
    assert metric is not None
    with pytest.raises(MetricFieldError, match='prediction does not have'):
        metric({'answer': 'x'}, {'other': 'x'})
    with pytest.raises(MetricFieldError, match='holds no number'):
        built_in_metric('lastNumber:answer')({'answer': 'none'}, {'answer': '1'})  # type: ignore[misc]


class Item:
    """As a scalar of numpy's or torch's."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def item(self) -> Any:
        return self._value


@pytest.mark.parametrize(
    ('value', 'score'),
    [
        (True, 1),
        (Item(False), 0),
        (Item(0.5), 0.5),
        (Decimal('0.5'), 0.5),
        (Fraction(1, 4), 0.25),
        ({'score': 1.0, 'feedback': 'why'}, 1),
        (dspy.Prediction(score=Item(True), feedback='why'), 1),
    ],
)
def test_what_a_metric_may_return(value: Any, score: float) -> None:
    assert score_of(value, (0, 1), 'm', 0) == score


@pytest.mark.parametrize(
    ('value', 'told'),
    [
        (None, 'None'),
        ('yes', "the text 'yes'"),
        (7, '7'),
        (float('nan'), 'nan'),
        ((1.0, 'why'), 'a tuple'),
        ({'value': 1}, 'a dict without "score" (it has: value)'),
        ({}, 'a dict without "score" (it has: nothing)'),
        (dspy.Prediction(answer='x'), 'a Prediction'),
    ],
)
def test_what_is_no_score_is_told(value: Any, told: str) -> None:
    with pytest.raises(
        MetricValueError, match=re.escape(f'The metric m returned {told} for row 3. It must return True')
    ):
        score_of(value, (0, 1), 'm', 2)


@pytest.mark.parametrize(
    ('value', 'rating'),
    [
        (0.5, {'score': 0.5}),
        ({'score': 0.5, 'feedback': 'so so'}, {'score': 0.5, 'feedback': 'so so'}),
        (dspy.Prediction(score=0.5, feedback='so so'), {'score': 0.5, 'feedback': 'so so'}),
        (dspy.Prediction(score=0.5), {'score': 0.5}),
        ({'score': 0.5, 'feedback': None}, {'score': 0.5}),
    ],
)
def test_words_are_kept_beside_the_score(value: Any, rating: dict[str, Any]) -> None:
    assert rating_of(value, (0, 1), 'm', 0) == rating


def test_feedback_that_is_no_text_is_told() -> None:
    with pytest.raises(MetricValueError, match='returned 7 as the feedback for row 3. Feedback must be text'):
        rating_of({'score': 1, 'feedback': 7}, (0, 1), 'm', 2)


@pytest.mark.parametrize(('value', 'returned'), [(100.0, 100.0), (-1, -1), (float('nan'), None), ('100', None)])
def test_a_number_outside_of_the_range_goes_with_the_error(value: Any, returned: float | None) -> None:
    with pytest.raises(MetricValueError) as caught:
        rating_of(value, (0, 1), 'm', 2)
    assert told(caught.value, 'metric', '/w').get('returned') == returned
