"""Values that JSON cannot say exactly come back as they were."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import uuid
from typing import Any

import dspy
import pydantic
import pytest
from bettertogether_host.exact import Written, exact, read, revived, shown, tag_of
from bettertogether_host.live import LiveRows, row_fields
from bettertogether_host.plain import plain
from bettertogether_host.user_errors import LoadError

UTC = datetime.timezone.utc

WHOLE = [
    'text',
    '\ud800',
    None,
    True,
    3,
    -(2**70),
    2.0,
    0.5,
    -0.0,
    1e300,
    math.inf,
    -math.inf,
    datetime.date(2024, 1, 31),
    datetime.datetime(2024, 1, 31, 12, 30, 1, 5),
    datetime.datetime(2024, 1, 31, tzinfo=UTC),
    datetime.time(3, 4),
    datetime.timedelta(days=-1, microseconds=7),
    decimal.Decimal('1.50'),
    fractions.Fraction(1, 3),
    1 + 2j,
    uuid.UUID(int=5),
    pathlib.Path('a/b'),
    b'\x00\xff',
    (1, (2.0, 'x')),
    {1, 2},
    frozenset({'a'}),
    [1.0, 2, {'deep': (datetime.date(2024, 1, 1),)}],
    {1: 'a', (2, 3): 'b'},
    {'$exact': 'int', 'value': '5'},
]


def carried(json_: Any) -> Any:
    """As the run process gives it back: its numbers are doubles, and 2.0 is 2."""
    return json.loads(
        json.dumps(json_), parse_float=lambda text: int(float(text)) if float(text).is_integer() else float(text)
    )


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize('value', WHOLE, ids=repr)
def test_what_is_whole_comes_back_as_it_was(value: Any) -> None:
    assert Written(value).whole
    assert same(read(carried(exact(value))), value)


@pytest.mark.parametrize('value', [*WHOLE, math.nan], ids=repr)
def test_people_see_json_without_tags(value: Any) -> None:
    if not (isinstance(value, dict) and '$exact' in value):
        assert '$exact' not in json.dumps(shown(exact(value)))


def test_nan_comes_back() -> None:
    assert math.isnan(read(carried(exact(math.nan))))


class Mood(enum.Enum):
    GOOD = 'good'
    HALF = 2.0


class Card(pydantic.BaseModel):
    title: str = pydantic.Field(alias='cardTitle', default='')
    price: decimal.Decimal = decimal.Decimal('1.0')
    due: datetime.date | None = None


@dataclasses.dataclass
class Point:
    x: float
    at: datetime.date


Pair = collections.namedtuple('Pair', 'a b')

TYPED = [
    (Mood.GOOD, Mood),
    (Mood.HALF, Mood),
    ([Mood.GOOD], list[Mood]),
    (Card(cardTitle='T', due=datetime.date(2024, 1, 1)), Card),
    (Point(2.0, datetime.date(2024, 1, 1)), Point),
    ({'k': Point(1.0, datetime.date(2024, 1, 1))}, dict[str, Point]),
    (dspy.History(messages=[{'question': 'q', 'answer': 2.0}]), dspy.History),
]


@pytest.mark.parametrize(('value', 'annotation'), TYPED, ids=repr)
def test_objects_come_back_as_the_signature_says(value: Any, annotation: Any) -> None:
    back = revived({'x': carried(exact(value))}, {'x': annotation}, {}.__getitem__)['x']
    assert same(back, value)
    assert shown(carried(exact(value))) == carried(plain(value))


def test_histories_of_data_files() -> None:
    messages = [{'question': 'q', 'answer': 'a'}]
    histories = revived({'x': messages, 'y': messages}, {'x': dspy.History, 'y': dspy.History | None}, {}.__getitem__)
    assert histories == dict.fromkeys('xy', dspy.History(messages=messages))


def test_what_was_written_before_tags_reads_as_it_did() -> None:
    assert revived({'x': 'good', 'y': '2024-01-01'}, {'x': Mood, 'y': datetime.date}, {}.__getitem__) == {
        'x': Mood.GOOD,
        'y': datetime.date(2024, 1, 1),
    }


@pytest.mark.parametrize(
    'data',
    [{'$exact': 'os.system', 'value': 'x'}, {'$exact': 'int', 'value': '5', 'more': 1}, {'$exact': 3, 'value': 1}],
)
def test_data_that_looks_like_a_tag_stays_data(data: Any) -> None:
    assert tag_of(data) is None
    assert read(data) == data


def test_a_tag_with_a_wrong_value_is_what_people_see_of_it() -> None:
    assert read({'$exact': 'date', 'value': 'no date'}) == 'no date'


def test_rows_give_their_very_objects() -> None:
    values = {'card': Card(cardTitle='T'), 'n': 2.0}
    fields, digest = row_fields('rows.py#train', values)
    rows = LiveRows()
    rows.keep('rows.py#train', [values], {'0': str(digest)})
    assert revived(fields, {}, rows.value)['card'] is values['card']
    assert exact(values['card'], rows.tag) == fields['card']


def test_rows_that_another_load_makes_otherwise_are_named() -> None:
    made = [{'mood': Mood.GOOD, 'id': str(uuid.uuid4())} for _ in range(2)]
    with pytest.raises(LoadError, match=r'rows.py#train gave other rows when it was loaded a second time: row 2 '):
        LiveRows().keep(
            'rows.py#train', made, {'0': str(row_fields('rows.py#train', made[0])[1]), '1': 'of another load'}
        )


def test_a_rows_hash_is_the_same_in_every_process() -> None:
    class Client:
        pass

    one, other = ({'client': Client(), 'tags': {'a', 'b', 'c'}} for _ in range(2))
    assert row_fields('r', one)[1] == row_fields('r', other)[1]


def test_rows_with_other_types_have_other_hashes() -> None:
    assert row_fields('r', {'x': Mood.GOOD, 'y': Mood.GOOD})[1] != row_fields('r', {'x': Mood.GOOD, 'y': 'good'})[1]
