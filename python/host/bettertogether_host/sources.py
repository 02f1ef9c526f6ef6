"""Imports the user's files as Python itself would, and lists which of them were."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from .install_commands import command_for_missing
from .notebooks.loading import Notebooks, digest_of, is_made
from .notebooks.places import place_in_source, source_file
from .own_packages import OwnPackages, home_of, lies_at, put_on_path
from .real_paths import real_path
from .remedies import remedy_of_syntax
from .shown_path import relative
from .user_errors import LoadError, is_user_file, text_of, user_frame, users_traceback


class CodePath(NamedTuple):
    """`file#name`, with the file absolute."""

    spec: str
    file: str
    name: str


def parse_code_path(spec: str, workspace: str, role: str) -> CodePath:
    """
    Raises:
        LoadError: when the file does not exist or no name is given.
    """
    file, _, name = spec.rpartition('#')
    file = os.path.realpath(os.path.join(workspace, file or spec))
    if not file.lower().endswith(('.py', '.ipynb')):
        raise LoadError(
            f"The {role} '{spec}' is not in a .py or .ipynb file, which a Python program's {role} has to be."
        )
    if not os.path.isfile(file):
        raise LoadError(f"The {role} '{spec}' names {file}, which does not exist.", file)
    return CodePath(spec, file, name if '#' in spec else '')


class Loader:
    def __init__(self, workspace: str, notebooks: Sequence[Mapping[str, Any]] = ()) -> None:
        """
        Args:
            notebooks: those among the files that will be loaded, as `GivenNotebook`s of src/host/protocol.ts.
        """
        self._workspace = workspace
        self._notebooks = Notebooks(workspace, notebooks)
        self._modules: dict[str, ModuleType] = {}
        self._packages = OwnPackages(workspace)
        self._packages.begin()
        if workspace not in sys.path:
            sys.path.append(workspace)

    def is_notebook(self, file: str) -> bool:
        return self._notebooks.has(file)

    def load(self, file: str) -> ModuleType:
        """
        Raises:
            LoadError: naming file and line.
        """
        if file not in self._modules:
            sys.argv[:] = [file]  # as `python file.py` has it: our own arguments are none of the program's
            try:
                self._modules[file] = self._import(file)
            except LoadError:
                raise
            except (Exception, SystemExit) as error:
                raise self._failed(file, error) from error
        return self._modules[file]

    def sources(self) -> dict[str, str]:
        """
        SHA-256 (hex) of the user's imported files by absolute path, and of what shows the version of DSPy. Of a notebook
        what was gathered counts: its outputs, and cells that are not needed, may change.
        """
        files = {real_path(file) for file in map(_file_of, list(sys.modules.values())) if file is not None}
        own = [file for file in files if is_user_file(file, self._workspace) and os.path.isfile(file)]
        hashed = {source_file(file): digest_of(file) if is_made(file) else _hash(file) for file in own}
        return dict(sorted({**hashed, **_dspy_version_file()}.items()))

    def _import(self, file: str) -> ModuleType:
        """As `python -m package.module` from the package's parent, or as `python file.py` from the file's folder."""
        self._packages.beside(file)
        if self._notebooks.has(file):
            folder = os.path.dirname(file)
            sys.path[:0] = [] if folder in sys.path else [folder]
            return self._notebooks.load(file)
        imported = next((each for each in list(sys.modules.values()) if _is_file(each, file)), None)
        if imported is not None:
            return imported
        folder, name = home_of(file, self._workspace)
        if '.' not in name:
            sys.path[:0] = [] if folder in sys.path else [folder]
        else:
            put_on_path(folder, f'{relative(file, self._workspace)} is {name}', self._workspace)
        known = sys.modules.get(name)
        if known is None and importlib.util.find_spec(name.partition('.')[0]) is not None:
            module = importlib.import_module(name)
            if _is_file(module, file):
                return module
        return _import_alone(file, name)

    def _failed(self, file: str, error: BaseException) -> LoadError:
        frame = user_frame(error, self._workspace)
        place = file if frame is None else str(place_in_source(*frame))
        hint = ''
        if isinstance(error, ModuleNotFoundError) and error.name:
            hint = f' {self._how_to_get(error.name)}'
        if isinstance(error, SyntaxError):
            hint = f' {remedy_of_syntax(error) or ""}'.rstrip()
        if isinstance(error, SystemExit):  # argparse and scripts without a main function
            hint = (
                ' What is only for the command line (argparse, the end of a script) belongs under '
                "`if __name__ == '__main__':`, where it is left alone when the file is imported."
            )
        if not isinstance(error, (SyntaxError, ImportError, SystemExit)):
            sys.stderr.write(users_traceback(error, self._workspace))
        said = text_of(error)
        message = f'Loading {file} failed at {place}: {said}{"." if hint and not said.endswith(".") else ""}{hint}'
        return LoadError(message, *(frame or (file,)))

    def _how_to_get(self, module: str) -> str:
        """Never to install a stranger's package that has the name of one of the user's own."""
        package = module.partition('.')[0]
        own = lies_at(package, self._workspace)
        writer = self._notebooks.writer_of(package)
        if own is None and writer is not None:
            return (
                f'{writer} writes it, and has not been run here: run that cell, or save {package}.py beside the '
                'notebook.'
            )
        if own is None and package != module and package in sys.modules:
            return _of_installed(module)
        if own is None:
            command = command_for_missing(package, self._workspace)
            runs = '' if sys.executable in command else f' ({sys.executable})'
            return f'Install it for the interpreter that runs the program{runs}: {command}'
        lies = os.path.join(relative(own, self._workspace), package)
        if package != module:
            return f'{package} is {lies}, a package of your own, which has no such module.'
        return (
            f'{lies} is a package of your own that Python does not find: put its folder on the path '
            f'(PYTHONPATH={own}), or install it with what describes it: {sys.executable} -m pip install -e <its folder>'
        )


def _of_installed(module: str) -> str:
    """Of a module whose outermost package is there: in another version, or as a namespace (`google`)."""
    parts = module.split('.')
    around = ('.'.join(parts[:end]) for end in range(1, len(parts)))
    package = next((each for each in around if _file_of(sys.modules.get(each)) is not None), None)
    if package is not None:
        return f'{package} is installed, and has no such module: {_version_of(package)}'
    return (
        f'{parts[0]} has parts of several distributions, and the one that {module} comes with is not installed for '
        f'{sys.executable}.'
    )


def _version_of(package: str) -> str:
    version = getattr(sys.modules[package], '__version__', None)
    return 'the code is for another version of it.' if version is None else f'the code is for another than {version}.'


def _import_alone(file: str, name: str) -> ModuleType:
    """A file whose name another module has (`test.py`, `json.py`) is loaded by its path."""
    alone = name if name not in sys.modules else f'bettertogether_user_{_hash(file)[:8]}'
    spec = importlib.util.spec_from_file_location(alone, file)
    if spec is None or spec.loader is None:  # pragma: no cover
        raise ImportError(f'{file} cannot be imported.')
    module = importlib.util.module_from_spec(spec)
    sys.modules[alone] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[alone]
        raise
    return module


def _file_of(module: object) -> str | None:
    file = getattr(module, '__file__', None)
    return file if isinstance(file, str) else None


def _is_file(module: ModuleType, file: str) -> bool:
    found = _file_of(module)
    return found is not None and real_path(found) == file


def _hash(file: str) -> str:
    with open(file, 'rb') as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _dspy_version_file() -> dict[str, str]:
    """Prompts depend on the version of DSPy, so outcomes with another one are not remembered as this one's."""
    module = sys.modules.get('dspy.__metadata__')
    file = None if module is None else _file_of(module)
    return {} if file is None else {real_path(file): _hash(real_path(file))}
