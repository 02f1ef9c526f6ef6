"""Packages of the user's own that are not installed, and programs that are called by `__call__`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from bettertogether_host.install_commands import command_for_missing, install_arguments, install_command
from bettertogether_host.own_packages import home_of

from .harness import HostProcess, RemoteError, fills_in

PROGRAM = "import dspy\n{imports}\nprogram = dspy.Predict('question -> answer')\nAGAIN = Answer\n"
TYPES = 'class Answer: ...\n'


def write(workspace: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


LAYOUTS: dict[str, tuple[str, dict[str, str]]] = {
    'src, by name, no __init__': (
        'src/qa/program.py',
        {'src/qa/program.py': PROGRAM.format(imports='from qa.types import Answer'), 'src/qa/types.py': TYPES},
    ),
    'src, relative, no __init__': (
        'src/qa/program.py',
        {'src/qa/program.py': PROGRAM.format(imports='from .types import Answer'), 'src/qa/types.py': TYPES},
    ),
    'src, deep, up two': (
        'src/qa/deep/program.py',
        {
            'src/qa/deep/program.py': PROGRAM.format(imports='from ..types import Answer'),
            'src/qa/deep/__init__.py': '',
            'src/qa/types.py': TYPES,
        },
    ),
    'a script beside src': (
        'apps/program.py',
        {'apps/program.py': PROGRAM.format(imports='from qa.types import Answer'), 'src/qa/types.py': TYPES},
    ),
    'a package that is the workspace': (
        'program.py',
        {'program.py': PROGRAM.format(imports='from .types import Answer'), 'types.py': TYPES, '__init__.py': ''},
    ),
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_is_imported_as_it_is(tmp_path: Path, layout: str) -> None:
    program, files = LAYOUTS[layout]
    workspace = tmp_path / 'work_space'
    write(workspace, files)
    host = HostProcess(fills_in(lambda *_: ''), cold=True)
    try:
        described = host.initialize(workspace, f'{program}#program')
        assert [each['name'] for each in described['predictors']] == ['self']
        host.shutdown()
        assert 'The import path has' in host.printed
    finally:
        host.close()


def test_program_and_metric_share_their_modules(tmp_path: Path) -> None:
    metric = 'from qa.program import AGAIN\nfrom qa.types import Answer\n\ndef metric(*_):\n    return AGAIN is Answer\n'
    write(tmp_path, {**LAYOUTS['src, by name, no __init__'][1], 'src/qa/metrics.py': metric})
    host = HostProcess(fills_in(lambda *_: ''), cold=True)
    try:
        host.put_start(host.initialize(tmp_path, 'src/qa/program.py#program', 'src/qa/metrics.py#metric'))
        assert host.run({'question': 'q'})['score'] == 1
    finally:
        host.close()


def told(workspace: Path, files: dict[str, str]) -> str:
    write(workspace, files)
    host = HostProcess(fills_in(lambda *_: ''), cold=True)
    try:
        with pytest.raises(RemoteError) as error:
            host.initialize(workspace, 'program.py#program')
        return str(error.value)
    finally:
        host.close()


def test_a_package_of_ones_own_is_never_to_be_installed_from_an_index(tmp_path: Path) -> None:
    message = told(tmp_path, {'program.py': 'import qa_lib\n', 'packages/one/qa_lib/__init__.py': ''})
    assert "No module named 'qa_lib'. packages/one/qa_lib is a package of your own" in message
    assert f'PYTHONPATH={tmp_path}/packages/one' in message
    assert 'pip install qa_lib' not in message


def test_nor_one_of_another_member_of_the_monorepo_that_the_workspace_is_part_of(tmp_path: Path) -> None:
    (tmp_path / '.git').mkdir()
    write(tmp_path, {'packages/core/pyproject.toml': '', 'packages/core/src/core_lib/__init__.py': ''})
    message = told(tmp_path / 'packages' / 'app', {'program.py': 'import core_lib\n'})
    assert '../core/src/core_lib is a package of your own' in message
    assert f'PYTHONPATH={tmp_path}/packages/core/src' in message
    assert 'pip install core_lib' not in message


@pytest.mark.parametrize('namesake', ['examples/index_lib/demo.py', 'tests/index_lib.py'])
def test_a_folder_of_another_project_that_has_the_name_of_a_package_of_an_index_is_none(
    tmp_path: Path, namesake: str
) -> None:
    (tmp_path / '.git').mkdir()
    write(tmp_path, {'pyproject.toml': '', namesake: ''})
    message = told(tmp_path / 'packages' / 'app', {'program.py': 'import index_lib\n'})
    assert 'pip install index_lib' in message


@pytest.mark.parametrize(
    ('lock', 'command'), [('uv.lock', 'uv add'), ('poetry.lock', 'poetry add'), ('Pipfile', 'pipenv install')]
)
def test_who_installs_is_told_by_the_lock_file(tmp_path: Path, lock: str, command: str) -> None:
    (tmp_path / 'apps').mkdir()
    (tmp_path / lock).write_text('')
    assert install_command('dspy>=3.0,<4', str(tmp_path / 'apps')) == f"{command} 'dspy>=3.0,<4'"


@pytest.mark.parametrize(
    ('lock', 'known', 'unknown'),
    [
        ('uv.lock', 'uv sync --all-packages --all-groups --all-extras --inexact', 'uv add other'),
        ('poetry.lock', 'poetry install --all-groups --all-extras', 'poetry add other'),
    ],
)
def test_what_a_lock_file_names_is_only_not_installed(tmp_path: Path, lock: str, known: str, unknown: str) -> None:
    (tmp_path / lock).write_text('[[package]]\nname = "index-lib"\nversion = "1.0"\n')
    assert command_for_missing('index_lib', str(tmp_path)) == known
    assert command_for_missing('other', str(tmp_path)) == unknown


def test_what_requirements_list_is_installed_with_them(tmp_path: Path) -> None:
    (tmp_path / 'requirements.txt').write_text('# ours\nfaiss_cpu>=1.7 ; python_version > "3"\n-r more.txt\n')
    assert command_for_missing('faiss', str(tmp_path)).endswith(' install -r requirements.txt')
    assert command_for_missing('other', str(tmp_path)).endswith(' install other')


def test_a_package_is_installed_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / '.git').mkdir()
    assert command_for_missing('sklearn', str(tmp_path)).endswith(' install scikit-learn')


@pytest.mark.parametrize(
    ('platform', 'python', 'shown'),
    [
        ('win32', r'C:\Users\me\python.exe', r'C:\Users\me\python.exe -m pip install "dspy>=3.0,<4"'),
        ('win32', r'C:\My Env\python.exe', r'"C:\My Env\python.exe" -m pip install "dspy>=3.0,<4"'),
        ('linux', '/home/me/My Env/bin/python', "'/home/me/My Env/bin/python' -m pip install 'dspy>=3.0,<4'"),
    ],
)
@pytest.mark.parametrize('has_pip', [True, False])
def test_the_interpreter_is_one_argument_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, python: str, shown: str, has_pip: bool
) -> None:
    (tmp_path / '.git').mkdir()
    monkeypatch.setattr(sys, 'platform', platform)
    monkeypatch.setattr(sys, 'executable', python)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda _: object() if has_pip else None)
    with_pip, with_uv = [python, '-m', 'pip', 'install'], ['uv', 'pip', 'install', '--python', python]
    wanted = [*(with_pip if has_pip else with_uv), 'dspy>=3.0,<4']
    assert install_arguments('dspy>=3.0,<4', str(tmp_path)) == wanted
    if has_pip:
        assert install_command('dspy>=3.0,<4', str(tmp_path)) == shown


def test_scripts_are_imported_from_their_folder(tmp_path: Path) -> None:
    write(tmp_path, {'apps/qa.py': 'import json, qa_types\n', 'apps/json/x.py': ''})
    assert home_of(f'{tmp_path}/apps/qa.py', str(tmp_path)) == (f'{tmp_path}/apps', 'qa')


CALLED = """
import dspy

class Program(dspy.Module):
    def __init__(self):
        super().__init__()
        self.ask = dspy.Predict('question -> answer')

    KIND(self, question: str):
        return BODY
"""


@pytest.mark.parametrize(
    ('kind', 'body'),
    [
        ('def __call__', 'self.ask(question=question)'),
        ('async def acall', 'await self.ask.acall(question=question)'),
    ],
)
def test_programs_with_call_alone(tmp_path: Path, kind: str, body: str) -> None:
    write(tmp_path, {'program.py': CALLED.replace('KIND', kind).replace('BODY', body)})
    host = HostProcess(fills_in(lambda field, question: question), cold=True)
    try:
        host.put_start(host.initialize(tmp_path, 'program.py#Program'))
        assert host.run({'question': 'q'}, labels={'answer': 'q'})['score'] == 1
        error: Any = host.run({'other': 'q'})['error']
        assert f'Program.{kind.split()[-1]} does not take the inputs of the rows' in error['message']
        assert error['message'].endswith('Name its parameters like them.')
        chat: Any = host.run({'messages': []})['error']
        assert "return [{'question': row['messages'][-2]['content']" in chat['message']
        whole_row: Any = host.run({'question': 'q', 'answer': 'q'})['error']  # its author marked no inputs
        assert whole_row['message'].endswith('Say which fields it is called with: "inputs": ["question"].')
    finally:
        host.close()
