"""Paths as people read them."""

from __future__ import annotations

import os
from types import ModuleType


def relative(file: str, folder: str, style: ModuleType = os.path) -> str:
    """`file` as seen from `folder`; as it is where no way leads there, as between two drives of Windows."""
    try:
        return style.relpath(file, folder)
    except ValueError:
        return file
