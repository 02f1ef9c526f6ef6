"""Packages of the user's own that are not installed: which folder goes on the import path, as `python -m` would have it."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import NamedTuple

from .install_commands import up_to_repository
from .shown_path import relative


class Home(NamedTuple):
    """How a file is imported: as module `name`, from `folder`."""

    folder: str
    name: str


def home_of(file: str, workspace: str) -> Home:
    """
    As `python -m package.module` from the folder above the package, else as `python file.py` from its own folder.

    A folder is a package where it has an `__init__.py`, and also where the file itself says so: by relative imports, or
    by importing a folder it lies in by its name (`from qa.types import …` in `src/qa/program.py`).
    """
    folder, name = os.path.dirname(file), os.path.splitext(os.path.basename(file))[0]
    imports = _imports_of(file)
    own = _package_it_imports(folder, workspace, imports.names)
    while _goes_up(folder, name, workspace, imports.level, own):
        name = f'{os.path.basename(folder)}.{name}'
        folder = os.path.dirname(folder)
    return Home(folder, name)


def _goes_up(folder: str, name: str, workspace: str, level: int, own: str | None) -> bool:
    if os.path.dirname(folder) == folder:
        return False
    regular = folder != workspace and os.path.isfile(os.path.join(folder, '__init__.py'))
    within_own = own is not None and os.path.join(folder, '').startswith(os.path.join(own, ''))
    return regular or within_own or name.count('.') < level


class _Imports(NamedTuple):
    names: frozenset[str]
    """First parts of what is imported absolutely."""
    level: int
    """Dots of the relative import that goes up most."""


def _imports_of(file: str) -> _Imports:
    try:
        with open(file, 'rb') as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return _Imports(frozenset(), 0)
    names, level = set(), 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(each.name.partition('.')[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or '').partition('.')[0])
        elif isinstance(node, ast.ImportFrom):
            level = max(level, node.level)
    return _Imports(frozenset(names), level)


def _package_it_imports(folder: str, workspace: str, names: frozenset[str]) -> str | None:
    """The folder around the file that it imports by name, and that Python does not find by itself."""
    for around in _up_to(folder, workspace):
        name = os.path.basename(around)
        if name in names and around != workspace and _found_by_path(name) in (None, around):
            return around
    return None


def _found_by_path(name: str) -> str | None:
    """The folder that Python takes for a package of this name; the name itself for other modules."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or [])
    return os.path.realpath(places[0]) if places else name


def _up_to(folder: str, workspace: str) -> Iterator[str]:
    """The folder and those around it, the workspace last."""
    while folder == workspace or folder.startswith(os.path.join(workspace, '')):
        yield folder
        if folder == workspace:
            return
        folder = os.path.dirname(folder)


class OwnPackages:
    """Finds what nothing else on the import path is, among the user's own packages. Is last in `sys.meta_path`."""

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self._roots: list[str] = []

    def begin(self) -> None:
        if self not in sys.meta_path:
            sys.meta_path.append(self)  # type: ignore[arg-type]

    def beside(self, file: str) -> None:
        """Looks, from now on, in the folders around `file`, and in the `src` of each."""
        for folder in _up_to(os.path.dirname(file), self._workspace):
            self._roots += [root for root in (folder, os.path.join(folder, 'src')) if root not in self._roots]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return None
        root = next((root for root in self._roots if _has_code(root, name)), None)
        if root is None:
            return None
        put_on_path(root, f"'{name}' lies there", self._workspace)
        return PathFinder.find_spec(name, [root])


def put_on_path(folder: str, why: str, workspace: str) -> None:
    """Says so, where it is not what `python file.py` does by itself."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
        shown = relative(folder, workspace)
        sys.stderr.write(f"The import path has {'the workspace' if shown == '.' else shown} now: {why}.\n")


def lies_at(name: str, workspace: str) -> str | None:
    """
    A folder from which `name` could be imported: of the workspace's, else of the repository's that it is part of.

    Folders are looked into to three down, where members of a monorepo have theirs (`packages/core/src`). Outside the
    workspace only those count: a folder of examples or tests may be named like a package of an index.
    """
    own = (folder for folder in _folders_of(workspace) if _has_code(folder, name))
    repository = up_to_repository(workspace)[-1]
    if repository == workspace or not os.path.exists(os.path.join(repository, '.git')):
        return next(own, None)
    members = (folder for folder in _folders_of(repository) if _is_source_root(folder) and _has_code(folder, name))
    return next(own, None) or next(members, None)


def _is_source_root(folder: str) -> bool:
    project = os.path.dirname(folder) if os.path.basename(folder) == 'src' else folder
    return any(os.path.isfile(os.path.join(project, file)) for file in ('pyproject.toml', 'setup.py', 'setup.cfg'))


def _folders_of(root: str) -> Iterator[str]:
    for folder, folders, _ in os.walk(root):
        depth = relative(folder, root).count(os.sep)
        folders[:] = [] if depth >= 2 else sorted(each for each in folders if _may_hold_code(each))
        yield folder


def _may_hold_code(folder: str) -> bool:
    return not folder.startswith('.') and folder not in ('node_modules', 'site-packages', 'venv', '__pycache__')


def _has_code(root: str, name: str) -> bool:
    """Whether there is a module of that name: a file, or a folder with Python files in it."""
    if os.path.isfile(os.path.join(root, f'{name}.py')):
        return True
    try:
        return any(each.endswith('.py') for each in os.listdir(os.path.join(root, name)))
    except OSError:
        return False
