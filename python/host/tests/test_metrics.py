"""The built-in metrics are those of TypeScript: both are held to the same table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bettertogether_host.metrics import MetricFieldError, built_in_metric

CASES = json.loads((Path(__file__).parents[3] / 'test' / 'fixtures' / 'metricCases.json').read_text(encoding='utf-8'))


@pytest.mark.parametrize(('spec', 'gold', 'said', 'score'), CASES)
def test_the_table(spec: str, gold: Any, said: Any, score: Any) -> None:
    metric = built_in_metric(spec)
    assert metric is not None
    assert metric({'answer': gold}, {'answer': said}) == pytest.approx(score, abs=1e-12)


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
