"""marimo's names that begin with `_` are their cell's own: where several bind one, each is named by its cell."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence

from .names import names_of


def private_names(cell: Sequence[str]) -> frozenset[str]:
    """Those that a cell binds; none of one that is not Python."""
    text = '\n'.join(cell)
    try:
        bound = names_of(text, ast.parse(text).body).binds
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(name for name in bound if name.startswith('_') and not name.startswith('__'))


def renamed(cell: Sequence[str], names: frozenset[str], number: int) -> list[str]:
    """
    `_row` becomes `_row_cell3`, by as many lines; attributes and arguments of that name stay.

    A cell that has such a name as a parameter or within an f-string, whose places in it are not known, stays as it is.
    """
    tree = ast.parse('\n'.join(cell))
    arguments = {each.arg for each in ast.walk(tree) if isinstance(each, (ast.arg, ast.keyword))}
    formatted = [part for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in ast.walk(each)]
    names -= {name for name in arguments if name is not None}
    names -= {each.id for each in formatted if isinstance(each, ast.Name)}
    lines = list(cell)
    before = ''
    found: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO('\n'.join([*cell, ''])).readline):
        if token.type == tokenize.NAME and token.string in names and before != '.':
            found.append(token)
        before = token.string
    for token in reversed(found):
        at = token.start[0] - 1
        lines[at] = f'{lines[at][: token.start[1]]}{token.string}_cell{number}{lines[at][token.end[1] :]}'
    return lines
