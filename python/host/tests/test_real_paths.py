from __future__ import annotations

import os
from pathlib import Path

import pytest

from bettertogether_host.real_paths import real_path


@pytest.mark.parametrize('asked', ['real/a.py', 'link/a.py', 'real/b.py', 'link/../real/a.py', 'real/none.py', 'real'])
def test_is_what_realpath_says(tmp_path: Path, asked: str) -> None:
    (tmp_path / 'real').mkdir()
    (tmp_path / 'real/a.py').touch()
    (tmp_path / 'link').symlink_to(tmp_path / 'real')
    (tmp_path / 'real/b.py').symlink_to('a.py')
    file = str(tmp_path / asked)
    assert real_path(file) == os.path.realpath(file)


def test_of_a_relative_file_goes_by_the_folder_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('one', 'two'):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert real_path('a.py') == os.path.realpath(tmp_path / name / 'a.py')
