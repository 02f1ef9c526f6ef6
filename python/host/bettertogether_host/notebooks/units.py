"""The statements at the top of a notebook's cells."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..literal_data import first_line
from .effects import MODULE, Effects, aliases_in, changed_by, effects_in
from .names import Names, annotated_with, dotted, hinted_in, names_of, root_of, walk_here
from .private import private_names, renamed

_IN_ANY_CASE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CERTAIN = (*_IN_ANY_CASE, ast.Import, ast.ImportFrom, ast.With, ast.AsyncWith, ast.Expr)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Place(NamedTuple):
    cell: int
    line: int
    """From 1: of the cell, or of the file where its cells have no lines of their own (marimo)."""

    def __str__(self) -> str:
        return f'cell {self.cell}, line {self.line}'


class Unit(NamedTuple):
    """One statement, or several that share a line."""

    index: int
    start: int
    """Its first line in the notebook's text, from 1."""
    places: tuple[Place, ...]
    lines: tuple[str, ...]
    nodes: tuple[ast.stmt, ...]
    names: Names
    soft: frozenset[str]
    """Used in annotations alone, or bound by the statement itself too: not missed where nothing before binds them."""
    hinted: frozenset[str]
    changes: frozenset[str]
    by_calls: frozenset[str]
    """Of what it binds: by its own functions that it calls, with `global`, and so perhaps not in any case."""

    @property
    def place(self) -> Place:
        return self.places[0]

    @property
    def certain(self) -> bool:
        """Whether what it binds is bound whenever it is run."""
        return all(isinstance(node, _CERTAIN) for node in self.nodes) and not self.by_calls

    @property
    def is_import(self) -> bool:
        return all(isinstance(node, _IMPORTS) for node in self.nodes)

    @property
    def has_star(self) -> bool:
        return any(isinstance(node, ast.ImportFrom) and node.names[0].name == '*' for node in self.nodes)

    @property
    def is_future(self) -> bool:
        return any(isinstance(node, ast.ImportFrom) and node.module == '__future__' for node in self.nodes)

    def imported(self, name: str) -> str | None:
        """What of an import the name stands for."""
        for node in self.nodes:
            if isinstance(node, _IMPORTS):
                for each in node.names:
                    if (each.asname or each.name.partition('.')[0]) == name:
                        return f'{getattr(node, "module", "")}:{each.name if each.asname else name}'
        return None

    def line_of(self, name: str) -> Place:
        """Where it uses a name."""
        for node in self.nodes:
            for each in ast.walk(node):
                if isinstance(each, ast.Name) and each.id == name:
                    return self.places[each.lineno - self.start]
        return self.place


class LeftOut(NamedTuple):
    place: Place
    why: str
    binds: tuple[str, ...] = ()


class Cells(NamedTuple):
    units: tuple[Unit, ...]
    left_out: tuple[LeftOut, ...]


def cells_of(notebook: Mapping[str, Any]) -> Cells:
    """
    Args:
        notebook: a `GivenNotebook` of src/host/protocol.ts.
    """
    lines = notebook['text'].split('\n')
    places = [Place(cell, line) for cell, line in notebook['places']]
    left_out = [
        LeftOut(Place(each['cell'], each['line']), each['why'], tuple(each.get('binds', ())))
        for each in notebook['leftOut']
    ]
    groups: list[_Group] = []
    for first, end in _cells(places):
        lines[first:end] = _dedented(lines[first:end])
    if notebook['kind'] == 'marimo':
        _part_private(lines, places)
    for first, end in _cells(places):
        found = _statements(lines[first:end], first)
        if isinstance(found, SyntaxError):
            at = min((found.lineno or 1) - 1, end - first - 1)
            left_out.append(LeftOut(places[first + at], f'the cell is not Python ({found.msg})'))
        else:
            groups += found
    if notebook['kind'] == 'marimo':
        groups = _in_order_of_need(groups, places)
    return Cells(_units(groups, lines, places), tuple(left_out))


def _cells(places: Sequence[Place]) -> list[tuple[int, int]]:
    """Of each cell, its first line and the one behind its last, from 0."""
    starts = [i for i, place in enumerate(places) if i == 0 or places[i - 1].cell != place.cell]
    return list(zip(starts, [*starts[1:], len(places)], strict=True))


def _part_private(lines: list[str], places: Sequence[Place]) -> None:
    """In place: names of marimo's that are a cell's own, where several cells bind them."""
    cells = _cells(places)
    own = [private_names(lines[first:end]) for first, end in cells]
    for (first, end), names in zip(cells, own, strict=True):
        shared = frozenset(name for name in names if sum(name in each for each in own) > 1)
        if shared:
            lines[first:end] = renamed(lines[first:end], shared, places[first].cell)


class _Group(NamedTuple):
    first: int
    """From 1, as `last`."""
    last: int
    nodes: tuple[ast.stmt, ...]


def _statements(lines: Sequence[str], before: int) -> list[_Group] | SyntaxError:
    text = '\n'.join(lines)
    try:
        tree = ast.parse(text)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            # Only a compiler finds `def f(a, a)` and a `return` at the top.
            compile(text, '<cell>', 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or type(error).__name__)
    groups: list[_Group] = []
    for node in tree.body:
        ast.increment_lineno(node, before)
        first, last = first_line(node), node.end_lineno or node.lineno
        if groups and first <= groups[-1].last:
            groups[-1] = _Group(groups[-1].first, last, (*groups[-1].nodes, node))
        else:
            groups.append(_Group(first, last, (node,)))
    return groups


def _dedented(lines: Sequence[str]) -> list[str]:
    """IPython takes a cell whose lines are all indented, and takes the indent of the first from each."""
    first = next((line for line in lines if line.strip()), '')
    indent = first[: len(first) - len(first.lstrip(' \t'))]
    return [line.removeprefix(indent) for line in lines]


def _in_order_of_need(groups: list[_Group], places: Sequence[Place]) -> list[_Group]:
    """marimo runs a cell once what it uses is there, wherever the cell stands; a name is bound in one cell."""
    cells: dict[int, list[_Group]] = {}
    for group in groups:
        cells.setdefault(places[group.first - 1].cell, []).append(group)
    bound: dict[str, int] = {}
    used: dict[int, set[str]] = {}
    for cell, own in cells.items():
        nodes = [node for group in own for node in group.nodes]
        names = names_of(ast.unparse(ast.Module(nodes, [])), nodes)
        bound.update({name: cell for name in names.binds if not name.startswith('_')})
        used[cell] = {*names.eager, *names.late}
    ordered: list[_Group] = []
    placed: set[int] = set()

    def place(cell: int, around: tuple[int, ...]) -> None:
        if cell in placed or cell in around:
            return
        for before in sorted({bound[name] for name in used[cell] if name in bound}):
            place(before, (*around, cell))
        placed.add(cell)
        ordered.extend(cells[cell])

    for cell in cells:
        place(cell, ())
    return ordered


def _units(groups: Sequence[_Group], lines: Sequence[str], places: Sequence[Place]) -> tuple[Unit, ...]:
    statements = [node for group in groups for node in group.nodes]
    imported = {
        each.asname or each.name: each.name
        for node in statements
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    effects = effects_in(statements, imported)
    kinds: dict[str, str] = {}
    for node in statements:
        kinds.update(_kinds(node, effects))
    aliases: dict[str, frozenset[str]] = {}
    setters = _setters(statements)
    units = []
    for index, (first, last, nodes) in enumerate(groups):
        own_lines = tuple(lines[first - 1 : last])
        names = names_of('\n'.join(own_lines), nodes)
        called = {getattr(node.func, 'id', '') for node in walk_here(nodes) if isinstance(node, ast.Call)}
        by_calls = frozenset(name for each in called for name in setters.get(each, ())) - names.binds
        names = names._replace(binds=names.binds | by_calls)
        units.append(
            Unit(
                index,
                first,
                tuple(places[first - 1 : last]),
                own_lines,
                nodes,
                names,
                annotated_with(nodes) | (names.eager & names.binds),
                hinted_in(nodes),
                changed_by(nodes, effects, kinds, imported, aliases),
                by_calls,
            )
        )
        # A name that is bound anew stands for something else.
        aliases = {name: whole for name, whole in aliases.items() if name not in names.binds}
        aliases.update(aliases_in(nodes, loops=False))
    return tuple(units)


def _setters(nodes: Sequence[ast.stmt]) -> dict[str, set[str]]:
    """Functions that bind names of the notebook with `global`, themselves or by others that they call."""
    functions = {node.name: list(walk_here(node.body)) for node in nodes if isinstance(node, ast.FunctionDef)}
    sets: dict[str, set[str]] = {}
    for _ in range(len(functions) + 1):
        before = sum(map(len, sets.values()))
        for name, body in functions.items():
            own = {each for node in body if isinstance(node, ast.Global) for each in node.names}
            called = {getattr(node.func, 'id', '') for node in body if isinstance(node, ast.Call)}
            sets[name] = own.union(*(sets.get(each, set()) for each in called))
        if before == sum(map(len, sets.values())):
            break
    return sets


def _kinds(node: ast.stmt, effects: Mapping[str, Effects]) -> dict[str, str]:
    """`program` is of the class `Program` where a cell says `program = Program(…)`."""
    if isinstance(node, _IMPORTS):
        return {each.asname or each.name.partition('.')[0]: MODULE for each in node.names}
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return {}
    made = dotted(node.value.func) or ''
    is_own = made in effects and bool(effects[made].methods)
    kind = made if is_own else 'dspy' if made.startswith('dspy.') else None
    return {each.id: kind for each in node.targets if isinstance(each, ast.Name) and kind is not None}


def calls_in(unit: Unit) -> list[tuple[str, ast.Call]]:
    """What it calls when it is run, by dotted names; of `tp(…).compile(…)` the last one."""
    found = []
    for node in walk_here(unit.nodes):
        if isinstance(node, ast.Call):
            last = f'….{node.func.attr}' if isinstance(node.func, ast.Attribute) else root_of(node.func) or ''
            found.append((dotted(node.func) or last, node))
    return found
