"""What a program reads, told before the run that may depend on it is answered."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest

from .conftest import Start
from .harness import HostProcess

pytestmark = pytest.mark.cold

PROGRAM = """
import os
import dspy
{top}

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict('question -> answer')

    def forward(self, question):
        {body}
        return self.answer(question=question)
"""


class Told:
    """All that a host has told, as the run process would have it."""

    def __init__(self, host: HostProcess) -> None:
        self.reads: dict[tuple[str, str], dict[str, Any]] = {}
        self.unclear: str | None = None
        self.params = list(host.reads)
        for params in self.params:
            for read in params['reads']:
                self.reads[read['kind'], read.get('path', read.get('name', ''))] = read
            for path in params['written']:
                for kind in ('file', 'place', 'folder'):
                    self.reads.pop((kind, path), None)
            self.unclear = self.unclear or params.get('unclear')

    def found(self, kind: str, path: Path | str) -> Any:
        read = self.reads.get((kind, str(path)))
        return None if read is None else read.get('found', read.get('entries', True))

    def under(self, folder: Path) -> set[tuple[str, str]]:
        prefix = os.path.join(folder, '')
        return {(kind, path[len(prefix) :]) for kind, path in self.reads if path.startswith(prefix)}


@pytest.fixture
def told(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def run(body: str, top: str = '', questions: tuple[str, ...] = ('q',), **more: Any) -> Told:
        indented = textwrap.indent(textwrap.dedent(body).strip(), ' ' * 8).strip()
        host, _ = start(PROGRAM.format(top=textwrap.dedent(top), body=indented), **more)
        for question in questions:
            outcome = host.run({'question': question}, labels={'answer': 'a'})
            assert 'error' not in outcome, outcome['error']
        return Told(host)

    return run


def stamp(file: Path) -> dict[str, int]:
    stat = os.stat(file)
    return {'size': stat.st_size, 'mtime': stat.st_mtime_ns // 1000}


@pytest.mark.parametrize(
    'body',
    [
        "open('data.txt').read()",
        "import pathlib; pathlib.Path('data.txt').read_text()",
        "os.close(os.open('data.txt', os.O_RDONLY))",
        "import threading; t = threading.Thread(target=lambda: open('data.txt').read()); t.start(); t.join()",
        "import asyncio, pathlib; asyncio.run(asyncio.to_thread(pathlib.Path('data.txt').read_bytes))",
        "os.chdir('/'); open(os.path.join(os.path.dirname(__file__), 'data.txt')).read()",
    ],
)
def test_tells_of_files_however_they_are_opened(told: Any, tmp_path: Path, body: str) -> None:
    file = tmp_path / 'data.txt'
    file.write_text('A')
    assert told(body).found('file', file) == stamp(file)


@pytest.mark.parametrize(
    ('body', 'kind'),
    [
        ("os.path.exists('later.txt')", 'place'),
        ("os.path.isfile('later.txt')", 'place'),
        ("os.access('later.txt', os.R_OK)", 'place'),
        ("import pathlib; pathlib.Path('later.txt').exists()", 'place'),
        ("import contextlib\nwith contextlib.suppress(OSError): open('later.txt')", 'file'),
        ("import contextlib\nwith contextlib.suppress(OSError): os.stat('later.txt')", 'place'),
    ],
)
def test_tells_of_files_that_are_not_there(told: Any, tmp_path: Path, body: str, kind: str) -> None:
    assert told(body).found(kind, tmp_path / 'later.txt') == 'nothing'


def test_whether_a_file_is_there_is_less_than_what_it_is(told: Any, tmp_path: Path) -> None:
    file = tmp_path / 'data.txt'
    file.write_text('A')
    assert told("os.path.exists('data.txt')").found('place', file) == 'file'
    assert told("os.path.getmtime('data.txt')").found('file', file) == stamp(file)


@pytest.mark.parametrize(
    'body',
    ["os.listdir('rows')", "import glob; glob.glob('rows/*.txt')", "list(os.walk('rows'))"],
)
def test_tells_of_folders_that_are_listed(told: Any, tmp_path: Path, body: str) -> None:
    (tmp_path / 'rows').mkdir()
    empty = told(body).found('folder', tmp_path / 'rows')
    (tmp_path / 'rows' / 'one.txt').write_text('1')
    one = told(body).found('folder', tmp_path / 'rows')
    assert empty is not None and one is not None and empty != one


def test_modules_imported_late_outside_and_not_at_all(told: Any, tmp_path: Path) -> None:
    outside = tmp_path.parent / f'{tmp_path.name}_outside'
    outside.mkdir()
    (outside / 'elsewhere.py').write_text('X = 1')
    (tmp_path / 'late.py').write_text('X = 1')
    body = """
    import late, elsewhere
    try:
        import optional_helper
    except ImportError:
        pass
    """
    result = told(body, top=f'import sys; sys.path.append({str(outside)!r})')
    assert result.found('file', tmp_path / 'late.py') == stamp(tmp_path / 'late.py')
    assert result.found('file', outside / 'elsewhere.py') == stamp(outside / 'elsewhere.py')
    assert result.found('place', tmp_path / 'optional_helper.py') == 'nothing'
    assert result.found('place', outside / 'optional_helper') == 'nothing'


def test_the_load_reads_as_well(told: Any, tmp_path: Path) -> None:
    (tmp_path / 'prompts.txt').write_text('Be brief.')
    top = """
    import pathlib
    TEXT = (pathlib.Path(__file__).parent / 'prompts.txt').read_text()
    MODE = os.environ.get('READS_MODE')
    """
    result = told('pass', top=top)
    assert result.found('file', tmp_path / 'prompts.txt') == stamp(tmp_path / 'prompts.txt')
    assert result.found('variable', 'READS_MODE')


@pytest.mark.parametrize(
    ('body', 'name'),
    [
        ("os.environ.get('READS_A')", 'READS_A'),
        ("os.getenv('READS_A')", 'READS_A'),
        ("'READS_A' in os.environ", 'READS_A'),
        ("os.path.expandvars('$READS_A')", 'READS_A'),
        ("os.environb.get(b'READS_A')", 'READS_A'),
    ],
)
def test_variables_by_name(told: Any, body: str, name: str) -> None:
    result = told(body)
    assert result.found('variable', name)
    assert not result.found('environment', '')


@pytest.mark.parametrize('body', ['dict(os.environ)', 'os.environ.copy()', '[k for k in os.environ]', 'len(os.environ)'])
def test_a_look_through_all_variables_is_all_variables(told: Any, body: str) -> None:
    result = told(body)
    assert result.found('environment', '')
    assert not any(kind == 'variable' and name == 'HOME' for kind, name in result.reads)


def test_proxies_and_own_variables_are_none(told: Any) -> None:
    result = told("import urllib.request; urllib.request.getproxies(); os.environ['READS_OWN'] = '1'; os.environ['READS_OWN']")
    assert not result.found('environment', '')
    assert not result.found('variable', 'READS_OWN')


def test_what_the_program_writes_is_none(told: Any, tmp_path: Path) -> None:
    (tmp_path / 'counter.txt').write_text('0')
    (tmp_path / 'out').mkdir()
    body = """
    import tempfile, shutil
    n = int(open('counter.txt').read()) + 1
    open('counter.txt', 'w').write(str(n))
    if not os.path.exists('cache.json'):
        open('cache.json', 'w').write('{}')
    open('cache.json').read()
    os.makedirs('made/deep', exist_ok=True)
    open('made/deep/x.txt', 'a').close()
    open('made/deep/x.txt').read()
    os.listdir('out')
    open(f'out/{n}.txt', 'w').write('x')
    os.listdir('out')
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, 'x'), 'w').close()
        open(os.path.join(folder, 'x')).read()
        os.listdir(folder)
    """
    result = told(body, questions=('one', 'two'))
    assert result.unclear is None
    files = {path for kind, path in result.under(tmp_path) if kind in ('file', 'place') and not path.endswith('.py')}
    assert files == set()
    assert result.reads['folder', str(tmp_path / 'out')]['without'] == ['1.txt', '2.txt']


def test_a_folder_that_the_program_fills_while_it_lists_it_makes_it_unclear(told: Any, tmp_path: Path) -> None:
    (tmp_path / 'out').mkdir()
    body = """
    os.listdir('out')
    for i in range(MANY):
        open(f'out/{i}', 'w').close()
    """
    result = told(body, top='MANY = 500')
    assert result.unclear is None
    assert len(result.reads['folder', str(tmp_path / 'out')]['without']) == 500
    result = told(body, top='MANY = 501')
    assert result.unclear == f'The program writes more than 500 files into {tmp_path / "out"}, which it lists.'


def test_gives_up_on_more_than_one_message_holds_also_where_the_program_writes_most_of_it(told: Any) -> None:
    body = """
    for i in range(10_001):
        if not os.path.exists(f'{i}.txt'):
            open(f'{i}.txt', 'w').close()
            os.remove(f'{i}.txt')
    """
    result = told(body)
    assert result.unclear == 'The program reads more than 10000 files and variables.'
    assert all(len(params['reads']) <= 10_000 and len(params['written']) <= 10_000 for params in result.params)


@pytest.mark.parametrize('mode', ['r+', 'a+', 'rb+', 'ab+'])
def test_a_file_opened_for_both_is_read_until_it_is_written(told: Any, tmp_path: Path, mode: str) -> None:
    file = tmp_path / 'data.txt'
    file.write_text('A')
    result = told(f"with open('data.txt', {mode!r}) as file: file.seek(0); file.read()", questions=('one', 'two'))
    assert result.found('file', file) == stamp(file)
    writes = f"""
    with open('data.txt', {mode!r}) as file:
        file.seek(0), file.read()
        if question != 'one':
            file.write('B' if 'b' not in {mode!r} else b'B')
    """
    result = told(writes, questions=('one', 'two', 'three'))
    assert result.unclear is None
    assert result.found('file', file) is None


@pytest.mark.parametrize(
    'database', ["'data.db'", "__import__('pathlib').Path('data.db')", "'file:data.db?mode=ro', uri=True"]
)
def test_tells_of_databases(told: Any, tmp_path: Path, database: str) -> None:
    file = tmp_path / 'data.db'
    with contextlib.closing(sqlite3.connect(file)) as made:
        made.execute('create table t (a)')
        made.execute('insert into t values (1)')
        made.commit()
    body = f'c = sqlite3.connect({database}); c.execute("select * from t").fetchall(); c.close()'
    assert told(body, top='import sqlite3').found('file', file) == stamp(file)


def test_databases_in_memory_or_written_are_none(told: Any, tmp_path: Path) -> None:
    (tmp_path / 'kept.db').touch()
    body = """
    for name in (':memory:', '', 'file::memory:', 'file:shared?mode=memory&cache=shared', 'new.db', 'kept.db'):
        with contextlib.closing(sqlite3.connect(name, uri=True)) as c:
            c.execute('create table t (a)')
            c.commit()
    """
    result = told(body, top='import contextlib, sqlite3')
    assert result.unclear is None
    assert not {path for kind, path in result.under(tmp_path) if kind == 'file' and not path.endswith('.py')}


def test_what_gives_something_else_each_time_makes_it_unclear(told: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    result = told("os.close(os.open('pipe', os.O_RDONLY | os.O_NONBLOCK))")
    assert result.unclear == f'{tmp_path / "pipe"} is no file that stays as it is, and the program reads it.'
    assert told("os.path.exists('pipe')").unclear is None


@pytest.mark.skipif(sys.platform != 'linux', reason='others keep no such names')
@pytest.mark.parametrize('body', ["open(b'data-\\xff').read()", "os.path.exists(b'none-\\xff')", "os.listdir('rows')"])
def test_names_that_cannot_be_told_make_it_unclear(told: Any, tmp_path: Path, body: str) -> None:
    (tmp_path / 'rows').mkdir()
    for name in (b'data-\xff', b'rows/\xff'):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_text('A')
    assert told(body).unclear == 'The program reads files whose names are not UTF-8.'


@pytest.mark.skipif(not os.path.isdir('/dev/shm'), reason='Linux keeps files there in memory')
def test_files_in_memory_are_files(told: Any) -> None:
    with tempfile.NamedTemporaryFile('w', dir='/dev/shm') as file:
        file.write('A')
        file.flush()
        result = told(f'open({file.name!r}).read(); open("/dev/null").read()')
        assert result.found('file', file.name) == stamp(Path(file.name))


def test_nothing_of_ours_is_told_of_where_a_whole_folder_is_searched(told: Any, tmp_path: Path) -> None:
    (tmp_path / '.bettertogether' / 'cache').mkdir(parents=True)
    (tmp_path / 'rows').mkdir()
    result = told("[os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk('.') for name in names]")
    assert result.found('folder', tmp_path / 'rows') is not None
    assert not any('.bettertogether' in path or '__pycache__' in path for _, path in result.reads)


def test_a_folder_that_is_there_already_is_not_made(told: Any, tmp_path: Path) -> None:
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'gold.txt').write_text('A')
    result = told("os.makedirs('data', exist_ok=True); open('data/gold.txt').read()")
    assert result.found('file', tmp_path / 'data' / 'gold.txt') == stamp(tmp_path / 'data' / 'gold.txt')


def test_packages_go_by_their_folder_and_the_standard_library_by_the_version(told: Any) -> None:
    result = told('import json.tool, wave, packaging.version; open(packaging.__file__).read()')
    files = [path for kind, path in result.reads if kind == 'file']
    assert not any('site-packages' in path or path.endswith('wave.py') for path in files)
    packages = {os.path.basename(path) for kind, path in result.reads if kind == 'package'}
    assert {'dspy', 'packaging', 'pydantic'} <= packages


def test_a_file_that_changes_under_the_program_makes_it_unclear(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / 'data.txt'
    file.write_text('A')
    host, _ = start(PROGRAM.format(top='', body="open('data.txt').read()"))
    host.run({'question': 'q'})
    assert Told(host).unclear is None
    file.write_text('BB')
    host.run({'question': 'q'})
    assert Told(host).unclear == f'{file} changed while the program ran on it.'


def test_reads_of_an_earlier_run_are_told_once(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data.txt').write_text('A')
    host, _ = start(PROGRAM.format(top='', body="open('data.txt').read()"))
    host.run({'question': 'q'})
    before = len(host.reads)
    host.run({'question': 'another'})
    assert len(host.reads) == before
