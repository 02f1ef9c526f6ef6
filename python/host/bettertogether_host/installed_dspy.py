"""The DSPy of the user's own interpreter: whether it is there, and whether the host works with it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from types import ModuleType

from .install_commands import install_command
from .user_errors import LoadError

OLDEST, FIRST_UNKNOWN = (3, 0), (4, 0)
WANTED = 'dspy>=3.0,<4'
_NAMES = ('dspy', 'dspy-ai')  # of the package; the second before 2.5
_ANOTHER = (
    'Or name the interpreter that has it in the environment variable BETTERTOGETHER_PYTHON ($CONDA_PREFIX/bin/python, '
    'what `poetry env info --executable` prints).'
)


def require_dspy(workspace: str) -> None:
    """
    Raises:
        LoadError: with the version that is there and the command that installs one of `WANTED`.
    """
    install = install_command(WANTED, workspace)
    try:
        import dspy
    except Exception as error:
        raise LoadError(f'{_why_not_imported(error)}: {install}. {_ANOTHER}') from error
    trouble = _trouble_with(dspy)
    if trouble is not None:
        raise LoadError(f'{trouble}. Install DSPy 3: {install}. {_ANOTHER}')


def trouble_ahead() -> str | None:
    """What `require_dspy` would say, as far as it shows without importing DSPy, which takes seconds. Without advice."""
    if importlib.util.find_spec('dspy') is None:
        return f'DSPy is not installed for {sys.executable}'
    return _trouble_of(noted_version())


def _why_not_imported(error: Exception) -> str:
    """What is wrong and what to do, up to the command. An old DSPy beside newer packages often cannot be imported."""
    unfit = _trouble_of(noted_version())
    if unfit is not None:
        return f'{unfit}, and cannot be imported: {error}. Install DSPy 3'
    if isinstance(error, ModuleNotFoundError) and error.name == 'dspy':
        return f'DSPy is not installed for {sys.executable}. Install it'
    return f'DSPy cannot be imported by {sys.executable}: {error}. Install it anew'


def _trouble_with(dspy: ModuleType) -> str | None:
    version = getattr(dspy, '__version__', None)
    if version is not None:
        return _trouble_of(version)
    place = getattr(dspy, '__file__', None) or ', '.join(dspy.__path__)
    return _trouble_of(noted_version()) or f'What {sys.executable} imports as dspy is no DSPy 3: {place}'


def noted_version() -> str | None:
    """What the installer noted: DSPy itself does not say before 2.6."""
    for name in _NAMES:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def _trouble_of(version: str | None) -> str | None:
    numbers = re.match(r'(\d+)\.(\d+)', version or '')
    if numbers is None:
        return None
    found = (int(numbers[1]), int(numbers[2]))
    if OLDEST <= found < FIRST_UNKNOWN:
        return None
    why = 'too old' if found < OLDEST else 'newer than this release of BetterTogether knows'
    return f'DSPy {version} of {sys.executable} is {why}'
