"""Which statements run an optimizer or an evaluation: a run begins with the program as it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .names import root_of, walk_here
from .units import Unit

Functions = Mapping[str, Sequence[ast.AST]]
"""By name, what the notebook's own functions run when they are called; `.name` of a class's method."""

# Arguments of `compile` that only an optimizer has.
_OPTIMIZER = frozenset(('student', 'trainset', 'teacher', 'valset'))


class Experiments(NamedTuple):
    students: Mapping[int, frozenset[str]]
    """Units that run an optimizer, or use what one gave; and the names of what it was given."""
    evaluations: frozenset[int]
    """Loops and blocks that evaluate."""


def functions_of(units: Iterable[Unit]) -> Functions:
    found: dict[str, Sequence[ast.AST]] = {}
    for unit in units:
        for node in unit.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[node.name] = node.body
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                found.update({each.id: [node.value.body] for each in node.targets if isinstance(each, ast.Name)})
            elif isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name[:2] != '__':
                        found[f'.{method.name}'] = method.body
                    elif isinstance(method, ast.FunctionDef) and method.name == '__init__':
                        found[node.name] = method.body
    return found


def runs(nodes: Iterable[ast.AST], functions: Functions) -> Iterator[ast.AST]:
    """All that runs with these statements, in the notebook's own functions too that they call."""
    waiting, called = list(nodes), set()
    while waiting:
        for node in walk_here([waiting.pop()]):
            yield node
            if isinstance(node, ast.Call):
                function = node.func
                name = f'.{function.attr}' if isinstance(function, ast.Attribute) else getattr(function, 'id', '')
                if name in functions and name not in called:
                    called.add(name)
                    waiting += functions[name]


def experiments_of(units: Sequence[Unit], functions: Functions) -> Experiments:
    modules = {name for unit in units if unit.is_import for name in unit.names.binds}
    evaluators = {
        target.id
        for unit in units
        for node in unit.nodes
        if isinstance(node, ast.Assign) and _makes_evaluator(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    students: dict[int, frozenset[str]] = {}
    evaluations: set[int] = set()
    for unit in units:
        all_nodes = list(runs(unit.nodes, functions))
        compiles = [node for node in all_nodes if isinstance(node, ast.Call) and runs_optimizer(node, modules)]
        if compiles:
            here = [node for node in walk_here(unit.nodes) if node in compiles]
            students[unit.index] = _names(compiles) if here else _names(compiles) | unit.names.eager
        elif given := _given(unit, units, students):
            students[unit.index] = given
        if isinstance(unit.nodes[0], (ast.For, ast.While, ast.With)) and any(
            isinstance(node, ast.Call)
            and (_makes_evaluator(node.func) or (isinstance(node.func, ast.Name) and node.func.id in evaluators))
            for node in all_nodes
        ):
            evaluations.add(unit.index)
    return Experiments(students, frozenset(evaluations))


def runs_optimizer(call: ast.Call, modules: set[str]) -> bool:
    """`optimizer.compile(program, …)`; not `re.compile('…')`, `graph.compile()`, `model.compile(loss='mse')`."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != 'compile':
        return False
    if any(each.arg in _OPTIMIZER for each in call.keywords):
        return True
    if root_of(function) in modules and not isinstance(function.value, ast.Call):
        return False
    return bool(call.args) and not isinstance(call.args[0], (ast.Constant, ast.JoinedStr))


def _makes_evaluator(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, 'attr', getattr(function, 'id', '')) == 'Evaluate'


def _names(calls: Iterable[ast.Call]) -> frozenset[str]:
    given = [each for call in calls for each in (*call.args, *(keyword.value for keyword in call.keywords))]
    return frozenset(node.id for each in given for node in ast.walk(each) if isinstance(node, ast.Name))


def _given(unit: Unit, units: Sequence[Unit], students: Mapping[int, frozenset[str]]) -> frozenset[str]:
    """Of what it uses that an optimizer gave: what that was given. `qa = tp.compile(qa)` leaves `qa` the program."""
    found: set[str] = set()
    for name in unit.names.eager:
        before = [each for each in units[: unit.index] if name in each.names.binds]
        if not before or before[-1].index not in students:
            continue
        from_before = any(each.index not in students for each in before)
        if name not in students[before[-1].index] or not from_before:
            found |= students[before[-1].index] | {name}
    return frozenset(found)
