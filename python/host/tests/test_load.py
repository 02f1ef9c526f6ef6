"""Loading and describing: names as DSPy gives them, sources, lines, and what is said of files that cannot be used."""

from __future__ import annotations

import ast
import hashlib
import textwrap
from pathlib import Path
from typing import Any, Literal, Optional

import dspy
import pydantic
import pytest

from bettertogether_host.signatures import field_type, named_predictors
from bettertogether_host.sources import Loader
from bettertogether_host.user_errors import text_of

from .conftest import Start
from .harness import HostProcess, RemoteError, fills_in

SHAPES = """
import dspy
from parts.inner import Inner

class Base(dspy.Module):
    def __init__(self):
        super().__init__()
        self.first = dspy.Predict(dspy.Signature('question: str, count: int -> answer: str', 'Be brief.'))

class Program(Base):
    def __init__(self):
        super().__init__()
        self.many = [dspy.ChainOfThought('question -> search_query') for _ in range(2)]
        self.by_name = {'x': dspy.Predict('question -> answer')}
        self.again = self.first
        self.inner = Inner()
        self.frozen = dspy.ChainOfThought('question -> answer')
        self.frozen._compiled = True
        self.frozen.predict.demos = [dspy.Example(question='q', answer='a', augmented=True)]

    def forward(self, question):
        return self.by_name['x'](question=question)

def make():
    return Program()

instance = Program()
"""

INNER = """
import dspy

class Inner(dspy.Module):
    def __init__(self):
        super().__init__()
        self.react = dspy.ReAct('question -> answer', tools=[])

    def forward(self, question):
        return self.react(question=question)
"""


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    (tmp_path / 'parts').mkdir()
    (tmp_path / 'parts' / '__init__.py').write_text('')
    (tmp_path / 'parts' / 'inner.py').write_text(INNER)
    return tmp_path


@pytest.mark.parametrize(
    ('program', 'exported'),
    [('program.py#Program', 'class'), ('program.py#make', 'function'), ('program.py#instance', 'object')],
)
def test_describes_predictors_in_dspys_order_and_frozen_ones(
    start: Start, shapes: Path, program: str, exported: str
) -> None:
    _, described = start(SHAPES, program=program, frozen=['many[1]'])
    assert (described['language'], described['exported']) == ('python', exported)
    names = [(each['name'], each['frozen']) for each in described['predictors']]
    assert names == [
        ('first', False),
        ('many[0].predict', False),
        ('many[1].predict', True),
        ("by_name['x']", False),
        ('inner.react.react', False),
        ('inner.react.extract.predict', False),
        ('frozen.predict', True),
    ]
    first = described['predictors'][0]
    assert first['signature']['instructions'] == 'Be brief.'
    assert first['signature']['inputs'][1] == {
        'name': 'count',
        'type': {'kind': 'int'},
        'prefix': 'Count:',
        'description': '${count}',
    }
    query = described['predictors'][1]['signature']['outputs']
    assert [each['name'] for each in query] == ['reasoning', 'search_query']
    assert query[1]['prefix'] == 'Search Query:'
    assert described['predictors'][-1]['demos'] == [{'fields': {'question': 'q', 'answer': 'a'}, 'augmented': True}]


def test_names_are_dspys_own(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shapes / 'shaped.py').write_text(SHAPES)
    monkeypatch.syspath_prepend(str(shapes))
    program = Loader(str(shapes)).load(str(shapes / 'shaped.py')).Program()
    ours = [each.name for each in named_predictors(program) if not each.frozen]
    assert ours == [name for name, _ in program.named_predictors()]
    bare = dspy.Predict('question -> answer')
    assert [each.name for each in named_predictors(bare)] == [name for name, _ in bare.named_predictors()] == ['self']


def test_sources_and_lines(start: Start, shapes: Path) -> None:
    _, described = start(SHAPES)
    program, inner = shapes / 'program.py', shapes / 'parts' / 'inner.py'
    files = [program, inner, shapes / 'parts' / '__init__.py']
    own = {file: digest for file, digest in described['sources'].items() if file.startswith(str(shapes))}
    assert own == {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    [version] = described['sources'].keys() - own.keys()
    assert version.endswith('dspy/__metadata__.py')
    lines = textwrap.dedent(SHAPES).split('\n')
    for name, text in [
        ('first', 'self.first = dspy'),
        ('many[0].predict', 'self.many ='),
        ('frozen.predict', 'self.frozen ='),
    ]:
        [described_one] = [each for each in described['predictors'] if each['name'] == name]
        line = next(i for i, each in enumerate(lines, 1) if text in each)
        assert described_one['source'] == {'file': str(program), 'line': line}


def test_a_workspace_behind_a_link_keeps_its_name(start: Start, shapes: Path) -> None:
    (shapes / 'program.py').write_text(SHAPES)
    link = shapes.parent / f'{shapes.name}-link'
    link.symlink_to(shapes)
    host = HostProcess(fills_in(lambda *_: ''))
    try:
        described = host.initialize(link, f'{link}/program.py#Program')
    finally:
        host.close()
    assert str(link / 'program.py') in described['sources']
    assert described['predictors'][0]['source']['file'] == str(link / 'program.py')


def test_files_in_packages_and_with_names_of_other_modules(start: Start, tmp_path: Path) -> None:
    package = tmp_path / 'app' / 'deep'
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / '__init__.py').write_text('')
    (package.parent / 'shared.py').write_text('SIGNATURE = "question -> answer"\n')
    (package / 'json.py').write_text('from ..shared import SIGNATURE\nimport dspy\nprogram = dspy.Predict(SIGNATURE)\n')
    (tmp_path / 'random.py').write_text('def metric(example, prediction):\n    return 1\n')
    host, described = start('', program='app/deep/json.py#program', metric='random.py#metric')
    assert [each['name'] for each in described['predictors']] == ['self']
    assert host.run({'question': 'q'})['score'] == 1


CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ('does not exist', '', 'nowhere.py#Program', {}),
    ("has no 'Program'.*defines: Other", 'class Other: pass', 'program.py#Program', {}),
    ('does not say which name', 'class Other: pass', 'program.py', {}),
    ('no program', 'Program = 3', 'program.py#Program', {}),
    (r'failed at .*program\.py:3.*was never closed', 'x = 1\n\nprint(', 'program.py#Program', {}),
    (r'program\.py:1.*ZeroDivisionError', '1 / 0', 'program.py#Program', {}),
    (r'No module named .nix_da.*pip install nix_da', 'import nix_da', 'program.py#Program', {}),
    (r'exit\(3\)', 'import sys; sys.exit(3)', 'program.py#Program', {}),
    ('no predictors', 'import dspy\nclass Program(dspy.Module):\n  def forward(self): pass', 'program.py#Program', {}),
    ('Making .* failed at .*:3', 'import dspy\ndef make():\n  raise ValueError(1)', 'program.py#make', {}),
    (
        '"frozen" names no predictor: nobody.*has: self',
        'import dspy\np = dspy.Predict("q -> a")',
        'program.py#p',
        {'frozen': ['nobody']},
    ),
    ('Unknown metric', 'import dspy\np = dspy.Predict("q -> a")', 'program.py#p', {'metric': 'rouge:a'}),
    (
        'A metric is a function',
        'import dspy\np = dspy.Predict("q -> a")\nm = 3',
        'program.py#p',
        {'metric': 'program.py#m'},
    ),
    (
        r'signature, which is no program. Write `program = dspy.ChainOfThought\(Ask\)`.*program.py#program',
        'import dspy\nclass Ask(dspy.Signature):\n  q: str = dspy.InputField()\n  a: str = dspy.OutputField()',
        'program.py#Ask',
        {},
    ),
    (
        r"has no 'All.exact'.*write `exact = All.exact` at the end of the file",
        'import dspy\np = dspy.Predict("q -> a")\nclass All:\n  def exact(example, prediction): return 1',
        'program.py#p',
        {'metric': 'program.py#All.exact'},
    ),
    (
        r'program\.py#served is a function that DSPy makes around a program \(asyncify\).* Name the program',
        'import dspy\nserved = dspy.asyncify(dspy.Predict("q -> a"))',
        'program.py#served',
        {},
    ),
    (
        r'a function that DSPy makes around a program \(streamify\)',
        'import dspy\nserved = dspy.streamify(dspy.Predict("q -> a"))',
        'program.py#served',
        {},
    ),
    (
        r'program\.py:2: EOFError: EOF when reading a line\. It asks at the terminal',
        'import dspy\nkey = input("API key: ")',
        'program.py#p',
        {},
    ),
    (
        r'program\.py:2: EOFError\. It asks at the terminal.*environment variable',
        'import getpass\nkey = getpass.getpass()',
        'program.py#p',
        {},
    ),
    (
        r'program\.py:1: RuntimeError: error: no network$',
        "raise RuntimeError('\\x1b[1;31merror\\x1b[0m: no network')",
        'program.py#p',
        {},
    ),
    (
        r"program\.py:1.*KeyError: 'MY_KEY_OF_AN_LM'. The environment variable MY_KEY_OF_AN_LM is not set",
        "import os; os.environ['MY_KEY_OF_AN_LM']",
        'program.py#Program',
        {},
    ),
    (r"KeyError: 'x'$", "{}['x']", 'program.py#Program', {}),
    (
        r'lies beside the code, in .*/deep, and is looked for in .*Path\(__file__\).parent / .near.txt',
        'import deep.reader',
        'program.py#Program',
        {},
    ),
    (r"no attribute 'OpenAI'. DSPy 3.* has dspy.LM\(", 'import dspy; dspy.OpenAI()', 'program.py#Program', {}),
    (
        r"no attribute 'datasets'. Write `import dspy.datasets`",
        'import dspy; dspy.datasets.HotPotQA()',
        'program.py#Program',
        {},
    ),
    (
        r"No module named 'dspy.primitives.assertions'. DSPy 3.* has dspy.Refine .* in its place. "
        r'dspy is installed, and has no such module: the code is for another than 3\.[^p]*$',
        'from dspy.primitives.assertions import assert_transform_module',
        'program.py#Program',
        {},
    ),
    (
        r"No module named 'vendor.parts'. vendor has parts of several distributions, and the one that vendor.parts "
        'comes with is not installed for ',
        'import sys, types\nvendor = sys.modules["vendor"] = types.ModuleType("vendor")\nvendor.__path__ = []\n'
        'import vendor.parts',
        'program.py#Program',
        {},
    ),
    (
        r"cannot import name 'MIPRO' from 'dspy.teleprompt'.* DSPy 3.* has dspy.MIPROv2 in its place",
        'from dspy.teleprompt import MIPRO',
        'program.py#Program',
        {},
    ),
    (
        r"cannot import name 'Old' from 'dspy.predict'.* has no such name there: it is misspelt, or of another version of DSPy",
        'from dspy.predict import Old',
        'program.py#Program',
        {},
    ),
    (
        r'program.py:1: SyntaxError: .*\. If it is newer syntax: it is read by Python 3\.\d+\.$',
        'class Later[T: not closed',
        'program.py#Program',
        {},
    ),
    (
        r'SyntaxError: invalid syntax \(<unknown>, line 1\)$',
        'import ast\nast.literal_eval("No idea.")',
        'program.py#Program',
        {},
    ),
    (
        r"has no attribute 'Predcit'.* it is misspelt, or of another version of DSPy",
        'import dspy\ndspy.Predcit',
        'program.py#Program',
        {},
    ),
    (
        r"cannot import name 'Suggest' from 'dspy'.* DSPy 3.* has dspy.Refine",
        'from dspy import Suggest',
        'program.py#Program',
        {},
    ),
    *(
        (
            told,
            f'import dspy, functools\np = dspy.Predict("q -> a")\n{metric}',
            'program.py#p',
            {'metric': 'program.py#m'},
        )
        for told, metric in (
            (
                r'm is a class.*Write `metric = m\(limit=…\)` at',
                'class m:\n  def __init__(self, limit, k=1): 1\n  def __call__(self, e, p): 1',
            ),
            (r'm is a class.*Write `metric = m\(\)` at', 'class m(dspy.Module):\n  def forward(self, e, p): return 1'),
            (
                r'program.py#m cannot be called with an example and a prediction.*Where it returns the metric, call it',
                'def m(limit=1):\n  return lambda e, p: 1',
            ),
            (r'cannot be called.*Where it returns the metric', 'def m():\n  return lambda e, p: 1'),
            (r'cannot be called.*remove the `\*`', 'def m(*, example, pred): return 1'),
            (r'cannot be called.*Nobody gives it strict: give a default', 'def m(e, p, *, strict): return 1'),
            (
                r'cannot be called.*write `metric = Judge\(\).score`',
                'class Judge:\n  def score(self, e, p, trace=None): return 1\nm = Judge.score',
            ),
            (
                r'cannot be called.*`pred` stands in the place of the trace',
                'def m(question, gold, pred): return gold == pred',
            ),
        )
    ),
    (
        'not in a .py or .ipynb file',
        'import dspy\np = dspy.Predict("q -> a")',
        'program.py#p',
        {'metric': 'metric.ts#m'},
    ),
]


@pytest.mark.parametrize(('words', 'source', 'program', 'more'), CASES)
def test_what_cannot_be_loaded_is_told(
    start: Start, tmp_path: Path, words: str, source: str, program: str, more: dict[str, Any]
) -> None:
    (tmp_path / 'deep').mkdir()
    (tmp_path / 'deep' / 'near.txt').write_text('')
    (tmp_path / 'deep' / 'reader.py').write_text("open('near.txt')\n")
    with pytest.raises(RemoteError, match=words) as failed:
        start(source, program=program, **more)
    assert failed.value.data['kind'] == 'load'


def test_a_file_is_loaded_as_if_it_had_been_started_without_arguments(start: Start, tmp_path: Path) -> None:
    host, _ = start(
        """
        import argparse, sys
        import dspy
        parser = argparse.ArgumentParser()
        parser.add_argument('--signature', default='question -> answer')
        program = dspy.Predict(parser.parse_args().signature)
        assert sys.argv == [__file__]
        """,
        program='program.py#program',
    )
    assert host.run({'question': 'q'})['prediction'] == {'answer': 'answer of q'}


class Card(pydantic.BaseModel):
    title: str


@pytest.mark.parametrize(
    ('annotation', 'described'),
    [
        (str, {'kind': 'string'}),
        (bool, {'kind': 'boolean'}),
        (Literal['a', 2], {'kind': 'literal', 'values': ['a', 2]}),
        (list[float], {'kind': 'list', 'items': {'kind': 'float'}}),
        (list, {'kind': 'list', 'items': {'kind': 'any'}}),
        (dict[str, Any], {'kind': 'dict', 'values': {'kind': 'any'}}),
        (Optional[int], {'kind': 'optional', 'of': {'kind': 'int'}}),  # noqa: UP045
        (int | None, {'kind': 'optional', 'of': {'kind': 'int'}}),
    ],
)
def test_field_types(annotation: Any, described: dict[str, Any]) -> None:
    assert field_type(annotation) == described


def test_other_types_are_their_json_schema() -> None:
    described = field_type(Card)
    assert (described['kind'], described['name']) == ('json', 'Card')
    assert described['schema']['properties'] == {'title': {'title': 'Title', 'type': 'string'}}


def said(start: Start, source: str, program: str = 'program.py#Program') -> str:
    with pytest.raises(RemoteError) as error:
        start(source, program=program)
    return str(error.value)


MODULE = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('question -> answer')
"""


def test_a_constructor_with_arguments(start: Start, tmp_path: Path) -> None:
    made = MODULE.replace('__init__(self)', '__init__(self, lm, k=3)') + '\n    def forward(self): ...\n'
    message = said(start, made)
    assert message.startswith(f'program.py#Program takes lm ({tmp_path}/program.py:5). Write a function that takes')
    assert '"program": "program.py#<function>"' in message


def test_a_decorator_may_give_the_arguments(start: Start) -> None:
    decorated = """
import functools

def with_lines(make):
    @functools.wraps(make)
    def made():
        return make(2)
    return made

@with_lines
def make(lines):
    return Program()
"""
    _, described = start(MODULE + '    def forward(self): ...\n' + decorated, program='program.py#make')
    assert [each['name'] for each in described['predictors']] == ['ask']


def test_a_function_with_arguments(start: Start, tmp_path: Path) -> None:
    message = said(start, 'import dspy\n\ndef make(question):\n    return question\n', 'program.py#make')
    assert message.startswith(f'program.py#make takes question ({tmp_path}/program.py:3). Write a function')


def test_an_asynchronous_forward(start: Start, tmp_path: Path) -> None:
    made = MODULE + '\n    async def forward(self, question):\n        return await self.ask.acall(question=question)\n'
    message = said(start, made)
    assert f'Program.forward is `async def` ({tmp_path}/program.py:9)' in message
    assert '`aforward`: rename it.' in message


def test_a_file_that_exits(start: Start) -> None:
    message = said(start, 'import argparse\np = argparse.ArgumentParser()\np.add_argument("x")\np.parse_args()\n')
    assert 'program.py:4: The program called exit(2). What is only for the command line' in message
    assert "`if __name__ == '__main__':`" in message


def test_a_missing_package(start: Start) -> None:
    message = said(start, 'import there_is_no_such_package\n')
    assert "No module named 'there_is_no_such_package'. Install it for the interpreter" in message


def test_lists_in_lists_are_told(start: Start) -> None:
    forward = '\n    def forward(self, question):\n        return self.steps[0][0](question=question)\n'
    nested = MODULE.replace("self.ask = dspy.Predict('question -> answer')", 'self.steps = [[Ask()], [Ask()]]')
    asks = 'import dspy\ndef Ask(): return dspy.Predict("question -> answer")\n'
    message = said(start, asks + nested + forward)
    assert 'no predictors that DSPy could find: steps holds lists or dicts within a list or dict' in message


def test_lists_in_lists_beside_predictors_are_told(start: Start) -> None:
    nested = MODULE + "        self.steps = {'a': [dspy.Predict('question -> hint')]}\n\n    def forward(self): ...\n"
    host, described = start(nested)
    host.shutdown()
    assert [each['name'] for each in described['predictors']] == ['ask']
    assert 'Not searched for predictors, by DSPy neither: lists and dicts within lists and dicts, as in steps' in (
        host.printed
    )


def test_tracebacks_of_loading_show_the_users_frames_alone(tmp_path: Path) -> None:
    (tmp_path / 'program.py').write_text('import json\n\ndef read():\n    json.loads("{")\n\nread()\n')
    host = HostProcess(fills_in(lambda field, question: ''))
    with pytest.raises(RemoteError, match='program.py:4: JSONDecodeError'):
        host.initialize(tmp_path, 'program.py#Program')
    host.shutdown()
    assert 'json.loads("{")' in host.printed
    assert 'decoder.py' not in host.printed
    assert 'importlib' not in host.printed


def test_a_text_that_does_not_parse_while_a_row_runs_says_nothing_of_python() -> None:
    with pytest.raises(SyntaxError) as error:
        ast.literal_eval('No idea.')
    assert text_of(error.value) == f'SyntaxError: {error.value}'
