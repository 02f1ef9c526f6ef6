"""Keys that stand in a notebook's code: the endpoint of a run has its own, and no other is written into a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

# Keys that say by their beginning whose they are, as in src/host/sourceForReader.ts.
_SERVICE_KEY = re.compile(r'\b(?:sk-|hf_|gh[a-z]_|gsk_|xox[a-z]-|AKIA|AIza)[\w-]{16,}')
_KEY = re.compile(
    r'(\w+_)?(api_?key|access_?key|secret(_key)?|password|passwd|(auth|api|access|hf|bearer)_?token)|token',
    re.IGNORECASE,
)
# Arguments by which an LM is given its key, however short.
_OF_LM = re.compile(r'(api_)?key|((auth|api)_)?token')


def without_keys(lines: Sequence[str]) -> tuple[str, ...]:
    """
    `dspy.LM('openai/judge', api_key='sk-1')` gets `api_key=None`, `KEY = 'sk-…'` an empty text.

    Args:
        lines: of whole statements; as many come back.
    """
    tree = ast.parse('\n'.join(lines))
    blank: dict[tuple[int, int], tuple[ast.expr, bytes]] = {}
    for node, instead in _keys(tree):
        blank.setdefault((node.lineno, node.col_offset), (node, instead))
    kept = [line.encode() for line in lines]
    for _, (node, instead) in sorted(blank.items(), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        kept[first] = kept[first][: node.col_offset] + instead + kept[last][node.end_col_offset :]
        # Lines stay as many as they were.
        kept[first + 1 : last + 1] = [b''] * (last - first)
    return tuple(line.decode() for line in kept)


def _keys(tree: ast.AST) -> Iterator[tuple[ast.expr, bytes]]:
    """Texts that are keys, and what stands in their place; what is around a text comes before it."""
    in_joined = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
    for node in ast.walk(tree):
        if id(node) in in_joined:
            continue
        if isinstance(node, ast.Call):
            is_lm = getattr(node.func, 'attr', getattr(node.func, 'id', '')) == 'LM'
            for each in node.keywords:
                name = each.arg or ''
                named = _is_key(name) or (is_lm and _OF_LM.fullmatch(name) is not None)
                if named and _is_text(each.value):
                    yield each.value, b'None'
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _is_text(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_is_key(_named(each)) for each in targets):
                yield node.value, b"''"
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and _is_key(str(key.value)) and _is_text(value):
                    yield value, b"''"
        elif isinstance(node, ast.JoinedStr):
            if any(_is_service_key(each) for each in node.values):
                yield node, b"''"
        elif isinstance(node, ast.Constant) and _is_service_key(node):
            yield node, b"b''" if isinstance(node.value, bytes) else b"''"


def _is_service_key(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, (str, bytes)):
        return False
    text = node.value if isinstance(node.value, str) else node.value.decode('latin-1')
    return _SERVICE_KEY.search(text) is not None


def _is_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _named(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return str(getattr(node.slice, 'value', ''))
    return str(getattr(node, 'attr', getattr(node, 'id', '')))
