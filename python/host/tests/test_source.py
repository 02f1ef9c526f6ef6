"""The program's code as it is described: classes and signatures as written, and never rows."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Start

Source = Callable[..., str]

SIGNATURES = '''
import dspy
import pydantic

class Card(pydantic.BaseModel):
    title: str

class Unused(dspy.Signature):
    question: str = dspy.InputField()
    answer: str = dspy.OutputField()

class Answer(dspy.Signature):
    """Answer in a word."""  # as briefly as can be

    question: str = dspy.InputField()
    card: Card = dspy.OutputField()

Query = dspy.Signature('question -> search_query', 'Write a query.')
LABELS = ['label of a row']
'''

PROGRAM = """
import dspy
import signatures
from signatures import Answer

ROWS = [dspy.Example(question='row of the file', answer='a').with_inputs('question')]
NAMES = {'row of the file': 'a'}

def unused():
    return 'unused function'

class Inner(dspy.Module):
    def __init__(self):
        super().__init__()
        self.query = dspy.ChainOfThought(signatures.Query)

    def forward(self, question):
        return self.query(question=question)

class Base(dspy.Module):
    pass

class Program(Base):
    # The author's own words stay: é ü.
    kinds = ['yes', 'no']
    demos = [
        dspy.Example(question='row in the class', answer='a'),
    ]

    def __init__(self):
        super().__init__()
        self.steps = [Inner()]
        self.answer = dspy.ChainOfThought(Answer)
        self.table = {'q': ['row in the class', 'a']}; self.k = 3

    def forward(self, question):
        return self.answer(question=question)

def make():
    test = [{'question': 'row in the function', 'answer': 'b'}]
    return Program()

instance = Program()
"""


@pytest.fixture
def source(start: Start, tmp_path: Path) -> Source:
    (tmp_path / 'signatures.py').write_text(SIGNATURES)

    def described(name: str, program: str = PROGRAM) -> str:
        return start(program, program=f'program.py#{name}')[1]['source']

    return described


def test_the_class_and_what_it_is_put_together_from(source: Source) -> None:
    text = source('Program')
    order = [
        '# program.py\n\nclass Inner(dspy.Module):',
        "class Base(dspy.Module):\n    pass\n\nclass Program(Base):\n    # The author's own words stay: é ü.\n",
        '# signatures.py\n\nclass Card(pydantic.BaseModel):\n    title: str\n\nclass Answer',
        '"""Answer in a word."""  # as briefly as can be',
        "Query = dspy.Signature('question -> search_query', 'Write a query.')",
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    for each in ('class Inner', 'class Program', 'class Answer', 'Query = '):
        assert text.count(each) == 1
    assert 'nused' not in text


def test_rows_are_left_out_wherever_they_stand(source: Source) -> None:
    for name in ('Program', 'make', 'instance'):
        text = source(name)
        assert 'row' not in text
        assert 'ROWS' not in text
        assert "kinds = ['yes', 'no']\n    demos = [...]\n" in text
        assert 'self.table = {...}; self.k = 3\n' in text


def test_what_makes_the_program_comes_with_its_class(source: Source) -> None:
    assert 'def make():\n    test = [...]\n    return Program()' in source('make')
    assert 'instance = Program()' in source('instance')
    assert 'def make' not in source('instance')
    assert source('program', "import dspy\nprogram = dspy.Predict('question -> answer')\n") == (
        "program = dspy.Predict('question -> answer')"
    )


def test_a_class_within_a_function_is_shown_once(source: Source) -> None:
    inner = textwrap.indent(INNER_CLASS, '    ')
    made = f'import dspy\nfrom signatures import Answer\n\ndef make():\n{inner}    return Program()\n'
    text = source('make', made)
    assert text.startswith('# program.py\n\ndef make():\n    class Program(dspy.Module):')
    assert text.count('class Program') == 1
    assert 'class Answer' in text


INNER_CLASS = """class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict(Answer)

    def forward(self, question):
        return self.answer(question=question)

"""


def test_code_that_was_made_while_it_ran_is_left_out(start: Start) -> None:
    _, described = start(f'import dspy\nfrom dspy import Signature\nAnswer = "q -> a"\nexec({INNER_CLASS!r})\n')
    assert 'source' not in described


def test_what_is_nearest_to_the_program_is_kept_where_not_all_fits(source: Source) -> None:
    long = PROGRAM.replace('self.query(', f'self.query(  # {"x" * 20_000}\n            ')
    text = source('Program', long)
    assert 'class Program(Base)' in text
    assert 'class Answer' in text
    assert 'class Inner' not in text
