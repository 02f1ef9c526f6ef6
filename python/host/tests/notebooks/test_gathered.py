"""What is gathered of the cells: names and the statements that bind and change them, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from bettertogether_host.notebooks.gather import gather
from bettertogether_host.notebooks.module import module_of
from bettertogether_host.sources import Loader
from .cells import notebook, refused, taken


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


def test_a_cell_whose_lines_are_all_indented_is_taken_as_ipython_takes_it() -> None:
    given = notebook('x', 'qa')
    lines = ['    n = 1', '    if n:', '        qa = n']
    given = {**given, 'text': '\n'.join(lines), 'places': [(1, 1), (1, 2), (1, 3)]}
    assert module_of(given).text.split('\n')[-4:] == ['n = 1', 'if n:', '    qa = n', '']


@pytest.mark.parametrize(
    'line',
    [
        "if '..' not in sys.path: sys.path.append('..')",
        "import sys; sys.path.append('..')",
        "sys.path += ['..']",
        "sys.path[:0] = ['..']",
        "for p in ['..']: sys.path.insert(0, p)",
    ],
)
def test_where_modules_are_found_is_always_kept(line: str) -> None:
    assert taken(f'import sys\n---\n{line}\nimport mine\nqa = mine.QA()', 'qa')[-3:] == [line, 'import mine', 'qa = mine.QA()']


@pytest.mark.parametrize(
    'change',
    [
        "for r in rows: r['q'] = r['q'].strip()",
        "for i, r in enumerate(rows): r.pop('id')",
        'def add(r): r.append(1)\ndef fill(r): add(r)\nfill(rows)',
        'def fill(r): add(r)\ndef add(r):\n    for x in r: x.update(a=1)\nfill(rows)',
        'fill = lambda r: r.append(1)\nfill(rows)',
        'from random import shuffle as sh\nsh(rows)',
        'r = rows\nr.append(1)',
        'def tool(f): rows.append(f); return f\n@tool\ndef search(): pass',
        'def tool(n):\n    def add(f): rows.append(f); return f\n    return add\n@tool(1)\ndef search(): pass',
        'next(rows)',
        'head = rows.readline()',
    ],
)
def test_changes_are_followed_through_calls_loops_aliases_and_decorators(change: str) -> None:
    gathered = gather(notebook(f'rows = load = [{{}}]\n---\n{change}\n---\nprint(rows)', 'rows'))
    assert '\n'.join(line for piece in gathered.pieces for line in piece.lines) == f'rows = load = [{{}}]\n{change}'


def test_a_part_changes_with_its_whole() -> None:
    cells = "splits = {'train': [], 'test': []}\ntrain = splits['train']\nsplits['train'].append(1)\ntrain = train + [2]\ntrain.append(3)"
    assert taken(cells, 'train') == cells.split('\n')
    assert taken(cells, 'splits') == [cells.split('\n')[0], cells.split('\n')[2]]


def test_functions_that_bind_with_global_are_followed() -> None:
    cells = 'rows = []\ndef build():\n    global rows\n    rows = [1]\ndef outer(): build()\n---\nouter()\n---\nprint(rows)'
    assert taken(cells, 'rows') == ['rows = []', 'def build():', 'def outer(): build()', 'outer()']


def test_unions_of_types_in_texts_are_followed() -> None:
    cells = "import dspy\nfrom typing import Literal\nL = Literal['a'] | None\nqa = dspy.Predict('text -> label: L')"
    assert taken(cells, 'qa') == cells.split('\n')


def test_what_gives_a_needed_value_to_code_outside_is_taken_and_said() -> None:
    cells = """
        import helpers, json
        from pprint import pprint
        class Loader:
            def __init__(self, r): self.r = r
            def go(self): self.r.append(1)
        rows, other = [], []
        ---
        helpers.fill(rows)
        helpers.fill(other)
        Loader(rows).go()
        pprint(rows)
        json.dump(rows, open('x', 'w'))
        helpers.fill(gone, rows)
    """
    gathered = gather(notebook(cells, 'rows'))
    assert [piece.lines[0] for piece in gathered.pieces] == [
        'import helpers, json',
        'class Loader:',
        'rows, other = [], []',
        'helpers.fill(rows)',
        'helpers.fill(other)',
        'Loader(rows).go()',
    ]
    assert gathered.notes[0] == 'cell 2, line 1 gives `rows` to `helpers.fill`, which may change it, and is taken.'


def test_private_names_of_marimo_stay_within_their_cells() -> None:
    cells = "_n = 1\na = [_n]\n---\n_n = 'two'\ndef b(): return _n\n---\n_only = 3\nc = _only\nx = a"
    text = module_of(notebook(cells, 'a', 'b', 'c', kind='marimo')).text
    space: dict[str, Any] = {}
    exec(text, space)
    assert (space['a'], space['b'](), space['c']) == ([1], 'two', 3)
    assert "_n_cell2 = 'two'" in text and '_only = 3' in text


def test_a_counter_that_a_function_raises_is_taken() -> None:
    cells = 'def f():\n    global COUNT\n    COUNT += 1\nCOUNT = 0'
    assert taken(cells, 'f') == ['def f():', 'COUNT = 0']
