"""Rows that are written into code: where they stand, so that who reads the code is not shown them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_COLLECTIONS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
# What stands in their place, by the kind of node; of calls `...` alone.
_LEFT = {ast.List: '[...]', ast.Tuple: '(...)', ast.Set: '{...}', ast.Dict: '{...}'}

# Characters of a flat list or dict of values that is still a setting: labels to choose from, words to stop at.
_SETTING_AT_MOST = 200


def without_data(lines: list[str], node: ast.stmt) -> list[str]:
    """
    Args:
        lines: of the whole file; `node` is of its syntax tree.

    Returns:
        The statement's lines, decorators first, with `...` for lists and dicts of rows and for examples.
    """
    first = first_line(node)
    kept = [line.encode() for line in lines[first - 1 : node.end_lineno]]
    for each in sorted(_data_in(node), key=lambda found: (found.lineno, found.col_offset), reverse=True):
        start, end = each.lineno - first, (each.end_lineno or each.lineno) - first
        rest = kept[end][each.end_col_offset :]
        kept[start : end + 1] = [kept[start][: each.col_offset] + _LEFT.get(type(each), '...').encode() + rest]
    return [line.decode() for line in kept]


def first_line(node: ast.stmt) -> int:
    """From 1; that of the first decorator, where there is one."""
    return min([node.lineno, *(each.lineno for each in getattr(node, 'decorator_list', []))])


def _data_in(node: ast.AST) -> Iterator[ast.expr]:
    """The outermost expressions that are data."""
    if isinstance(node, ast.expr) and _is_data(node):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.slice):  # `Literal['yes', 'no']` is a type
            yield from _data_in(child)


def _is_data(node: ast.expr) -> bool:
    if _is_example(node):
        return True
    if not isinstance(node, _COLLECTIONS):
        return False
    items = _items(node)
    if any(_is_example(each) or (isinstance(each, _COLLECTIONS) and _is_literal(each)) for each in items):
        return True
    return _is_literal(node) and len(ast.unparse(node)) > _SETTING_AT_MOST


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, _COLLECTIONS):
        return all(map(_is_literal, _items(node)))
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and _is_literal(node.operand))


def _items(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Dict):
        return [*(key for key in node.keys if key is not None), *node.values]
    return list(node.elts) if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []


def _is_example(node: ast.expr) -> bool:
    """`dspy.Example(question='…', answer='…')`, and methods of one: `.with_inputs('question')`."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and _is_example(node.func.value):
        return True
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', None)
    values = [*node.args, *(each.value for each in node.keywords)]
    return name == 'Example' and any(map(_is_literal, values))
