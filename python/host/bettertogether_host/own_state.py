"""Programs that keep what they work on in themselves, as scripts do that run one example after the other."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

_RUN = ('forward', 'aforward', '__call__', 'acall')


def kept_in_self(program: Any) -> tuple[str, Any] | None:
    """The first attribute that a run of the program sets on `self` and reads again, and the method that sets it.

    Rows that run at the same time would read each other's. Seen in the program's own class and the methods that
    `forward` itself has; what others do on its behalf is not looked for.
    """
    for cls in type(program).__mro__:
        for name in _RUN:
            method = vars(cls).get(name)
            attribute = _set_and_read(method) if inspect.isfunction(method) else None
            if attribute is not None:
                return attribute, method
        if cls.__module__.partition('.')[0] == 'dspy':
            return None
    return None


def _set_and_read(method: Any) -> str | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, TypeError, SyntaxError):
        return None
    used = list(_attributes_of_self(tree))
    read = {node.attr for node in used if isinstance(node.ctx, ast.Load)}
    return next((node.attr for node in used if isinstance(node.ctx, ast.Store) and node.attr in read), None)


def _attributes_of_self(tree: ast.AST) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'self':
            yield node
