"""What units set for all after them: the environment, where files and modules are found, keys, DSPy's settings."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .experiments import Functions, runs
from .names import dotted, walk_here
from .units import Unit

# Kept whatever names are needed: what libraries read when they are imported, and where files and modules are found.
_ALWAYS = frozenset(
    ('load_dotenv', 'dotenv.load_dotenv', 'os.chdir', 'sys.path.append', 'sys.path.insert', 'sys.path.extend')
)
_ENVIRONMENT = ('os.environ', 'environ')
_SET_ENVIRONMENT = frozenset(
    (*(f'{each}.{method}' for each in _ENVIRONMENT for method in ('update', 'setdefault')), 'os.putenv')
)
_CONFIGURE = frozenset(('dspy.configure', 'dspy.settings.configure'))
_SECRET = ('key', 'token', 'secret', 'password', 'passwd')
_KEYS = frozenset(('api_key', 'key', 'token', 'api_token', 'auth_token'))


def only_keys(units: Sequence[Unit]) -> frozenset[str]:
    """Names that are given as the key of something, and used for nothing else."""
    used: dict[str, int] = {}
    as_key: dict[str, int] = {}
    for unit in units:
        for node in unit.nodes:
            for each in ast.walk(node):
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                    used[each.id] = used.get(each.id, 0) + 1
                if isinstance(each, ast.keyword) and each.arg in _KEYS and isinstance(each.value, ast.Name):
                    as_key[each.value.id] = as_key.get(each.value.id, 0) + 1
                if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and _sets_environment(each):
                    as_key[each.value.id] = as_key.get(each.value.id, 0) + 1
    return frozenset(name for name, times in as_key.items() if used.get(name) == times)


def _sets_environment(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(each, ast.Subscript) and dotted(each.value) in _ENVIRONMENT for each in targets)


def is_always(unit: Unit, functions: Functions) -> bool:
    return any(_is_surrounding(node) for node in runs(unit.nodes, functions))


def _is_surrounding(node: ast.AST) -> bool:
    """Changes the environment, the working folder or where modules are found."""
    if isinstance(node, ast.Call):
        return dotted(node.func) in (_ALWAYS | _SET_ENVIRONMENT)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    within = [each.value if isinstance(each, ast.Subscript) else each for each in targets]
    return any(dotted(each) in (*_ENVIRONMENT, 'sys.path') for each in within)


def holds_secret(unit: Unit) -> bool:
    """`os.environ['OPENAI_API_KEY'] = 'sk-…'`: keys are the run's, and are written nowhere else."""
    for node in walk_here(unit.nodes):
        said: list[object] = []
        if isinstance(node, ast.Assign) and _sets_environment(node):
            said = [getattr(getattr(each, 'slice', None), 'value', '') for each in node.targets]
        elif isinstance(node, ast.AugAssign) and dotted(node.target) in _ENVIRONMENT:
            said = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
        elif isinstance(node, ast.Call) and (dotted(node.func) or '') in _SET_ENVIRONMENT:
            said = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            said += [each.arg for each in ast.walk(node) if isinstance(each, ast.keyword)]
        if any(part in str(name).lower() for name in said for part in _SECRET):
            return True
    return False


def configures_of(units: Sequence[Unit]) -> frozenset[str]:
    """The names of `dspy.configure`, as the notebook imports it."""
    found = set(_CONFIGURE)
    for node in (node for unit in units for node in unit.nodes):
        if isinstance(node, ast.Import):
            aliases = [each.asname for each in node.names if each.name == 'dspy' and each.asname]
            found.update(f'{alias}{each.removeprefix("dspy")}' for alias in aliases for each in _CONFIGURE)
        elif isinstance(node, ast.ImportFrom) and (node.module or '').partition('.')[0] == 'dspy':
            for each in node.names:
                if each.name == 'configure':
                    found.add(each.asname or each.name)
                elif each.name == 'settings':
                    found.add(f'{each.asname or each.name}.configure')
    return frozenset(found)
