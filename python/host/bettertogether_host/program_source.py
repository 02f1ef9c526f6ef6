"""The program's code as its author wrote it, for an LM that is to improve its prompts."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import tokenize
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import dspy

from .literal_data import first_line, without_data
from .notebooks.places import source_file
from .real_paths import real_path
from .shown_path import relative
from .signatures import NamedPredictor
from .user_errors import is_user_file

# Characters: `sourceCharactersAtMost` of src/base/limits.ts.
_AT_MOST = 20_000


class _Piece(NamedTuple):
    """A class, a function or a statement, by its place."""

    file: str
    first: int
    last: int


def program_source(taken: Any, program: Any, predictors: list[NamedPredictor], workspace: str) -> str | None:
    """
    What the program is put together from: its class, or the function or statement that makes it, and the user's own
    classes and signatures that these are made of. No data: lists, dicts and rows at the top of a file are left out, and
    so are rows within the code.

    Args:
        taken: what the program's name stands for in its file.
        workspace: real path.

    Returns:
        None where it cannot be had: code that was made while it ran, a file that is gone.
    """
    try:
        return _Reader(workspace).read([taken, *_parts(program, predictors)])
    except Exception as error:  # the user's objects answer as they like, and nothing depends on it
        sys.stderr.write(f'The source of the program could not be read ({type(error).__name__}): {error}\n')
        return None


def _parts(program: Any, predictors: list[NamedPredictor]) -> Iterator[Any]:
    for _, module in program.named_sub_modules():
        yield from type(module).__mro__
    for each in predictors:
        yield each.predictor.signature


class _Reader:
    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self._modules = [each for each in list(sys.modules.values()) if self._is_users(each)]
        self._files: dict[str, tuple[list[str], ast.Module]] = {}

    def read(self, values: list[Any]) -> str | None:
        found = self._reached(values)
        whole = [piece for piece in found if not any(_within(piece, other) for other in found)]
        if not whole:
            return None
        home = whole[0].file
        texts = {piece: self._text(piece, node) for piece, node in found.items() if piece in whole}
        shown = sorted(_fitting(texts), key=lambda piece: (piece.file != home, piece))
        several = len({piece.file for piece in shown}) > 1
        said: list[str] = []
        for i, piece in enumerate(shown):
            if several and (i == 0 or shown[i - 1].file != piece.file):
                said.append(f'# {relative(source_file(piece.file), self._workspace)}')
            said.append(texts[piece])
        return '\n\n'.join(said)

    def _reached(self, values: list[Any]) -> dict[_Piece, ast.stmt]:
        """Breadth first, each once: the order says how near to the program a piece is."""
        found: dict[_Piece, ast.stmt] = {}
        waiting = list(values)
        for number, value in enumerate(waiting):
            node_of = self._defined(value, is_program=number == 0)
            if node_of is None:
                continue
            file, node = node_of
            piece = _Piece(file, first_line(node), node.end_lineno or node.lineno)
            if piece not in found:
                found[piece] = node
                waiting += self._named_in(file, node)
        return found

    def _defined(self, value: Any, is_program: bool) -> tuple[str, ast.stmt] | None:
        """Where a class stands, or what makes a signature or module; of functions only that which makes the program."""
        if isinstance(value, type) or (is_program and inspect.isroutine(value)):
            defined = self._definition(inspect.unwrap(value))
            if defined is not None:
                return defined
        is_signature = isinstance(value, type) and issubclass(value, dspy.Signature)
        return self._statement(value) if is_signature or isinstance(value, dspy.Module) else None

    def _definition(self, value: Any) -> tuple[str, ast.stmt] | None:
        try:
            file = inspect.getsourcefile(value)
            if file is None or not is_user_file(file, self._workspace):
                return None
            line = inspect.getsourcelines(value)[1]
        except (OSError, TypeError):
            return None
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(self._file(file)[1]):
            if isinstance(node, kinds) and line in (node.lineno, first_line(node)) and node.name == value.__name__:
                return real_path(file), node
        return None

    def _statement(self, value: Any) -> tuple[str, ast.stmt] | None:
        """`name = …` at the top of a file of the user's."""
        for module in self._modules:
            names = {name for name, known in list(vars(module).items()) if known is value}
            file = real_path(str(module.__file__))
            for node in self._file(file)[1].body if names else []:
                if isinstance(node, ast.Assign):
                    targets = node.targets
                else:
                    targets = [node.target] if isinstance(node, ast.AnnAssign) else []
                if any(isinstance(each, ast.Name) and each.id in names for each in targets):
                    return file, node
        return None

    def _named_in(self, file: str, node: ast.stmt) -> list[Any]:
        """What the names in a piece stand for in its file, as far as that is the user's to define."""
        module = next((each for each in self._modules if real_path(str(each.__file__)) == file), None)
        if module is None:
            return []
        names = (each for each in ast.walk(node) if isinstance(each, (ast.Name, ast.Attribute)))
        values = (_value_of(each, vars(module)) for each in names)
        return [each for each in values if isinstance(each, (type, dspy.Module))]

    def _text(self, piece: _Piece, node: ast.stmt) -> str:
        return textwrap.dedent('\n'.join(without_data(self._file(piece.file)[0], node)))

    def _file(self, file: str) -> tuple[list[str], ast.Module]:
        path = real_path(file)
        if path not in self._files:
            with tokenize.open(path) as stream:
                text = stream.read()
            self._files[path] = (text.split('\n'), ast.parse(text))
        return self._files[path]

    def _is_users(self, module: Any) -> bool:
        file = getattr(module, '__file__', None) if isinstance(module, types.ModuleType) else None
        return isinstance(file, str) and file.endswith('.py') and is_user_file(file, self._workspace)


def _value_of(node: ast.expr, names: dict[str, Any]) -> Any:
    """`Answer` and `signatures.Answer`, by what is there already: nothing of the user's is called."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    around = _value_of(node.value, names) if isinstance(node, ast.Attribute) else None
    return vars(around).get(node.attr) if isinstance(around, types.ModuleType) else None


def _within(piece: _Piece, other: _Piece) -> bool:
    """A class that is defined in a function is shown with it."""
    return piece != other and piece.file == other.file and other.first <= piece.first and piece.last <= other.last


def _fitting(texts: dict[_Piece, str]) -> list[_Piece]:
    """The nearest first, as many as there is room for; the first in any case."""
    fitting: list[_Piece] = []
    room = _AT_MOST
    for piece, text in texts.items():
        if not fitting or len(text) <= room:
            fitting.append(piece)
            room -= len(text)
    return fitting
