"""The command that installs a package where the user's own packages come from: uv, poetry, pipenv, or pip."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys

_MANAGERS = (('uv.lock', 'uv add'), ('poetry.lock', 'poetry add'), ('Pipfile', 'pipenv install'))


def install_arguments(package: str, workspace: str) -> list[str]:
    """The same, for who starts it without a shell: the program, then its arguments."""
    return shlex.split(install_command(package, workspace))


def install_command(package: str, workspace: str) -> str:
    """
    Args:
        package: as pip takes it, `dspy>=3.0,<4`.
        workspace: a lock file there, or above as far as the repository goes, shows which tool installs.
    """
    quoted = shlex.quote(package)
    for folder in _up_to_repository(workspace):
        for file, command in _MANAGERS:
            if os.path.isfile(os.path.join(folder, file)):
                return f'{command} {quoted}'
    if importlib.util.find_spec('pip') is None:  # environments that uv makes have none
        return f'uv pip install --python {shlex.quote(sys.executable)} {quoted}'
    return f'{sys.executable} -m pip install {quoted}'


def _up_to_repository(folder: str) -> list[str]:
    folders = [folder]
    while not os.path.exists(os.path.join(folder, '.git')) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        folders.append(folder)
    return folders
