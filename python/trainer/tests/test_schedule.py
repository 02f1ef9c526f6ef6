from __future__ import annotations

import math

import pytest

from bettertogether_trainer.schedule import factor


def test_constant_has_no_warm_up() -> None:
    assert [factor('constant', step, 100) for step in (0, 50, 99)] == [1, 1, 1]


def test_linear_rises_over_a_twentieth_and_falls_to_nothing() -> None:
    assert [factor('linear', step, 100) for step in (0, 4, 50, 99)] == pytest.approx([0.2, 0.96, 0.5, 0.01])


def test_cosine() -> None:
    assert factor('cosine', 50, 100) == pytest.approx(0.5)
    assert factor('cosine', 25, 100) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert factor('cosine', 0, 100) == pytest.approx(0.2)


def test_a_job_of_one_step_trains() -> None:
    assert [factor(schedule, 0, 1) for schedule in ('constant', 'linear', 'cosine')] == [1, 1, 1]
