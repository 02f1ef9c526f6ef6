"""What a statement at the top of a cell binds and uses, found by reading it."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_AT_ONCE = frozenset(('listcomp', 'setcomp', 'dictcomp', 'genexpr'))


class Names(NamedTuple):
    binds: frozenset[str]
    eager: frozenset[str]
    """Used when the statement is run, before it binds them itself as far as can be told."""
    late: frozenset[str]
    """Used when a function that it defines is called."""
    sets_globally: frozenset[str]
    """Bound by a function that it defines, with `global`."""


def names_of(source: str, nodes: Iterable[ast.stmt]) -> Names:
    """By Python's own rules of scope."""
    nodes = list(nodes)
    top = symtable.symtable(source, '<cell>', 'exec')
    symbols = top.get_symbols()
    binds = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported() or each.is_namespace()}
    binds |= {name for node in nodes for name in _by_walrus(node)}
    eager = {each.get_name() for each in symbols if each.is_referenced()}
    late: set[str] = set()
    sets: set[str] = set()
    for child in top.get_children():
        _below(child, False, eager, late, sets)
    for node in walk_here(nodes):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            eager.add(node.target.id)
    eager -= binds - used_first(nodes)
    return Names(frozenset(binds), frozenset(eager), frozenset(late), frozenset(sets))


def used_first(nodes: Iterable[ast.stmt]) -> set[str]:
    """Names that statements may use before they bind them themselves."""
    flow = _Flow()
    flow.run(nodes, frozenset())
    return flow.used


class _Flow:
    """Follows the ways through statements; what is bound behind one that leaves them (`continue`) is `None`."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def run(self, nodes: Iterable[ast.stmt], bound: frozenset[str]) -> frozenset[str] | None:
        now: frozenset[str] | None = bound
        for node in nodes:
            if now is None:
                return None
            now = self._statement(node, now)
        return now

    def _statement(self, node: ast.stmt, bound: frozenset[str]) -> frozenset[str] | None:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                bound = self._expression(item.context_expr, bound) | _stored(item.optional_vars)
            return self.run(node.body, bound)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            bound = self._expression(node.iter, bound)
            self.run(node.body, bound | _stored(node.target))
            self.run(node.orelse, bound)
            return bound
        if isinstance(node, ast.While):
            bound = self._expression(node.test, bound)
            self.run(node.body, bound)
            self.run(node.orelse, bound)
            return bound
        if isinstance(node, ast.If):
            bound = self._expression(node.test, bound)
            return _on_all([self.run(node.body, bound), self.run(node.orelse, bound)])
        if isinstance(node, ast.Match):
            return self._match(node, bound)
        if isinstance(node, (ast.Try, getattr(ast, 'TryStar', ast.Try))):
            return self._try(node, bound)
        bound = self._expression(node, bound)
        if isinstance(node, ast.AugAssign):
            self.used |= _stored(node.target) - bound
        if isinstance(node, (ast.Continue, ast.Break, ast.Raise, ast.Return)):
            return None
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return bound | {each.asname or each.name.partition('.')[0] for each in node.names}
        name = getattr(node, 'name', None)
        return bound | _stored(node) | ({name} if isinstance(name, str) else set())

    def _try(self, node: ast.Try, bound: frozenset[str]) -> frozenset[str] | None:
        body = self.run(node.body, bound)
        done = None if body is None else self.run(node.orelse, body)
        handled = []
        for handler in node.handlers:
            if handler.type is not None:
                self._expression(handler.type, bound)
            handled.append(self.run(handler.body, bound | ({handler.name} if handler.name else set())))
        after = _on_all([done, *handled])
        # What the body has bound is as a rule what is closed at the end.
        last = self.run(node.finalbody, (after or bound) | (body or bound))
        return None if after is None or last is None else after | (last - (body or bound))

    def _match(self, node: ast.Match, bound: frozenset[str]) -> frozenset[str] | None:
        bound = self._expression(node.subject, bound)
        ways: list[frozenset[str] | None] = [bound]
        for case in node.cases:
            inner = self._expression(case.pattern, bound) | captured(case.pattern)
            if case.guard is not None:
                inner = self._expression(case.guard, inner)
            ways.append(self.run(case.body, inner))
        return _on_all(ways)

    def _expression(self, node: ast.AST, bound: frozenset[str]) -> frozenset[str]:
        walrus = _by_walrus(node)
        self.used |= _read(node) - bound - walrus
        for each in walk_here([node]):
            if isinstance(each, ast.NamedExpr):
                self.used |= (_read(each.value) & {each.target.id}) - bound
        return bound | walrus


def _on_all(ways: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """What is bound whichever of them is gone."""
    open_ways = [way for way in ways if way is not None]
    return frozenset.intersection(*open_ways) if open_ways else None


def captured(pattern: ast.AST) -> set[str]:
    """Names that a pattern of `match` binds."""
    found = (getattr(each, 'name', None) or getattr(each, 'rest', None) for each in ast.walk(pattern))
    return {name for name in found if isinstance(name, str)}


def _by_walrus(node: ast.AST) -> set[str]:
    """Those too of comprehensions, whose names are bound around them."""
    return {each.target.id for each in walk_here([node]) if isinstance(each, ast.NamedExpr)}


def _read(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Store)}


def _stored(node: ast.AST | None) -> set[str]:
    found = () if node is None else walk_here([node])
    return {each.id for each in found if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _below(table: symtable.SymbolTable, is_late: bool, eager: set[str], late: set[str], sets: set[str]) -> None:
    is_late = is_late or (table.get_type() == 'function' and table.get_name() not in _AT_ONCE)
    for each in table.get_symbols():
        if each.is_global() and each.is_referenced():
            (late if is_late else eager).add(each.get_name())
        if each.is_declared_global() and each.is_assigned():
            sets.add(each.get_name())
            # `COUNT += 1` uses it too, and is no reference to a symbol table.
            (late if is_late else eager).add(each.get_name())
    for child in table.get_children():
        _below(child, is_late, eager, late, sets)


def annotated_with(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """Names that are used in annotations and nowhere else, which Python may never look up."""
    within: list[str] = []
    for node in _walk_all(nodes):
        for annotation in (getattr(node, 'annotation', None), getattr(node, 'returns', None)):
            if isinstance(annotation, ast.AST):
                within += _loaded(annotation)
    everywhere = [name for node in nodes for name in _loaded(node)]
    return frozenset(name for name in within if everywhere.count(name) <= within.count(name))


def hinted_in(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """Names in annotations that are text, and in signatures that are: `dspy.Signature('text -> label: Label')`."""
    hinted: set[str] = set()
    for node in _walk_all(nodes):
        for annotation in (getattr(node, 'annotation', None), getattr(node, 'returns', None)):
            if isinstance(annotation, ast.AST):
                hinted.update(name for text in _texts(annotation) for name in re.findall(r'[^\W\d]\w*', text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and '->' in node.value:
            for kind in re.findall(r':\s*([^:]+)', node.value):
                hinted.update(re.findall(r'[^\W\d]\w*', kind))
    return frozenset(hinted)


def _texts(node: ast.AST) -> Iterator[str]:
    return (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _loaded(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]


def _walk_all(nodes: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def walk_here(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What runs with these statements: not what is within functions and classes."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _SCOPES):
            waiting.extend(_with_definition(node))
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _with_definition(node: ast.AST) -> list[ast.AST]:
    """What of a function or class runs where it is defined: decorators, defaults, bases."""
    arguments = getattr(node, 'args', None)
    defaults = [] if arguments is None else [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
    bases = (*getattr(node, 'bases', ()), *getattr(node, 'keywords', ()))
    return [*getattr(node, 'decorator_list', ()), *defaults, *bases]


def root_of(node: ast.AST) -> str | None:
    """`program` of `program.steps[0].demos`, also of `program.steps().demos`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Call, ast.Await)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def dotted(node: ast.AST) -> str | None:
    """`dspy.settings.configure`; `None` for what is no row of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f'{before}.{node.attr}'
    return None
