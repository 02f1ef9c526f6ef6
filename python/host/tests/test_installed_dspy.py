"""A DSPy that the host does not work with is told by its version, with the command that installs another."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bettertogether_host import installed_dspy
from bettertogether_host.installed_dspy import require_dspy
from bettertogether_host.user_errors import LoadError

from .harness import HostProcess, RemoteError


def answer(packages: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a host says that finds `packages` before all else."""
    monkeypatch.setenv('PYTHONPATH', str(packages))
    host = HostProcess(lambda call: 'never', cold=True)
    try:
        with pytest.raises(RemoteError) as told:
            host.initialize(packages, 'program.py#Program')
        assert told.value.data['kind'] == 'load'
        return str(told.value)
    finally:
        host.close()


def package(folder: Path, code: str, distribution: str | None = None) -> None:
    """`distribution`: as pip would have noted it, `dspy-2.6.27`."""
    (folder / 'dspy').mkdir()
    (folder / 'dspy' / '__init__.py').write_text(code, encoding='utf-8')
    if distribution is not None:
        name, version = distribution.rsplit('-', 1)
        noted = folder / f'{name.replace("-", "_")}-{version}.dist-info'
        noted.mkdir()
        (noted / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n', encoding='utf-8')


INSTALL = f"{sys.executable} -m pip install 'dspy>=3.0,<4'. Or name the interpreter"


@pytest.mark.parametrize(
    ('version', 'why'),
    [
        ('2.6.27', 'too old'),
        ('2.6.0rc11', 'too old'),
        ('4.0.0', 'newer than this release of BetterTogether knows'),
        ('10.1', 'newer than this release of BetterTogether knows'),
    ],
)
def test_a_version_that_does_not_work(version: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, f'__version__ = {version!r}')
    told = answer(tmp_path, monkeypatch)
    assert told.startswith(f'DSPy {version} of {sys.executable} is {why}. Install DSPy 3: {INSTALL}')


def test_one_from_before_dspy_said_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, 'settings = None', 'dspy-2.5.43')
    told = answer(tmp_path, monkeypatch)
    assert told.startswith(f'DSPy 2.5.43 of {sys.executable} is too old. Install DSPy 3: {INSTALL}')


def test_one_from_before_it_was_called_dspy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, 'version', versions({'dspy-ai': '2.4.17'}))
    old = ModuleType('dspy')
    old.__file__ = 'dspy/__init__.py'
    monkeypatch.setitem(sys.modules, 'dspy', old)
    with pytest.raises(LoadError, match=r'^DSPy 2\.4\.17 of .* is too old\.'):
        require_dspy(str(tmp_path))


def versions(noted: dict[str, str]) -> Callable[[str], str]:
    def version(name: str) -> str:
        if name not in noted:
            raise importlib.metadata.PackageNotFoundError(name)
        return noted[name]

    return version


@pytest.mark.parametrize('file', ['dspy.py', 'dspy/readme.txt'])
def test_a_file_or_a_folder_of_the_users_with_its_name(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text('', encoding='utf-8')
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])  # no package with that name: a folder is looked at last
    monkeypatch.setitem(sys.modules, 'dspy', None)
    del sys.modules['dspy']
    place = tmp_path / file.split('/')[0]
    with pytest.raises(LoadError, match=f'imports as dspy is no DSPy 3: {re.escape(str(place))}'):
        require_dspy(str(tmp_path))


def test_none_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, 'dspy', None)
    with pytest.raises(LoadError, match=r"^DSPy is not installed for .*-m pip install 'dspy>=3\.0,<4'"):
        require_dspy(str(tmp_path))


@pytest.mark.parametrize(
    ('version', 'code', 'cause'),
    [
        ('2.5.43', 'import a_package_that_is_gone', "No module named 'a_package_that_is_gone'"),
        ('0.1.5', 'print "Too many"', 'Missing parentheses'),  # another package, which had the name before
    ],
)
def test_an_old_one_that_cannot_be_imported(
    version: str, code: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, code, f'dspy-{version}')
    told = answer(tmp_path, monkeypatch)
    assert told.startswith(f'DSPy {version} of {sys.executable} is too old, and cannot be imported: {cause}')
    assert told.count(f'. Install DSPy 3: {INSTALL}') == 1


@pytest.mark.parametrize(
    ('code', 'cause'),
    [
        ('import a_package_that_is_gone', "No module named 'a_package_that_is_gone'"),
        ('raise RuntimeError("no GPU")', 'no GPU'),
    ],
)
def test_one_that_cannot_be_imported(code: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, code)
    told = answer(tmp_path, monkeypatch)
    assert told.startswith(f'DSPy cannot be imported by {sys.executable}: {cause}. Install it anew: {INSTALL}')


# What each version from 3.0 on requires of pip; it has required other packages for a time, `orjson` among them.
OF_EACH_DSPY = {'dspy', 'pydantic', 'tqdm'}


@pytest.mark.parametrize('file', sorted(Path(installed_dspy.__file__).parent.glob('*.py')), ids=lambda file: file.name)
def test_nothing_is_imported_that_a_dspy_may_lack(file: Path) -> None:
    """But within a function or a `try`, which see to it."""
    tree = ast.parse(file.read_text(encoding='utf-8'))
    names = {name.split('.')[0] for statement in tree.body for name in imported(statement)}
    assert names - sys.stdlib_module_names - {'__future__'} <= OF_EACH_DSPY


def imported(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [each.name for each in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.level == 0:
        return [statement.module or '']
    return []


def looked_for(folder: Path, *, path: Path) -> dict[str, object]:
    """What `look_for_dspy` says of a Python that finds `path` before all else."""
    said = subprocess.run(
        [sys.executable, '-m', 'bettertogether_host.look_for_dspy', str(folder)],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, 'PYTHONPATH': str(path)},
        capture_output=True,
        check=True,
    )
    return json.loads(said.stdout)


def test_a_look_imports_nothing(tmp_path: Path) -> None:
    package(tmp_path, 'raise SystemExit("imported")', 'dspy-2.6.27')
    looked = looked_for(tmp_path, path=tmp_path)
    assert looked['trouble'] == f'DSPy 2.6.27 of {sys.executable} is too old'
    assert looked['install'] == [sys.executable, '-m', 'pip', 'install', 'dspy>=3.0,<4']


def test_a_look_at_one_that_works(tmp_path: Path) -> None:
    package(tmp_path, '', 'dspy-3.1.0')
    assert looked_for(tmp_path, path=tmp_path)['trouble'] is None
