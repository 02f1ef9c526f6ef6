"""What is gathered of a notebook's cells: the rules, one by one; and places of the module that is made of them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from bettertogether_host.notebooks.errors import GatherError
from bettertogether_host.notebooks.gather import gather
from bettertogether_host.notebooks.keys import without_keys
from bettertogether_host.notebooks.loading import Notebooks, told
from bettertogether_host.notebooks.module import module_of
from bettertogether_host.notebooks.places import place_in_source
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
        (3, 1, 'it runs an optimizer, or uses what one gave'),
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


@pytest.mark.parametrize(
    'experiment',
    [
        "if os.path.exists('qa.json'):\n    qa.load('qa.json')\nelse:\n    qa = tp.compile(qa)",
        "with open('log') as log: qa = tp.compile(qa)",
        'for seed in range(3): qa = tp.compile(qa, trainset=[])',
        'qa, s = tp.compile(qa), 3',
        'qa = tp.compile(qa) if os else qa',
        'def opt(x): return tp.compile(x)\nqa = opt(qa)',
        'def outer(x): return opt(x)\ndef opt(x): return tp.compile(student=x)\nqa = outer(qa)',
        'opt = tp.compile(qa)\nqa = opt',
        'opt = tp.compile(qa)\nqa.load_state(opt.dump_state())',
        'qa.inner = tp.compile(qa)',
        'def main():\n    global qa\n    qa = tp.compile(qa)\nmain()',
    ],
)
def test_an_optimizer_is_never_run_wherever_it_stands(experiment: str) -> None:
    cells = f'import dspy, os\ntp = dspy.BootstrapFewShot()\nqa = dspy.Predict("q -> a")\n---\n{experiment}\n---\nqa.demos = []'
    assert [line for line in taken(cells, 'qa') if line != 'def main():'] == [
        'import dspy, os',
        'qa = dspy.Predict("q -> a")',
        'qa.demos = []',
    ]


def test_what_only_an_optimizer_gives_is_refused_where_it_is_needed() -> None:
    cells = 'import dspy\nqa = dspy.Predict("q -> a")\n---\nopt = tp.compile(qa)\nbest = opt.deepcopy()\ndef f(): return opt\n'
    assert '"best" is what an optimizer gives' in refused(cells, 'best')
    assert 'cell 2, line 3: "opt" is needed here and bound in cell 2, line 1 alone' in refused(cells, 'f')


def test_other_things_that_are_called_compile_stay() -> None:
    cells = "import re\ng = StateGraph = list\ng = g.compile()\nm = g\nm.compile(loss='mse')\np = re.compile(m)\nx = [g, m, p]"
    assert taken(cells, 'x') == cells.split('\n')


def test_a_loop_that_evaluates_does_not_bind_what_a_metric_uses() -> None:
    cells = "import dspy\nlm = 1\ndef metric(a, b): return lm\n---\nfor lm in [1, 2]: dspy.Evaluate(devset=[])(metric)"
    assert taken(cells, 'metric') == ['lm = 1', 'def metric(a, b): return lm']


def test_guards_of_keys_are_left_out_and_do_not_refuse_the_rest() -> None:
    cells = """
        import os, getpass
        def _set_env(name): os.environ[name] = getpass.getpass()
        ---
        if 'OPENAI_API_KEY' not in os.environ:
            os.environ['OPENAI_API_KEY'] = getpass.getpass()
        _set_env('OTHER_API_KEY')
        here = os.getcwd()
    """
    assert taken(cells, 'here') == ['import os, getpass', 'here = os.getcwd()']


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


def test_an_optimizer_that_its_result_replaces_is_not_the_program() -> None:
    cells = 'import dspy\nqa = dspy.Predict("q -> a")\nopt = dspy.GEPA()\nopt = opt.compile(qa)\nqa = opt'
    assert taken(cells, 'qa') == ['import dspy', 'qa = dspy.Predict("q -> a")']


@pytest.mark.parametrize(
    ('written', 'kept'),
    [
        ("KEY = 'sk-0123456789abcdefgh'", "KEY = ''"),
        ("OPENAI_API_KEY = 'short'", "OPENAI_API_KEY = ''"),
        ("client = OpenAI(api_key='short', n=1)", 'client = OpenAI(api_key=None, n=1)'),
        ("class A: lm = dspy.LM('é', api_key='x')", "class A: lm = dspy.LM('é', api_key=None)"),
        ("h = {'Authorization': f'Bearer sk-0123456789abcdefgh{n}', 'api_key': 'x'}", "h = {'Authorization': '', 'api_key': ''}"),
        ("tokenizer = 'gpt2'; eos_token = '</s>'", "tokenizer = 'gpt2'; eos_token = '</s>'"),
        ("K = ('sk-0123456789'\n  'abcdefghijkl'), 1", "K = (''), 1\n"),
    ],
)
def test_no_key_is_written_into_the_module(written: str, kept: str) -> None:
    assert '\n'.join(without_keys(written.split('\n'))) == kept


@pytest.mark.parametrize(
    'line',
    [
        "os.environ.update(OPENAI_API_KEY='x')",
        "os.environ.setdefault('OPENAI_API_KEY', 'x')",
        "os.environ |= {'OPENAI_API_KEY': 'x'}",
        "if True: os.environ['OPENAI_API_KEY'] = 'x'",
    ],
)
def test_keys_of_the_environment_are_left_out_however_they_are_set(line: str) -> None:
    assert taken(f'import os\n{line}\nos.environ.setdefault("HF_HOME", "x")\nhere = os.getcwd()', 'here') == [
        'import os',
        'os.environ.setdefault("HF_HOME", "x")',
        'here = os.getcwd()',
    ]


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


def test_the_guard_of_a_main_module_holds_as_in_the_notebook() -> None:
    made = module_of(notebook("if  __name__ == '__main__':\n    rows = [1]\n", 'rows'))
    assert made.text.split('\n')[-3:] == ['if  True:', '    rows = [1]', '']


def test_functions_that_bind_with_global_are_followed() -> None:
    cells = 'rows = []\ndef build():\n    global rows\n    rows = [1]\ndef outer(): build()\n---\nouter()\n---\nprint(rows)'
    assert taken(cells, 'rows') == ['rows = []', 'def build():', 'def outer(): build()', 'outer()']


def test_unions_of_types_in_texts_are_followed() -> None:
    cells = "import dspy\nfrom typing import Literal\nL = Literal['a'] | None\nqa = dspy.Predict('text -> label: L')"
    assert taken(cells, 'qa') == cells.split('\n')


@pytest.mark.parametrize(
    ('line', 'kept'),
    [
        ("lm = dspy.LM('x'); dspy.configure(lm=lm, rm=3)", 'dspy.configure(rm=3)'),
        ("lm = dspy.LM('x'); r = 3; dspy.configure(lm=lm, rm=r)", 'r = 3; dspy.configure(rm=r)'),
        ("from dspy import configure as c\nc(lm=None, rm=3)", 'c(rm=3)'),
        ("from dspy import settings\nsettings.configure(lm=None, rm=3)", 'settings.configure(rm=3)'),
    ],
)
def test_settings_are_kept_however_configure_is_called(line: str, kept: str) -> None:
    assert taken(f'import dspy\n{line}\nqa = dspy.Predict("q -> a")', 'qa')[-2] == kept


def test_settings_that_cannot_be_parted_from_the_lm_are_said() -> None:
    gathered = gather(notebook('import dspy\nif dspy:\n    dspy.configure(lm=None, rm=3)\nqa = dspy.Predict("q -> a")', 'qa'))
    assert gathered.notes[0].startswith('cell 1, line 2 sets `rm` within other code')


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
