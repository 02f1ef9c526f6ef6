"""
Each kind of value as a demo: as our host writes it for records, the text that DSPy's own `save` writes of it, and
whether its `load` gives the value back.
"""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import sys
import tempfile
import typing
import uuid

import dspy
import pydantic

sys.path.insert(0, sys.argv[1])
from bettertogether_host.exact import exact_fields


class Mood(enum.Enum):
    GOOD = 'good'


class Level(enum.IntEnum):
    LOW = 1


class Dog(pydantic.BaseModel):
    born: datetime.date = datetime.date(2020, 1, 1)
    weight: float = 9.0


@dataclasses.dataclass
class Point:
    x: float
    at: datetime.date


class Pair(typing.NamedTuple):
    a: int
    b: float


KINDS = {
    'a text': 'x',
    'Enum': Mood.GOOD,
    'IntEnum': Level.LOW,
    'a pydantic model': Dog(),
    'a dataclass': Point(2.0, datetime.date(2024, 1, 31)),
    'a NamedTuple': Pair(1, 2.0),
    'datetime with a time zone': datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.timezone.utc),
    'datetime': datetime.datetime(2024, 1, 31, 12, 0, 0, 5),
    'date': datetime.date(2024, 1, 31),
    'time': datetime.time(12, 30),
    'timedelta': datetime.timedelta(days=1),
    'Decimal': decimal.Decimal('1.50'),
    'UUID': uuid.UUID(int=7),
    'Path': pathlib.Path('a/b'),
    'bytes': b'abc',
    'tuple': (1, 2.0),
    'set': {1},
    'frozenset': frozenset({1}),
    'an integer beyond 2^53': 1610521604143693812,
    'an integer beyond 64 bits': 2**70,
    'NaN': math.nan,
    'infinity': -math.inf,
    '2.0': 2.0,
    '-0.0': -0.0,
    '1e22': 1e22,
    '2 and 2.0 in a list': [2, 2.0, 0.1],
    'None': None,
    'a dict with numbers as keys': {1: 'a'},
    'an Example': dspy.Example(deep=2.0),
    'a text with a lone surrogate': 'a\ud800',
}


def saved(value: object) -> tuple[str | None, bool]:
    """The demo as it stands in the file, and whether it is loaded as it was; `None` where DSPy raises."""
    program, loaded = dspy.Predict('value -> out'), dspy.Predict('value -> out')
    program.demos = [dspy.Example(value=value, out='said')]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, 'state.json')
        try:
            program.save(str(file))
        except Exception:
            return None, False
        loaded.load(str(file))
        text = json.dumps(json.loads(file.read_text('utf-8'))['demos'][0]['value'])
    return text, repr(loaded.demos[0]['value']) == repr(value)


def told(value: object) -> dict[str, object]:
    text, same = saved(value)
    return {'fields': exact_fields({'value': value}), 'saved': text, 'same': same}


print(json.dumps({kind: told(value) for kind, value in KINDS.items()}))
