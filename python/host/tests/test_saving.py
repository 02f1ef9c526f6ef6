"""Which values a demo cannot have in an exported state: the same ones with `orjson` and without, as under DSPy 3.0."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import importlib.util
import re
import sys
import uuid
from types import ModuleType
from typing import Any

import pydantic
import pytest

from bettertogether_host import saving


class Mood(enum.Enum):
    GOOD = 'good'


class Odd(enum.Enum):
    """A member whose value is nothing that JSON has."""

    SPAN = datetime.timedelta(days=1)


class Dog(pydantic.BaseModel):
    born: datetime.date


@dataclasses.dataclass
class Point:
    x: Any


class Name(str):
    pass


def plain_saving() -> ModuleType:
    """The module as it is where `orjson` is not installed."""
    spec = importlib.util.spec_from_file_location('bettertogether_host.plain_saving', saving.__file__)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, 'orjson', None)
        spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize('module', [saving, plain_saving()], ids=['as installed', 'without orjson'])
@pytest.mark.parametrize(
    ('value', 'cause'),
    [
        (Mood.GOOD, None),
        ([Mood.GOOD], None),
        (Name('a'), None),
        (Dog(born=datetime.date(2020, 1, 1)), None),
        (Point(datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)), None),
        ({'at': datetime.time(12)}, None),
        (uuid.UUID(int=7), None),
        (Point(decimal.Decimal(1)), 'Decimal'),
        (Odd.SPAN, 'timedelta'),
        ([object()], 'object'),
        (Point({1}), 'set'),
        (Point, 'type'),
    ],
)
def test_a_value_is_refused_or_not(module: ModuleType, value: Any, cause: str | None) -> None:
    told = module.refusal(value)
    if cause is None:
        assert told is None
    else:
        # The module of a class is told or not, as `orjson` comes to know it.
        assert told is not None and re.fullmatch(rf'Type is not JSON serializable: (\w+\.)*{cause}', told)
