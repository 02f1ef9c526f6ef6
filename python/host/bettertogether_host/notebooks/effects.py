"""What statements change in place, also by the notebook's own functions, found by reading them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .names import root_of, walk_here

# Methods that change what they are called on, wherever the call stands.
_CHANGING = frozenset(
    (
        *('append', 'extend', 'insert', 'remove', 'pop', 'popitem', 'sort', 'reverse', 'clear', 'update'),
        *('setdefault', 'add', 'discard', 'appendleft', 'popleft', 'rotate', 'write', 'load', 'load_state', 'set_lm'),
        *('read', 'readline', 'readlines', 'seek', 'fetchone', 'fetchmany', 'fetchall'),
    )
)
_CHANGING_PART = _CHANGING - {'load', 'read', 'write'}
# Methods that are called for what they show or give, where the call is a statement of its own.
LOOKING = re.compile(
    r'(to|as|get|is|has|print|show|plot|draw|display|visuali[sz]e|inspect|list|search|retrieve|query|ask|run|launch|kill)(_\w+)?'
    r'|head|tail|info|describe|sample|hist|save|dump\w*|a?forward|acall|batch|named_\w+|predictors|parameters|count'
    r'|keys|values|items|copy|deepcopy|evaluate|invoke|close|value_counts|unique|nunique|equals|strip|split'
    r'|join|format|find|startswith|endswith|configure|context|download'
)
# Functions that change the argument they are called with.
_CHANGE_ARGUMENT = frozenset(('shuffle', 'setattr', 'delattr', 'heapify', 'heappush', 'heappop', 'insort', 'next'))
# Of a module, as statements of their own: `random.seed(0)`, `nltk.download('punkt')`, `sys.path.append('..')`.
_CHANGING_MODULE = re.compile(
    r'(\w+_)?seed(_\w+)?|download|basicConfig|(filter|simple)\w+|set\w*|use\w*|register\w*|enable\w*|disable\w*|apply|patch'
    r'|append|insert|extend|update|chdir'
)
# Of the objects that DSPy gives.
_CHANGING_PROGRAM = frozenset(('load', 'load_state', 'set_lm', 'reset'))

# The kind of a name that is imported.
MODULE = 'module'


class Effects(NamedTuple):
    """What calling a function of the notebook changes."""

    parameters: tuple[str, ...]
    changed: frozenset[str]
    """Parameters and names of the notebook."""
    methods: Mapping[str, bool]
    """Of a class: whether each changes its object."""


Aliases = Mapping[str, frozenset[str]]
"""Names that may stand for what others stand for, or for a part of it."""


def effects_in(nodes: Iterable[ast.stmt], imported: Mapping[str, str]) -> dict[str, Effects]:
    """Of the notebook's functions and classes, followed through the calls between them."""
    nodes = list(nodes)
    found: dict[str, Effects] = {}
    for _ in range(len(nodes) + 1):
        now = {name: own for node in nodes for name, own in _defined(node, found, imported)}
        if now == found:
            break
        found = now
    return found


def _defined(
    node: ast.stmt, effects: Mapping[str, Effects], imported: Mapping[str, str]
) -> Iterable[tuple[str, Effects]]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        parameters = tuple(each.arg for each in (*node.value.args.posonlyargs, *node.value.args.args))
        changed = changed_by([ast.Expr(node.value.body)], effects, {}, imported)
        return [(each.id, Effects(parameters, changed, {})) for each in node.targets if isinstance(each, ast.Name)]
    own = effects_of(node, effects, imported)
    return [] if own is None else [(node.name, own)]


def aliases_in(nodes: Iterable[ast.AST], loops: bool = True) -> dict[str, frozenset[str]]:
    """`part = whole['part']`; and of `for row in rows` `row`."""
    found: dict[str, frozenset[str]] = {}
    for node in walk_here(nodes):
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, (ast.For, ast.AsyncFor)) and loops:
            pairs = [(node.target, node.iter)]
        else:
            continue
        for target, value in pairs:
            whole = _wholes(value) if isinstance(node, ast.Assign) else _loaded(value)
            for each in _parts(target):
                if isinstance(each, ast.Name) and whole - {each.id}:
                    found[each.id] = found.get(each.id, frozenset()) | (whole - {each.id})
    return found


def _wholes(value: ast.expr) -> frozenset[str]:
    if isinstance(value, (ast.Tuple, ast.List)):
        return frozenset(name for each in value.elts for name in _wholes(each))
    if isinstance(value, (ast.IfExp, ast.BoolOp)):
        ways = value.values if isinstance(value, ast.BoolOp) else [value.body, value.orelse]
        return frozenset(name for each in ways for name in _wholes(each))
    while isinstance(value, (ast.Attribute, ast.Subscript)):
        value = value.value
    return frozenset({value.id}) if isinstance(value, ast.Name) else frozenset()


def _loaded(value: ast.expr) -> frozenset[str]:
    return frozenset(each.id for each in ast.walk(value) if isinstance(each, ast.Name))


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for each in target.elts for part in _parts(each)]
    return [target]


def with_wholes(names: Iterable[str], aliases: Aliases) -> frozenset[str]:
    """The names, and what they are parts of."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += aliases.get(name, ())
    return frozenset(found)


def effects_of(
    node: ast.stmt, effects: Mapping[str, Effects], imported: Mapping[str, str]
) -> Effects | None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = [*node.args.posonlyargs, *node.args.args]
        parameters = tuple(each.arg for each in arguments)
        bound = {each.id for each in walk_here(node.body) if isinstance(each, ast.Name) and not _is_load(each)}
        said_global = {name for each in walk_here(node.body) if isinstance(each, ast.Global) for name in each.names}
        # A decorator that takes arguments does its work in the function within.
        within = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        inner = [own for each in within for own in [effects_of(each, effects, imported)] if own is not None]
        said_global |= {name for own in inner for name in own.changed.difference(own.parameters)} - bound
        touched = changed_by(node.body, effects, {}, imported)
        changed = {name for name in touched if name not in bound or name in parameters}
        return Effects(parameters, frozenset(changed | said_global), {})
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        changes = {each.name: bool(each.args.args) and _changes_self(each, effects, imported) for each in methods}
        return Effects((), frozenset(), changes)
    return None


def _changes_self(
    method: ast.FunctionDef | ast.AsyncFunctionDef, effects: Mapping[str, Effects], imported: Mapping[str, str]
) -> bool:
    if any(getattr(each, 'id', '') in ('staticmethod', 'property') for each in method.decorator_list):
        return False
    own = method.args.args[0].arg
    stores = any(
        isinstance(target, (ast.Attribute, ast.Subscript)) and root_of(target) == own
        for node in walk_here(method.body)
        for target in _targets(node)
    )
    inner = [node for node in walk_here(method.body) if isinstance(node, ast.Call) and _is_part_of(node.func, own)]
    return stores or any(getattr(each.func, 'attr', '') in _CHANGING_PART for each in inner)


def _is_part_of(function: ast.expr, own: str) -> bool:
    """`self.rows.append`, and not `self.load`."""
    return isinstance(function, ast.Attribute) and isinstance(function.value, (ast.Attribute, ast.Subscript)) and (
        root_of(function.value) == own
    )


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.Assign, ast.Delete)):
        found = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)) or isinstance(node, (ast.For, ast.AsyncFor)):
        found = [node.target]
    else:
        return []
    parts = (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target] for target in found)
    return [each for some in parts for each in some]


def changed_by(
    nodes: Iterable[ast.AST],
    effects: Mapping[str, Effects],
    kinds: Mapping[str, str] | None = None,
    imported: Mapping[str, str] | None = None,
    aliases: Aliases | None = None,
) -> frozenset[str]:
    """
    Names whose values are changed in place.

    Args:
        effects: of the notebook's own functions and classes.
        imported: what names of `from … import … as …` are called where they are from.
        aliases: of names that statements before these bind.
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
            changed |= _changed_by_call(node, id(node) in statements, effects, kinds, imported or {})
    changed |= _changed_by_decorators(nodes, effects, kinds)
    known = {**(aliases or {}), **aliases_in(nodes)}
    parts = {name for name, whole in (aliases or {}).items() if whole & changed}
    return (with_wholes(changed, known) | parts) - {''}


def _changed_by_decorators(
    nodes: Iterable[ast.AST], effects: Mapping[str, Effects], kinds: Mapping[str, str]
) -> set[str]:
    """`@tool`, `@registry.register('x')`: called with what is defined."""
    changed: set[str] = set()
    for node in nodes:
        for each in getattr(node, 'decorator_list', ()):
            called = each.func if isinstance(each, ast.Call) else each
            root = root_of(called)
            if isinstance(called, ast.Name) and called.id in effects:
                changed |= effects[called.id].changed.difference(effects[called.id].parameters)
            elif isinstance(called, ast.Attribute) and root is not None and root not in kinds:
                changed.add(root)
    return changed


def _call_of(node: ast.Expr) -> ast.AST:
    return node.value.value if isinstance(node.value, ast.Await) else node.value


def _changed_by_call(
    call: ast.Call,
    is_statement: bool,
    effects: Mapping[str, Effects],
    kinds: Mapping[str, str],
    imported: Mapping[str, str],
) -> set[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, 'id', '')
    if isinstance(function, ast.Name):
        name = imported.get(name, name)
    changed: set[str] = set()
    if name in _CHANGE_ARGUMENT:
        changed |= {root_of(each) or '' for each in call.args}
    if isinstance(function, ast.Name) and function.id in effects:
        changed |= _changed_by_own(call, effects[function.id])
    root = root_of(function)
    is_method = isinstance(function, ast.Attribute) and root is not None
    if is_method and _is_change(root, name, is_statement, effects, kinds):
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
    return method in _CHANGING or (is_statement and LOOKING.fullmatch(method) is None)


def _changed_by_own(call: ast.Call, effects: Effects) -> set[str]:
    given = dict(zip(effects.parameters, call.args, strict=False))
    given.update({each.arg: each.value for each in call.keywords if each.arg is not None})
    changed = {root_of(value) or '' for name, value in given.items() if name in effects.changed}
    return changed | set(effects.changed.difference(effects.parameters))
