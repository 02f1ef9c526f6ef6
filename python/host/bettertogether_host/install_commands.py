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

# What installs all that a lock file names.
_LOCKED = (
    ('uv.lock', 'uv sync --all-extras'),
    ('poetry.lock', 'poetry install --all-extras'),
)


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
    if importlib.util.find_spec('pip') is None:  # environments that uv makes have none
        return ['uv', 'pip', 'install', '--python', sys.executable, package]
    return [sys.executable, '-m', 'pip', 'install', package]


def install_command(package: str, workspace: str) -> str:
    """The same as a line to paste into a shell."""
    quote = _quoted_on_windows if sys.platform == 'win32' else shlex.quote
    return ' '.join(quote(argument) for argument in install_arguments(package, workspace))


def command_for_missing(module: str, workspace: str) -> str:
    """The line that gets a package that an import did not find: one that the lock file names is only not installed."""
    name = re.sub(r'[-_.]+', '-', module).lower()
    for folder in up_to_repository(workspace):
        for file, command in _LOCKED:
            if _names(os.path.join(folder, file), name):
                return command
    return install_command(module, workspace)


def _names(lock: str, package: str) -> bool:
    try:
        with open(lock, encoding='utf-8', errors='replace') as stream:
            return any(line.rstrip() == f'name = "{package}"' for line in stream)
    except OSError:
        return False


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
