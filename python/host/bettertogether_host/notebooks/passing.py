"""Statements that hand a value to code outside the notebook, which may change it: `helpers.fill(rows)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .effects import LOOKING
from .names import dotted, root_of, walk_here
from .units import Unit

# Only show, keep or time what they are given.
_QUIET_MODULES = frozenset(
    (
        *('dspy', 'matplotlib', 'seaborn', 'plotly', 'altair', 'bokeh', 'pprint', 'rich', 'IPython', 'logging'),
        *('warnings', 'json', 'pickle', 'joblib', 'csv', 'wandb', 'mlflow', 'os', 'shutil', 'time', 'gc'),
        *('itertools', 'tqdm', 'asyncio'),
    )
)
_QUIET = re.compile(
    r'\w*(print|log|upload|push|write|send|post|submit|publish|export|eval|optimi|compile|train|test|check|assert)\w*',
    re.IGNORECASE,
)


class Passed(NamedTuple):
    to: str
    names: frozenset[str]


def outside_of(units: Sequence[Unit]) -> Mapping[str, str]:
    """Names of modules and of what is imported from them, by the module; and of own classes, by ''."""
    found: dict[str, str] = {}
    for node in (node for unit in units for node in unit.nodes):
        if isinstance(node, ast.Import):
            found.update({each.asname or each.name.partition('.')[0]: each.name for each in node.names})
        elif isinstance(node, ast.ImportFrom):
            found.update({each.asname or each.name: node.module or '.' for each in node.names})
        elif isinstance(node, ast.ClassDef) and not any(getattr(each, 'name', '') == 'forward' for each in node.body):
            found[node.name] = ''
    return found


def passed_by(unit: Unit, outside: Mapping[str, str]) -> Iterator[Passed]:
    for statement in walk_here(unit.nodes):
        if not isinstance(statement, ast.Expr):
            continue
        for call in walk_here([statement]):
            name = dotted(call.func) if isinstance(call, ast.Call) else None
            if not isinstance(call, ast.Call) or name is None or root_of(call.func) not in outside:
                continue
            module, last = outside[root_of(call.func) or ''], name.rpartition('.')[2]
            if module.partition('.')[0] in _QUIET_MODULES or LOOKING.fullmatch(last) or _QUIET.fullmatch(last):
                continue
            given = [*call.args, *(each.value for each in call.keywords)]
            yield Passed(name, frozenset(each.id for each in given if isinstance(each, ast.Name)))
