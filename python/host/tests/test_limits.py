"""Values nested without end are errors of their row, and never an overflow of the stack."""

from __future__ import annotations

import pytest

from bettertogether_host.plain import NESTING_AT_MOST, plain, plain_fields


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_nests_up_to_the_limit() -> None:
    value = nested(NESTING_AT_MOST)
    assert plain(value) == value
    assert plain_fields({'a': {'b': nested(NESTING_AT_MOST - 1)}})['a']['b'] == nested(NESTING_AT_MOST - 1)


@pytest.mark.parametrize('depth', [NESTING_AT_MOST + 1, 100_000])
def test_refuses_what_is_deeper(depth: int) -> None:
    with pytest.raises(ValueError, match='nests deeper than 100 levels'):
        plain(nested(depth))


def test_tells_what_contains_itself() -> None:
    value: list = []
    value.append(value)
    assert plain(value) == ['(contains itself)']
