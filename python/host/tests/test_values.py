"""Each kind of value, in each place it can come to: the host asks what DSPy alone asks, byte for byte, and scores alike."""

from __future__ import annotations

import importlib.util
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import dspy
import pytest

from .harness import HostProcess, chat, start_state
from .test_exact import carried

VALUES = """
    import dataclasses, datetime, decimal, enum, math, pathlib, typing, uuid
    import dspy
    import pydantic
    import typing_extensions

    class Mood(enum.Enum):
        GOOD = 'good'
        BAD = 'bad'

    class Level(enum.IntEnum):
        LOW = 1

    class Cat(pydantic.BaseModel):
        kind: typing.Literal['cat'] = 'cat'
        lives: float = 9.0

    class Dog(pydantic.BaseModel):
        kind: typing.Literal['dog'] = 'dog'
        born: datetime.date = datetime.date(2020, 1, 1)

    class Home(pydantic.BaseModel):
        pet: typing.Union[Cat, Dog] = pydantic.Field(discriminator='kind')
        owner: typing.Optional[str] = pydantic.Field(alias='ownerName', default=None)

    @dataclasses.dataclass
    class Point:
        x: float
        at: datetime.date

    class Pair(typing.NamedTuple):
        a: int
        b: float

    class Shape(typing_extensions.TypedDict):
        sides: int
        area: float

    KINDS = {
        'Enum': (Mood, Mood.GOOD),
        'IntEnum': (Level, Level.LOW),
        'list of Enum': (list[Mood], [Mood.GOOD, Mood.BAD]),
        'pydantic': (Home, Home(pet=Dog(), ownerName='Ada')),
        'dataclass': (Point, Point(2.0, datetime.date(2024, 1, 31))),
        'NamedTuple': (Pair, Pair(1, 2.0)),
        'TypedDict': (Shape, {'sides': 3, 'area': 2.0}),
        'datetime': (datetime.datetime, datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.timezone.utc)),
        'date': (datetime.date, datetime.date(2024, 1, 31)),
        'timedelta': (datetime.timedelta, datetime.timedelta(days=1, seconds=2)),
        'Decimal': (decimal.Decimal, decimal.Decimal('1.50')),
        'UUID': (uuid.UUID, uuid.UUID(int=7)),
        'Path': (pathlib.Path, pathlib.Path('a/b')),
        'bytes': (bytes, b'abc'),
        'tuple': (tuple[int, float], (1, 2.0)),
        'set': (set[int], {3, 1, 2}),
        'frozenset': (frozenset[int], frozenset({3, 1})),
        'integer beyond 2^53': (int, 1610521604143693812),
        'NaN': (float, math.nan),
        'infinity': (float, -math.inf),
        'float without a fraction': (float, 2.0),
        'floats in a list': (list[float], [1.0, 0.5]),
        'None': (typing.Optional[str], None),
        'text of a date': (str, '2024-01-31'),
        'Example': (typing.Any, dspy.Example(deep=2.0)),
        'History': (dspy.History, dspy.History(messages=[{'question': 'q', 'answer': 2.0}])),
    }

    try:
        import numpy
        KINDS['numpy scalar'] = (typing.Any, numpy.float32(2.0))
        KINDS['numpy array'] = (typing.Any, numpy.array([[1.0, 2.5]]))
    except ImportError:
        pass
    try:
        import pandas
        KINDS['pandas timestamp'] = (typing.Any, pandas.Timestamp('2024-01-31T12:00:00.000000001'))
    except ImportError:
        pass

    def program_of(kind):
        annotation, _ = KINDS[kind]
        fields = {'value': (annotation, dspy.InputField()), 'out': (str, dspy.OutputField())}
        return dspy.Predict(dspy.make_signature(fields, 'Look at the value.'))

    def predicting(kind):
        annotation, _ = KINDS[kind]
        fields = {'ask': (str, dspy.InputField()), 'out': (annotation, dspy.OutputField())}
        return dspy.Predict(dspy.make_signature(fields, 'Give the value.'))

    def same(one, other):
        return type(one) is type(other) and repr(one) == repr(other)
"""

PROGRAM = """
    import dspy
    from values import KINDS, program_of, same

    program = program_of({kind!r})
    expected = KINDS[{kind!r}][1]
    train = [dspy.Example(value=expected, label=expected, out='said').with_inputs('value')]

    def metric(example, prediction, trace=None):
        return same(example.label, expected) and same(example.value, expected) and 'missing' not in example
"""


@pytest.fixture(scope='module')
def values(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp('values') / 'values.py'
    file.write_text(textwrap.dedent(VALUES), encoding='utf-8')
    spec = importlib.util.spec_from_file_location('values', file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['values'] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules['values']


KINDS = [
    *('Enum', 'IntEnum', 'list of Enum', 'pydantic', 'dataclass', 'NamedTuple', 'TypedDict', 'datetime', 'date'),
    *('timedelta', 'Decimal', 'UUID', 'Path', 'bytes', 'tuple', 'set', 'frozenset', 'integer beyond 2^53', 'NaN'),
    *('infinity', 'float without a fraction', 'floats in a list', 'None', 'text of a date', 'Example', 'History'),
]
# Where the interpreter has the library.
OPTIONAL = ['numpy scalar', 'numpy array', 'pandas timestamp']


def test_every_kind_is_tried_and_stands_in_the_docs(values: Any) -> None:
    assert set(values.KINDS) - set(OPTIONAL) == set(KINDS)
    table = Path(__file__).parents[3] / 'docs' / 'compatibility' / 'values.json'
    assert [row['kind'] for row in json.loads(table.read_text('utf-8'))] == [*KINDS, *OPTIONAL]


def refusal_of_dspy(program: Any, value: Any) -> str | None:
    """What DSPy alone raises for the input."""
    try:
        with dspy.context(lm=dspy.utils.DummyLM([{'out': 'said'}])):
            program(value=value)
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    return None


@pytest.mark.parametrize('kind', [*KINDS, *OPTIONAL])
def test_a_kind_is_what_it_is_under_dspy_alone(kind: str, values: Any, tmp_path: Path) -> None:
    if kind not in values.KINDS:
        pytest.skip('the library is not here')
    (tmp_path / 'values.py').write_text(textwrap.dedent(VALUES), encoding='utf-8')
    (tmp_path / 'program.py').write_text(textwrap.dedent(PROGRAM).format(kind=kind), encoding='utf-8')
    reader, host = HostProcess(lambda call: 'never'), HostProcess(lambda call: chat(out='said'))
    try:
        [[row]] = carried(reader.datasets(tmp_path, ['program.py#train']))
        rows = {'program.py#train': {'0': row['hash']}} if 'hash' in row else {}
        start = start_state(host.initialize(tmp_path, 'program.py#program', 'program.py#metric', rows=rows))
        host.put('start', start)
        fields = row['fields']
        inputs = {'value': fields['value']}
        own = values.program_of(kind).signature
        expected = values.KINDS[kind][1]
        adapter = dspy.ChatAdapter()

        outcome = carried(host.run(inputs, labels={'label': fields['label'], 'out': 'said'}, made=True))
        refused = refusal_of_dspy(values.program_of(kind), expected)
        if refused is not None:
            assert outcome['error']['message'] == refused
            return
        assert (outcome.get('error'), outcome['score']) == (None, 1), 'as input and as label'
        asked = host.calls[-1]['call']['prompt']['messages']
        assert asked == adapter.format(own, [], {'value': expected}), 'the prompt of an input'

        [call] = outcome['trace']
        augmented = {'fields': {**call['inputs'], **call['outputs']}, 'augmented': True}
        labelled = {'fields': fields, 'augmented': False}
        state = {**start['predictors']['self'], 'demos': [augmented, labelled]}
        host.put('demos', {'predictors': {'self': state}})
        host.run(inputs, 'demos', labels={'label': fields['label'], 'out': 'said'}, made=True)
        demos = [
            dspy.Example(augmented=True, value=expected, out='said'),
            dspy.Example(value=expected, label=expected, out='said'),
        ]
        asked = host.calls[-1]['call']['prompt']['messages']
        assert asked == adapter.format(own, demos, {'value': expected}), 'the prompt with demos'

        ask = {'predictor': 'self', 'state': start['predictors']['self'], 'inputs': call['inputs']}
        [made] = host.rows([{**ask, 'outputs': call['outputs']}])
        assert made['prompt']['messages'] == adapter.format(own, [], {'value': expected}), 'a training row'
    finally:
        reader.close()
        host.close()


PREDICTING = """
    import dspy
    from values import KINDS, predicting, same

    program = predicting({kind!r})

    def metric(example, prediction, trace=None):
        return repr(prediction.out) == example.shown and type(prediction.out).__name__ == example.type
"""


@pytest.mark.parametrize('kind', KINDS)
def test_a_prediction_is_what_it_is_under_dspy_alone(kind: str, values: Any, tmp_path: Path) -> None:
    """As DSPy parses it: the metric gets the same, and so does the prompt that has it in a demo."""
    (tmp_path / 'values.py').write_text(textwrap.dedent(VALUES), encoding='utf-8')
    (tmp_path / 'program.py').write_text(textwrap.dedent(PREDICTING).format(kind=kind), encoding='utf-8')
    own = values.predicting(kind).signature
    adapter = dspy.ChatAdapter()
    answer = adapter.format_assistant_message_content(own, {'out': values.KINDS[kind][1]})
    host = HostProcess(lambda call: answer)
    try:
        start = start_state(host.initialize(tmp_path, 'program.py#program', 'program.py#metric'))
        host.put('start', start)
        try:
            parsed = adapter.parse(own, answer)['out']
        except Exception:
            outcome = host.run({'ask': 'x'}, labels={'shown': '', 'type': ''})
            assert outcome['error']['kind'] == 'parse', 'DSPy cannot read it either'
            return
        labels = {'shown': repr(parsed), 'type': type(parsed).__name__}
        outcome = host.run({'ask': 'x'}, labels=labels)
        assert (outcome.get('error'), outcome['score']) == (None, 1)

        [call] = outcome['trace']
        demo = {'fields': {**call['inputs'], **call['outputs']}, 'augmented': True}
        host.put('demo', {'predictors': {'self': {**start['predictors']['self'], 'demos': [demo]}}})
        host.run({'ask': 'y'}, 'demo', labels=labels)
        demos = [dspy.Example(augmented=True, ask='x', out=parsed)]
        assert host.calls[-1]['call']['prompt']['messages'] == adapter.format(own, demos, {'ask': 'y'})
    finally:
        host.close()
