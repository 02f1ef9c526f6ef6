"""Data sets built in code."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .harness import HostProcess, RemoteError, fills_in

DATA = """
    import dspy
    import pydantic

    class Card(pydantic.BaseModel):
        title: str

    print('noise')
    card = Card(title='T')
    rows = [dspy.Example(question=f'q{i}', card=card, answer=i) for i in range(2)]
    train = [row.with_inputs('question', 'card') for row in rows]
    plain = ({'question': 'q', 'answer': 'a'}, dspy.Example(question='r', answer='b'))

    def made():
        for row in train:
            yield row

    async def later():
        return train[:1]

    number = 3
    text = 'rows'
    mixed = [train[0], 4]

    def broken():
        return train[7]
"""

# What each gives, and whether it is rows or the words it is told with.
FORMS = """
    import dspy
    import pandas
    from pathlib import Path

    import dataclasses, pydantic

    class Model(pydantic.BaseModel):
        question: str

    @dataclasses.dataclass
    class Record:
        question: str

    pairs = [('q', 'a')]
    models = [Model(question='q')]
    records = [Record('q')]
    dicts = [{'question': f'q{i}', 'answer': i} for i in range(3)]
    marked = [dspy.Example(columns=['a'], answer=i).with_inputs('columns') for i in range(3)]
    frame = pandas.DataFrame(dicts)

    async def answer():
        return dicts

    async def stream():
        for row in dicts:
            yield row

    async def later_stream():
        return stream()

    class Numbered:
        def __len__(self):
            return 3
        def __getitem__(self, number):
            return dicts[number]

    class Splits:
        def __init__(self):
            self.train, self.dev = dicts, dicts[:1]

    coroutine = answer()
    generator = (row for row in dicts)
    numbered = Numbered()
    def with_columns():
        return marked

    def by_name():
        return {'train': dicts, 'dev': dicts[:1], 'eval-2': marked}
    def by_name_and_more():
        return {'train': dicts, 'version': 3}
    def frames():
        return {'train': frame, 'test': frame}
    def pair():
        return dicts, marked[:1]
    def triple():
        return [frame, frame, frame]
    def lists():
        return [dicts] * 5
    def streams():
        return {'train': (row for row in dicts), 'dev': (row for row in dicts)}
    lazy = {'dicts': dicts}
    splits = Splits
    def nothing():
        dicts.reverse()
    def by_id():
        return {'a': dicts[0], 'b': dicts[1]}
    def columns():
        return {'question': ['a', 'b'], 'answer': [1, 2]}
    def one_row():
        return dspy.Example(question='q', answer='a')
    def a_file():
        return Path('rows.jsonl')
    def of(split, seed):
        return dicts
    def words():
        return ['a', 'b']
"""


LINE = textwrap.dedent(DATA).splitlines().index('    return train[7]') + 1


@pytest.fixture
def read(tmp_path: Path) -> Any:
    hosts: list[HostProcess] = []
    for name, source in (('rows.py', DATA), ('forms.py', FORMS)):
        (tmp_path / name).write_text(textwrap.dedent(source), encoding='utf-8')

    def ask(*names: str, file: str = 'rows.py') -> Any:
        host = HostProcess(lambda call: 'never')
        hosts.append(host)
        return host.datasets(tmp_path, [f'{file}#{name}' for name in names])

    yield ask
    for host in hosts:
        host.close()


def test_lists_functions_and_dicts(read: Callable[..., Any]) -> None:
    plain = [{'fields': {'question': 'q', 'answer': 'a'}}, {'fields': {'question': 'r', 'answer': 'b'}}]
    train, made, later, dicts = read('train', 'made', 'later', 'plain')
    assert [row['inputs'] for row in train] == [['question', 'card']] * 2
    assert [row['fields'] | {'card': None} for row in train] == [
        {'question': f'q{i}', 'card': None, 'answer': i} for i in range(2)
    ]
    assert (len(made), len(later), dicts) == (2, 1, plain)


def test_a_value_that_json_cannot_say_is_named_by_its_row(read: Callable[..., Any]) -> None:
    first, second = read('train')[0]
    card = first['fields']['card']
    assert card == {'$exact': 'row', 'value': ['rows.py#train', 'card', first['hash']], 'shown': {'title': 'T'}}
    assert first['hash'] != second['hash']
    assert read('train')[0][0]['hash'] == first['hash']  # another process


@pytest.mark.parametrize(
    ('name', 'told'),
    [
        ('number', 'rows.py#number is an int. A data set is a list of dspy.Example'),
        ('text', 'is a str'),
        ('mixed', 'Row 2 of rows.py#mixed is an int'),
        ('broken', rf'failed at .*rows\.py:{LINE}: IndexError'),
        ('none', "has no 'none'"),
    ],
)
def test_what_is_no_data_set_is_told(read: Callable[..., Any], name: str, told: str) -> None:
    with pytest.raises(RemoteError, match=told) as caught:
        read(name)
    assert caught.value.data['kind'] == 'load' and caught.value.data['file'].endswith('rows.py')


def test_whatever_can_be_gone_through_is_a_data_set(read: Callable[..., Any]) -> None:
    names = ['dicts', 'frame', 'answer', 'stream', 'later_stream', 'coroutine', 'generator', 'numbered', 'with_columns']
    found = read(*names, file='forms.py')
    assert {name: [row['fields']['answer'] for row in rows] for name, rows in zip(names, found, strict=True)} == {
        name: [0, 1, 2] for name in names
    }


PARTS = 'A data set is one list of rows: write one function per split in forms.py, '


@pytest.mark.parametrize(
    ('name', 'told'),
    [
        (
            'by_name',
            "returned a dict of 3 data sets: 'train' (3 rows), 'dev' (1 row), 'eval-2' (3 rows). "
            f"{PARTS}`def train(): return by_name()['train']`, `def dev(): return by_name()['dev']`, "
            "`def part_3(): return by_name()['eval-2']`, and name each where it belongs: "
            '"…#train" in the place of "…#by_name".',
        ),
        ('by_name_and_more', f"a dict of 1 data set: 'train' (3 rows). {PARTS}`def train(): return by_name_and_more()['"),
        ('frames', f"a dict of 2 data sets: 'train' (3 rows), 'test' (3 rows). {PARTS}`def train(): return frames()['train']`"),
        ('pair', 'returned a tuple of 2 data sets: a list (3 rows), a list (1 row). '
         f'{PARTS}`def train(): return pair()[0]`, `def dev(): return pair()[1]`'),
        ('triple', 'returned a list of 3 data sets: a DataFrame (3 rows), a DataFrame (3 rows), a DataFrame (3 rows). '
         f'{PARTS}`def train(): return triple()[0]`, `def dev(): return triple()[1]`, `def test(): return triple()[2]`'),
        ('lists', 'returned a list of 5 data sets: a list (3 rows), a list (3 rows), a list (3 rows) and 2 more. '
         f'{PARTS}`def part_1(): return lists()[0]`, `def part_2(): return lists()[1]`'),
        ('streams', "returned a dict of 2 data sets: 'train', 'dev'. "),
        ('lazy', f"is a dict of 1 data set: 'dicts' (3 rows). {PARTS}`def dicts_rows(): return lazy['dicts']`"),
        ('splits', f"an object of 2 data sets: 'train' (3 rows), 'dev' (1 row). {PARTS}`def train(): return splits().train`"),
        ('nothing', 'returned None. A data set is a list of dspy.Example (or of dicts), or a function that takes nothing and '
         'returns one. Its last line wants a `return`.'),
        ('by_id', 'returned a dict of 2 rows by name. A data set is a list of rows: `list(by_id().values())`.'),
        ('columns', "returned a dict of columns: 'question', 'answer'. A data set is a list of rows: `[dict(zip(columns(), row)) "
         'for row in zip(*columns().values())]`.'),
        ('one_row', 'returned an Example. A data set is a list'),
        ('a_file', 'returned a PosixPath. A data set is a list of dspy.Example (or of dicts), or a function that takes nothing '
         'and returns one. A file is named itself: "train": "rows.jsonl".'),
        ('of', 'takes split, seed, and a function that makes a data set is called with nothing. Write one function per split '
         'in forms.py, such as `def train(): return of(…, …)`, and name that.'),
        ('words', 'Row 1 of forms.py#words is a str, which is neither a dspy.Example nor a dict.'),
        ('pairs', 'is a tuple, which is neither a dspy.Example nor a dict. Name its values: `dict(zip('),
        ('models', 'which is neither a dspy.Example nor a dict. Write `dspy.Example(**row.model_dump())` for each.'),
        ('records', 'neither a dspy.Example nor a dict. Write `dspy.Example(**dataclasses.asdict(row))` for each.'),
    ],
)
def test_another_form_is_told_with_the_lines_to_write(read: Callable[..., Any], name: str, told: str) -> None:
    with pytest.raises(RemoteError) as caught:
        read(name, file='forms.py')
    assert f'forms.py#{name}' in str(caught.value) and told in str(caught.value)
    assert caught.value.data['kind'] == 'load' and caught.value.data['file'].endswith('forms.py')


def test_inputs_that_no_row_has_are_left_to_be_named(read: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / 'rows.py').write_text("import dspy\nrows = [dspy.Example(q='q').with_inputs('k')]\n")
    assert read('rows') == [[{'fields': {'q': 'q'}, 'inputs': ['k']}]]


def test_a_metric_gets_rows_of_their_own_class(read: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / 'program.py').write_text(
        textwrap.dedent(
            """
            import dspy
            program = dspy.Predict('question -> answer')

            class Case(dspy.Example):
                def is_right(self, answer):
                    return self.weight if self.answer == answer else 0

            made = [Case(question=each, answer=f'answer of {each}', weight=0.25) for each in 'ab']
            rows = [each.with_inputs('question') for each in made]

            def metric(example, prediction):
                assert example.inputs().keys() == ['question']
                return example.is_right(prediction.answer)
            """
        )
    )
    [rows] = read('rows', file='program.py')
    host = HostProcess(fills_in(lambda field, question: f'{field} of {question}'))
    hashes = {str(number): row['classHash'] for number, row in enumerate(rows)}
    described = host.initialize(
        tmp_path, 'program.py#program', 'program.py#metric', rows={'program.py#rows': hashes}
    )
    host.put_start(described)
    outcomes = [host.run({'question': row['fields']['question']}, labels=row['fields'], made=True) for row in rows]
    assert [outcome['score'] for outcome in outcomes] == [0.25, 0.25]
    host.shutdown()


@pytest.mark.parametrize('again', ['uuid.uuid4()', '[][0]'])
def test_rows_of_their_own_class_that_are_made_otherwise_again_are_plain(
    read: Callable[..., Any], tmp_path: Path, again: str
) -> None:
    (tmp_path / 'program.py').write_text(
        textwrap.dedent(
            f"""
            import dspy, pathlib, uuid
            program = dspy.Predict('question -> answer')

            class Case(dspy.Example):
                pass

            def rows():
                first = not pathlib.Path(__file__).with_name('made').exists()
                pathlib.Path(__file__).with_name('made').touch()
                return [Case(question='a', id=str(uuid.uuid4() if first else {again})).with_inputs('question')]

            def metric(example, prediction):
                return type(example) is dspy.Example and len(example.id) == 36
            """
        )
    )
    [[row]] = read('rows', file='program.py')
    host = HostProcess(fills_in(lambda field, question: f'{field} of {question}'))
    rows = {'program.py#rows': {'0': row['classHash']}}
    host.put_start(host.initialize(tmp_path, 'program.py#program', 'program.py#metric', rows=rows))
    assert host.run({'question': 'a'}, labels=row['fields'], made=True)['score'] == 1
    host.shutdown()
    assert 'reaches the metric as a plain dspy.Example' in host.printed
