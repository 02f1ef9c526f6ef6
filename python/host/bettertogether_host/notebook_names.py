"""What a statement at the top of a cell binds, uses and changes in place, found by reading it."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

# Methods that change what they are called on, wherever the call stands.
_CHANGING = frozenset(
    (
        *('append', 'extend', 'insert', 'remove', 'pop', 'popitem', 'sort', 'reverse', 'clear', 'update'),
        *('setdefault', 'add', 'discard', 'appendleft', 'popleft', 'rotate', 'write', 'load', 'load_state', 'set_lm'),
    )
)
# Methods that are called for what they show or give, where the call is a statement of its own.
_LOOKING = re.compile(
    r'(to|as|get|is|has|print|show|plot|draw|display|visuali[sz]e|inspect|list|search|retrieve|query|ask|run|launch|kill)(_\w+)?'
    r'|head|tail|info|describe|sample|hist|save|dump\w*|a?forward|acall|batch|named_\w+|predictors|parameters|count'
    r'|keys|values|items|copy|deepcopy|evaluate|compile|invoke|close|value_counts|unique|nunique|equals|strip|split'
    r'|join|format|find|startswith|endswith|configure|context|download'
)
# Functions that change the argument they are called with.
_CHANGE_ARGUMENT = frozenset(('shuffle', 'setattr', 'delattr', 'heapify', 'heappush', 'heappop', 'insort'))
# Of a module, as statements of their own: `random.seed(0)`, `nltk.download('punkt')`, `sys.path.append('..')`.
_CHANGING_MODULE = re.compile(
    r'(\w+_)?seed(_\w+)?|download|basicConfig|(filter|simple)\w+|set\w*|use\w*|register\w*|enable\w*|disable\w*|apply|patch'
    r'|append|insert|extend|update|chdir'
)
# Of the objects that DSPy gives.
_CHANGING_PROGRAM = frozenset(('load', 'load_state', 'set_lm', 'reset'))

# The kind of a name that is imported.
MODULE = 'module'

_AT_ONCE = frozenset(('listcomp', 'setcomp', 'dictcomp', 'genexpr'))


class Names(NamedTuple):
    binds: frozenset[str]
    eager: frozenset[str]
    """Used when the statement is run."""
    late: frozenset[str]
    """Used when a function that it defines is called."""
    sets_globally: frozenset[str]
    """Bound by a function that it defines, with `global`."""


def names_of(source: str, nodes: Iterable[ast.stmt]) -> Names:
    """By Python's own rules of scope."""
    top = symtable.symtable(source, '<cell>', 'exec')
    symbols = top.get_symbols()
    binds = {each.get_name() for each in symbols if each.is_assigned() or each.is_imported() or each.is_namespace()}
    eager = {each.get_name() for each in symbols if each.is_referenced()}
    late: set[str] = set()
    sets: set[str] = set()
    for child in top.get_children():
        _below(child, False, eager, late, sets)
    for node in walk_here(nodes):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            eager.add(node.target.id)
    eager -= binds - _used_first(list(nodes), set())
    return Names(frozenset(binds), frozenset(eager), frozenset(late), frozenset(sets))


def _used_first(nodes: Iterable[ast.stmt], bound: set[str]) -> set[str]:
    """
    Names that statements may use before they bind them themselves.

    Args:
        bound: names that are bound already; those that the statements bind in any case are added.
    """
    used: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                used |= _read(item.context_expr) - bound
                bound |= _stored(item.optional_vars)
            used |= _used_first(node.body, bound)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            used |= _read(node.iter) - bound
            used |= _used_first([*node.body, *node.orelse], bound | _stored(node.target))
        elif isinstance(node, (ast.If, ast.While)):
            used |= _read(node.test) - bound
            used |= _used_first(node.body, set(bound)) | _used_first(node.orelse, set(bound))
        elif isinstance(node, ast.Try):
            for part in (node.body, *(each.body for each in node.handlers)):
                used |= _used_first(part, set(bound))
            used |= _used_first([*node.orelse, *node.finalbody], set(bound))
        else:
            used |= _read(node) - bound
            if isinstance(node, ast.AugAssign):
                used |= _stored(node.target) - bound
            bound |= _stored(node)
            bound |= {name for name in (getattr(node, 'name', None),) if isinstance(name, str)}
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                bound |= {each.asname or each.name.partition('.')[0] for each in node.names}
    return used


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
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


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


class Effects(NamedTuple):
    """What calling a function of the notebook changes."""

    parameters: tuple[str, ...]
    changed: frozenset[str]
    """Parameters and names of the notebook."""
    methods: Mapping[str, bool]
    """Of a class: whether each changes its object."""


def effects_of(node: ast.stmt) -> Effects | None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = [*node.args.posonlyargs, *node.args.args]
        parameters = tuple(each.arg for each in arguments)
        bound = {each.id for each in walk_here(node.body) if isinstance(each, ast.Name) and not _is_load(each)}
        said_global = {name for each in walk_here(node.body) if isinstance(each, ast.Global) for name in each.names}
        changed = {name for name in changed_by(node.body, {}) if name not in bound or name in parameters}
        return Effects(parameters, frozenset(changed | said_global), {})
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        changes = {each.name: bool(each.args.args) and _changes_self(each) for each in methods}
        return Effects((), frozenset(), changes)
    return None


def _changes_self(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    own = method.args.args[0].arg
    return any(
        isinstance(target, (ast.Attribute, ast.Subscript)) and root_of(target) == own
        for node in walk_here(method.body)
        for target in _targets(node)
    )


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.Assign, ast.Delete)):
        found = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        found = [node.target]
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        found = [node.target]
    else:
        return []
    return [each for target in found for each in (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])]


def changed_by(
    nodes: Iterable[ast.AST], effects: Mapping[str, Effects], kinds: Mapping[str, str] | None = None
) -> frozenset[str]:
    """
    Names whose values are changed in place.

    Args:
        effects: of the notebook's own functions and classes.
        kinds: of names that hold an object, the class of the notebook that it is of, 'dspy', or `MODULE`.
    """
    nodes = list(nodes)
    kinds = kinds or {}
    statements = {id(_call_of(node)) for node in walk_here(nodes) if isinstance(node, ast.Expr)}
    changed: set[str] = set()
    for node in walk_here(nodes):
        for target in _targets(node):
            if isinstance(target, (ast.Attribute, ast.Subscript)) or isinstance(node, ast.AugAssign):
                changed |= {root_of(target) or ''}
        if isinstance(node, ast.Call):
            changed |= _changed_by_call(node, id(node) in statements, effects, kinds)
    return frozenset(changed - {''})


def _call_of(node: ast.Expr) -> ast.AST:
    return node.value.value if isinstance(node.value, ast.Await) else node.value


def _changed_by_call(
    call: ast.Call, is_statement: bool, effects: Mapping[str, Effects], kinds: Mapping[str, str]
) -> set[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, 'id', '')
    changed: set[str] = set()
    if name in _CHANGE_ARGUMENT:
        changed |= {root_of(each) or '' for each in call.args}
    if isinstance(function, ast.Name) and name in effects:
        changed |= _changed_by_own(call, effects[name])
    root = root_of(function)
    if isinstance(function, ast.Attribute) and root is not None and _is_change(root, name, is_statement, effects, kinds):
        changed.add(root)
    return changed


def _is_change(
    root: str, method: str, is_statement: bool, effects: Mapping[str, Effects], kinds: Mapping[str, str]
) -> bool:
    kind = kinds.get(root)
    if kind == MODULE:
        return is_statement and _CHANGING_MODULE.fullmatch(method) is not None
    if kind is not None:
        own = effects[kind].methods.get(method) if kind in effects else None
        return method in _CHANGING_PROGRAM if own is None else own
    return method in _CHANGING or (is_statement and _LOOKING.fullmatch(method) is None)


def _changed_by_own(call: ast.Call, effects: Effects) -> set[str]:
    given = dict(zip(effects.parameters, call.args))
    given.update({each.arg: each.value for each in call.keywords if each.arg is not None})
    changed = {root_of(value) or '' for name, value in given.items() if name in effects.changed}
    return changed | set(effects.changed.difference(effects.parameters))
