"""The module that is made of the cells: its lines, digest, errors, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bettertogether_host.notebooks.loading import Notebooks, told
from bettertogether_host.notebooks.module import module_of
from bettertogether_host.notebooks.places import place_in_source
from bettertogether_host.sources import Loader
from bettertogether_host.user_errors import LoadError, user_frame, users_traceback
from .cells import notebook


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


def test_a_module_that_a_cell_writes_is_not_to_be_installed(tmp_path: Path) -> None:
    file = tmp_path / 'qa.ipynb'
    file.write_text('{}')
    left = [{'cell': 1, 'line': 1, 'why': 'it is a magic', 'writes': 'lib/helpers_of_qa.py'}]
    given = notebook('import helpers_of_qa\nx = helpers_of_qa.x', 'x', file=str(file), left_out=left)
    with pytest.raises(LoadError, match=r'qa\.ipynb, cell 1 writes it, .* save helpers_of_qa.py beside the notebook'):
        Loader(str(tmp_path), [given]).load(str(file))


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
