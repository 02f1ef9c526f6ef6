"""The command that installs a package where the user's own packages come from: uv, poetry, pipenv, or pip."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import sys

_MANAGERS = (
    ('uv.lock', ('uv', 'add')),
    ('poetry.lock', ('poetry', 'add')),
    ('Pipfile', ('pipenv', 'install')),
)

# What installs all that a lock file names, and removes nothing.
_LOCKED = (
    ('uv.lock', 'uv sync --all-packages --all-groups --all-extras --inexact'),
    ('poetry.lock', 'poetry install --all-groups --all-extras'),
)

# Packages that are imported under another name than the one they are installed by; a stranger's may have that.
_INSTALLED_AS = {
    'bs4': 'beautifulsoup4',
    'cv2': 'opencv-python',
    'dateutil': 'python-dateutil',
    'docx': 'python-docx',
    'dotenv': 'python-dotenv',
    'faiss': 'faiss-cpu',
    'fitz': 'pymupdf',
    'git': 'gitpython',
    'jwt': 'pyjwt',
    'PIL': 'pillow',
    'pptx': 'python-pptx',
    'sklearn': 'scikit-learn',
    'slugify': 'python-slugify',
    'yaml': 'pyyaml',
}


def install_arguments(package: str, workspace: str) -> list[str]:
    """
    The program, then its arguments, for who starts it without a shell.

    Args:
        package: as pip takes it, `dspy>=3.0,<4`.
        workspace: a lock file there, or above as far as the repository goes, shows which tool installs.
    """
    for folder in up_to_repository(workspace):
        for file, command in _MANAGERS:
            if os.path.isfile(os.path.join(folder, file)):
                return [*command, package]
    return [*_pip_install(), package]


def _pip_install() -> list[str]:
    if importlib.util.find_spec('pip') is None:  # environments that uv makes have none
        return ['uv', 'pip', 'install', '--python', sys.executable]
    return [sys.executable, '-m', 'pip', 'install']


def install_command(package: str, workspace: str) -> str:
    """The same as a line to paste into a shell."""
    return _line(install_arguments(package, workspace))


def _line(arguments: list[str]) -> str:
    quote = _quoted_on_windows if sys.platform == 'win32' else shlex.quote
    return ' '.join(map(quote, arguments))


def command_for_missing(module: str, workspace: str) -> str:
    """The line that gets a package that an import did not find: all that is listed, where the project lists it."""
    package = _INSTALLED_AS.get(module, module)
    name = _normal(package)
    for folder in up_to_repository(workspace):
        for file, command in _LOCKED:
            if any(line.rstrip() == f'name = "{name}"' for line in _lines(os.path.join(folder, file))):
                return command
        requirements = os.path.join(folder, 'requirements.txt')
        if any(_normal(re.split(r'[^\w.-]', line, maxsplit=1)[0]) == name for line in _lines(requirements)):
            return _line([*_pip_install(), '-r', os.path.relpath(requirements, workspace)])
    return install_command(package, workspace)


def _normal(package: str) -> str:
    """As indexes and lock files spell it."""
    return re.sub(r'[-_.]+', '-', package).lower()


def _lines(file: str) -> list[str]:
    try:
        with open(file, encoding='utf-8', errors='replace') as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _quoted_on_windows(argument: str) -> str:
    """A path cannot hold a double quote there."""
    return argument if re.fullmatch(r'[\w\\/:.-]+', argument) else f'"{argument}"'


def up_to_repository(folder: str) -> list[str]:
    """The folder and those above it, as far as the repository goes; to the root of the file system without one."""
    folders = [folder]
    while not os.path.exists(os.path.join(folder, '.git')) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        folders.append(folder)
    return folders
