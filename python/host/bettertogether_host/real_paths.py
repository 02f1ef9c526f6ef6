"""Real paths of source files: every imported module is asked for its own, and `realpath` looks at each folder on its
way."""

from __future__ import annotations

import functools
import os


def real_path(file: str) -> str:
    """As `os.path.realpath`, of a file that is no other one later."""
    return _real_path(file) if os.path.isabs(file) else os.path.realpath(file)


@functools.cache
def _real_path(file: str) -> str:
    folder, name = os.path.split(file)
    path = os.path.join(_real_folder(folder), name)
    return os.path.realpath(path) if os.path.islink(path) else os.path.normpath(path)


@functools.cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)
