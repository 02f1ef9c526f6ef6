"""Data sets built in code."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .harness import HostProcess, RemoteError

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


LINE = textwrap.dedent(DATA).splitlines().index('    return train[7]') + 1


@pytest.fixture
def read(tmp_path: Path) -> Any:
    hosts: list[HostProcess] = []
    (tmp_path / 'rows.py').write_text(textwrap.dedent(DATA), encoding='utf-8')

    def ask(*names: str) -> Any:
        host = HostProcess(lambda call: 'never')
        hosts.append(host)
        return host.datasets(tmp_path, [f'rows.py#{name}' for name in names])

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
