"""What is gathered of a notebook's cells: the rules, one by one; and places of the module that is made of them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from bettertogether_host.notebook_errors import GatherError
from bettertogether_host.notebook_gather import gather
from bettertogether_host.notebook_loading import Notebooks, told
from bettertogether_host.notebook_module import module_of
from bettertogether_host.notebook_places import place_in_source
from bettertogether_host.sources import Loader
from bettertogether_host.user_errors import LoadError, user_frame, users_traceback


def notebook(
    cells: str, *names: str, kind: str = 'jupyter', file: str = '/ws/qa.ipynb', left_out: list[Any] | None = None
) -> dict[str, Any]:
    """Cells are parted by lines of `---`, and numbered from 1."""
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    for number, cell in enumerate(textwrap.dedent(cells).strip('\n').split('\n---\n'), 1):
        for line, text in enumerate(cell.split('\n'), 1):
            lines.append(text)
            places.append((number, line))
    text = ''.join(f'{line}\n' for line in lines)
    return {'file': file, 'kind': kind, 'names': list(names), 'text': text, 'places': places, 'leftOut': left_out or []}


def taken(cells: str, *names: str, **more: Any) -> list[str]:
    """The first line of each statement that is gathered."""
    return [piece.lines[0] for piece in gather(notebook(cells, *names, **more)).pieces]


def refused(cells: str, *names: str, **more: Any) -> str:
    with pytest.raises(GatherError) as caught:
        gather(notebook(cells, *names, **more))
    return str(caught.value)


def test_follows_names_through_functions_classes_decorators_and_annotations() -> None:
    cells = """
        import dspy, functools
        import pandas as pd
        LIMIT = 3
        ---
        def twice(f): return f
        class Label(str): pass
        class Base(dspy.Module): pass
        def helper(x): return x[:LIMIT]
        print(helper('abcd'))
        ---
        class QA(Base):
            label: Label
            @twice
            def forward(self, question, most=LIMIT):
                return helper(question)
        ---
        QA()(question='x')
    """
    assert taken(cells, 'QA') == [
        'import dspy, functools',
        'LIMIT = 3',
        'def twice(f): return f',
        'class Label(str): pass',
        'class Base(dspy.Module): pass',
        'def helper(x): return x[:LIMIT]',
        'class QA(Base):',
    ]


def test_takes_what_changes_a_value_in_place_and_not_what_looks_at_it() -> None:
    cells = """
        import random, pandas as pd
        random.seed(0)
        ---
        train = []
        for i in range(3):
            train.append(i)
        print(train)
        train.head()
        len(train)
        ---
        random.shuffle(train)
        train += [4]
        train[0] = 5
        ---
        df = pd.DataFrame()
        df['x'] = 1
        df.describe()
        config = object()
        config.size = 3
    """
    assert taken(cells, 'train') == [
        'import random, pandas as pd',
        'random.seed(0)',
        'train = []',
        'for i in range(3):',
        'random.shuffle(train)',
        'train += [4]',
        'train[0] = 5',
    ]
    assert taken(cells, 'df', 'config')[-4:] == ['df = pd.DataFrame()', "df['x'] = 1", 'config = object()', 'config.size = 3']


def test_takes_calls_of_own_functions_that_change_what_they_are_given() -> None:
    cells = """
        rows, other = [], []
        def fill(to): to.append(1)
        def show(what): print(what)
        def grow(): rows.append(2)
        ---
        fill(rows)
        show(rows)
        fill(other)
        grow()
    """
    assert taken(cells, 'rows') == [
        'rows, other = [], []',
        'def fill(to): to.append(1)',
        'def grow(): rows.append(2)',
        'fill(rows)',
        'grow()',
    ]


def test_takes_the_last_binding_before_a_use_and_at_the_end_the_last() -> None:
    cells = """
        SIZE = 1
        rows = [0] * SIZE
        ---
        SIZE = 2
        def f(): return SIZE
        ---
        rows = rows + [1]
    """
    assert taken(cells, 'rows') == ['SIZE = 1', 'rows = [0] * SIZE', 'rows = rows + [1]']
    assert taken(cells, 'f') == ['SIZE = 2', 'def f(): return SIZE']


def test_says_which_of_several_definitions_is_taken() -> None:
    cells = """
        class QA: first = True
        ---
        class QA: second = True
    """
    gathered = gather(notebook(cells, 'QA'))
    assert [piece.lines[0] for piece in gathered.pieces] == ['class QA: second = True']
    assert gathered.notes == ('`QA` is bound in cells 1 and 2: the last one is taken.',)


def test_a_value_that_may_be_bound_otherwise_is_taken_with_what_it_was_before() -> None:
    cells = """
        try:
            import fast as engine
        except ImportError:
            engine = None
        ROOT = '.'
        ---
        if engine:
            ROOT = 'x'
        ---
        with open('a') as f: a = f.read()
        with open('b') as f: b = f.read()
        for line in b: ROOT += line
    """
    assert taken(cells, 'ROOT') == [
        'try:',
        "ROOT = '.'",
        'if engine:',
        "with open('b') as f: b = f.read()",
        'for line in b: ROOT += line',
    ]


def test_leaves_out_experiments_and_says_where_and_why() -> None:
    cells = """
        import dspy
        lm = dspy.LM('openai/x')
        dspy.configure(lm=lm)
        ---
        qa = dspy.Predict('question -> answer')
        qa(question='?')
        dspy.inspect_history()
        ---
        qa = dspy.MIPROv2(metric=None).compile(qa, trainset=[])
        evaluate = dspy.Evaluate(devset=[])
        ---
        import os
        os.environ['OPENAI_API_KEY'] = 'sk-1'
    """
    gathered = gather(notebook(cells, 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces] == ['import dspy', "qa = dspy.Predict('question -> answer')"]
    assert [(*each.place, each.why) for each in gathered.left_out] == [
        (1, 2, "it makes an LM, and the run's own is asked"),
        (1, 3, "it sets the LM, which is the run's"),
        (2, 2, 'it runs or shows something that nothing needs'),
        (2, 3, 'it shows something'),
        (3, 1, 'it runs an optimizer'),
        (3, 2, 'it runs or makes an evaluation'),
        (4, 1, 'nothing that is needed uses the import'),
        (4, 2, 'it sets a key, and the endpoint of the run has its own'),
    ]


def test_keeps_settings_that_are_not_the_runs() -> None:
    cells = """
        import dspy, os
        from dotenv import load_dotenv
        load_dotenv()
        os.environ['HF_HOME'] = '/tmp/hf'
        ---
        lm = dspy.LM('openai/x')
        rm = dspy.ColBERTv2(url='http://x')
        dspy.settings.configure(lm=lm, rm=rm)
        ---
        qa = dspy.Predict('question -> answer')
    """
    assert taken(cells, 'qa') == [
        'import dspy, os',
        'from dotenv import load_dotenv',
        'load_dotenv()',
        "os.environ['HF_HOME'] = '/tmp/hf'",
        "rm = dspy.ColBERTv2(url='http://x')",
        'dspy.settings.configure(rm=rm)',
        "qa = dspy.Predict('question -> answer')",
    ]


def test_an_lm_that_the_program_names_stays_the_configured_one() -> None:
    cells = """
        import dspy
        key = input('key')
        lm = dspy.LM('openai/x', api_key=key)
        dspy.configure(lm=lm)
        qa = dspy.Predict('question -> answer')
        qa.set_lm(lm)
    """
    gathered = gather(notebook(cells, 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces][1:4] == ['key = None', "lm = dspy.LM('openai/x', api_key=key)", 'dspy.configure(lm=lm)']
    assert 'cell 1, line 2 asks for a key' in gathered.notes[0]


def test_keys_of_lms_are_not_written_down() -> None:
    cells = """
        import dspy
        judge = dspy.LM('openai/é', api_key='sk-1', api_base='http://x')
    """
    assert taken(cells, 'judge')[1] == "judge = dspy.LM('openai/é', api_key=None, api_base='http://x')"


def test_files_that_a_cell_downloads_come_with_what_reads_them() -> None:
    cells = """
        from dspy.utils import download
        download('https://example.org/a/rows.jsonl')
        download('https://example.org/a/other.jsonl')
        rows = open('rows.jsonl').readlines()
    """
    assert taken(cells, 'rows') == [
        'from dspy.utils import download',
        "download('https://example.org/a/rows.jsonl')",
        "rows = open('rows.jsonl').readlines()",
    ]


def test_types_in_texts_are_followed_and_other_words_are_not() -> None:
    cells = """
        import dspy
        from typing import Literal
        Label = Literal['a', 'b']
        class Place: pass
        text = dspy.Predict('x -> y')(x=1)
        ---
        qa = dspy.Predict('text -> label: Label')
        def where(text: 'list[Place]'): return text
    """
    assert taken(cells, 'qa', 'where') == [
        'import dspy',
        'from typing import Literal',
        "Label = Literal['a', 'b']",
        'class Place: pass',
        "qa = dspy.Predict('text -> label: Label')",
        "def where(text: 'list[Place]'): return text",
    ]


def test_star_imports_and_futures_and_statements_that_share_a_line() -> None:
    cells = """
        from helpers import *
        a = 1; b = 2
        ---
        from __future__ import annotations
        def f() -> Unknown: return known_to_helpers(a)
    """
    assert taken(cells, 'f') == ['from __future__ import annotations', 'from helpers import *', 'a = 1; b = 2', 'def f() -> Unknown: return known_to_helpers(a)']


@pytest.mark.parametrize(
    ('cells', 'name', 'said'),
    [
        ('a = 1', 'Programm', 'no cell binds "Programm". They bind: a.'),
        ('program = 1', 'progam', 'Did you mean "program"?'),
        ('def f(): return gone', 'f', 'qa.ipynb, cell 1, line 1: no cell binds "gone", which is needed here.'),
        ('rows = later\n---\nlater = 1', 'rows', 'cell 1, line 1: "later" is used here and bound after it, in cell 2, line 1.'),
        ('n = int(input())\nrows = [n]', 'rows', 'cell 1, line 1: "n" is asked for when the cell is run'),
        ('import dspy\np = dspy.X()\n---\nbest = t.compile(p, trainset=[])', 'best', 'cell 2, line 1: "best" is what an optimizer gives'),
        ('def f(): return half\n---\nhalf = = 1', 'f', 'cell 2, line 1 may: the cell is not Python'),
    ],
)
def test_what_cannot_be_had_is_refused_by_cell_and_line(cells: str, name: str, said: str) -> None:
    assert said in refused(cells, name)


def test_a_name_of_a_magic_is_refused_by_its_place() -> None:
    left = [{'cell': 1, 'line': 1, 'why': '`files = !ls` is a shell command', 'binds': ['files']}]
    said = refused('# empty\n---\nrows = [files]', 'rows', left_out=left)
    assert 'cell 2, line 1: "files" is bound in cell 1, line 1 alone, where `files = !ls` is a shell command' in said


def test_marimo_cells_come_in_the_order_of_their_names() -> None:
    cells = """
        program = make(dspy)
        ---
        def make(library): return library
        ---
        import dspy
    """
    assert taken(cells, 'program', kind='marimo') == ['def make(library): return library', 'import dspy', 'program = make(dspy)']


def test_the_digest_is_of_the_code_and_not_of_its_place() -> None:
    one, moved = module_of(notebook('a = 1\nprint(a)', 'a')), module_of(notebook('print(0)\n---\n\na = 1', 'a'))
    assert one.digest == moved.digest != module_of(notebook('a = 2', 'a')).digest
    assert one.text != moved.text


def test_the_module_is_a_file_whose_lines_are_those_of_the_cells(tmp_path: Path) -> None:
    (tmp_path / 'data.txt').write_text('7')
    cells = """
        x = 1
        ---
        n = int(open('data.txt').read())
        def f():
            raise ValueError(n)
    """
    file = tmp_path / 'qa.ipynb'
    file.write_text('{}')
    given = notebook(cells, 'f', file=str(file))
    loader = Loader(str(tmp_path), [given])
    module = loader.load(str(file))
    with pytest.raises(ValueError, match='7') as caught:
        module.f()
    frame = user_frame(caught.value, str(tmp_path))
    assert frame is not None and str(place_in_source(*frame)) == f'{file}, cell 2, line 3'
    assert f'File "{file}, cell 2", line 3, in f' in users_traceback(caught.value, str(tmp_path))
    assert loader.sources()[str(file)] == module_of({**given, 'file': str(file)}).digest
    assert not any('.bettertogether' in path for path in loader.sources())


def test_an_error_of_a_cell_names_it(tmp_path: Path) -> None:
    file = tmp_path / 'qa.ipynb'
    file.write_text('{}')
    with pytest.raises(LoadError, match=r'failed at .*qa\.ipynb, cell 1, line 2: ZeroDivisionError'):
        Loader(str(tmp_path), [notebook('x = 0\ny = 1 / x', 'y', file=str(file))]).load(str(file))


def test_cells_may_wait_and_use_what_ipython_has(tmp_path: Path) -> None:
    file = tmp_path / 'qa.ipynb'
    file.write_text('{}')
    cells = """
        import asyncio
        async def load(): return [1]
        ---
        rows = await load()
        def f(): display(rows)
    """
    module = Notebooks(str(tmp_path), [notebook(cells, 'rows', 'f', file=str(file))]).load(str(file))
    module.f()
    assert module.rows == [1]


def test_tells_what_was_gathered() -> None:
    cells = 'a = 1\n---\nprint(1)\n---\nb = a\n---\nc = b\n---\nd = 3'
    assert told(module_of(notebook(cells, 'c')), 'x.py') == (
        'qa.ipynb: 3 statements of cells 1 and 3-4 are gathered for the run; nothing of cells 2 and 5 '
        '(`bettertogether notebook` shows them; x.py)'
    )


@pytest.mark.parametrize(
    'statement',
    [
        'for l in f:\n    try: rows.append(int(l))\n    except ValueError as e: print(e)',
        "for c in f:\n    if c: label = 'x'\n    else: label = 'y'\n    rows.append(label)",
        'for x in f:\n    try: v = int(x)\n    except ValueError: continue\n    rows.append(v)',
        'for x in f:\n    try: v = int(x)\n    except ValueError: pass\n    else: rows.append(v)',
        "if m := re.match('a', 'ab'): rows.append(m.group())",
        'while (line := f.pop()): rows.append(line)',
        'for p in f:\n    try:\n        o = open(p)\n        rows.append(o.read())\n    finally: o.close()',
        'for v in f:\n    match v:\n        case [a, *b]: rows.append(a)\n        case {"k": c, **d}: rows.append(c)\n        case str() as e: rows.append(e)',
    ],
)
def test_a_name_that_a_statement_binds_itself_is_not_missed(statement: str) -> None:
    before = "import re\nrows = []\nf = ['1']\n---\n"
    assert taken(f'{before}{statement}\n---\nlabel = v = a = m = line = 0', 'rows')[-1] == statement.split('\n')[0]


def test_a_walrus_in_a_comprehension_binds_around_it() -> None:
    assert taken('rows = [y for x in [1] if (y := x)]\n---\nz = y', 'z') == ['rows = [y for x in [1] if (y := x)]', 'z = y']


@pytest.mark.parametrize('broken', ['def f(a, a): pass', 'nonlocal x', 'return 1', 'def f():\n    x = 1\n    global x'])
def test_a_cell_that_does_not_compile_is_left_out_alone(broken: str) -> None:
    gathered = gather(notebook(f'{broken}\n---\nqa = 1', 'qa'))
    assert [piece.lines[0] for piece in gathered.pieces] == ['qa = 1']
    assert gathered.left_out[0].why.startswith('the cell is not Python (')


def test_a_cell_whose_lines_are_all_indented_is_taken_as_ipython_takes_it() -> None:
    given = notebook('x', 'qa')
    lines = ['    n = 1', '    if n:', '        qa = n']
    given = {**given, 'text': '\n'.join(lines), 'places': [(1, 1), (1, 2), (1, 3)]}
    assert module_of(given).text.split('\n')[-4:] == ['n = 1', 'if n:', '    qa = n', '']
