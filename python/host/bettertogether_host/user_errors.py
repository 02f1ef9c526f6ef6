"""Errors of user code, shown with the place in the user's own files that they came from."""

from __future__ import annotations

import os
import re
import sys
import traceback
from typing import Any

from .notebooks.places import SourcePlace, place_in_source
from .real_paths import real_path
from .remedies import remedy_of

_LIBRARIES = {'site-packages', 'dist-packages', 'node_modules', '__pypackages__'}
_OWN = os.path.dirname(os.path.abspath(__file__))


class LoadError(Exception):
    """The user's program or metric cannot be loaded. Written for the user."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.cell: int | None = None
        """Of a notebook, where `file` names one."""


class CompileError(Exception):
    """An optimizer that does not compile the program. Written for the user."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None, stack: str = '') -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.cell: int | None = None
        self.stack = stack


class PromptError(Exception):
    """A predictor that cannot be asked what was given for it. Written for the user."""


class MetricValueError(Exception):
    """A metric returned what is not a score."""

    def __init__(self, message: str, returned: float | None = None) -> None:
        """
        Args:
            returned: a number outside of the range, where it was one.
        """
        super().__init__(message)
        self.returned = returned


class ProgramInputsError(Exception):
    """The program does not take the inputs of the rows. Written for the user."""

    def __init__(self, message: str, place: tuple[str, int] | None) -> None:
        super().__init__(message)
        self.place = place


class MediaError(Exception):
    """A text in the place of an image or a sound. Written for the user."""


class RunStopped(BaseException):
    """The run is over, by cancellation or because there are no more answers; no `except Exception` holds it up."""


def is_user_file(file: str, workspace: str) -> bool:
    """Whether a file is the user's own: in the workspace, and not of a package or an environment in it."""
    if not os.path.isabs(file):
        return False
    path = real_path(file)
    if not path.startswith(os.path.join(workspace, '')) or path.startswith(os.path.join(_OWN, '')):
        return False
    environment = os.path.join(real_path(sys.prefix), '')
    if environment.startswith(os.path.join(workspace, '')) and path.startswith(environment):
        return False
    return _LIBRARIES.isdisjoint(path[len(workspace) :].split(os.sep))


def user_frame(error: BaseException, workspace: str) -> tuple[str, int] | None:
    """The innermost place in the user's files that an error passed through; a cause's, where it has none itself."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, SyntaxError) and current.filename and is_user_file(current.filename, workspace):
            return current.filename, current.lineno or 1
        for frame, line in reversed(list(traceback.walk_tb(current.__traceback__))):
            file = frame.f_code.co_filename
            if is_user_file(file, workspace):
                return file, line
        current = current.__cause__ or current.__context__
    return None


def told_place(error: LoadError | CompileError) -> dict[str, Any]:
    """Where an error is, as the run process reads it."""
    if error.file is None:
        return {}
    at = SourcePlace(error.file, error.line, error.cell)
    return (at if error.cell is not None else place_in_source(error.file, error.line)).fields()


def users_traceback(error: BaseException, workspace: str) -> str:
    """As Python prints it, without the frames that are not the user's: importlib's, a library's, ours."""
    shown = traceback.TracebackException.from_exception(error)
    waiting, seen = [shown], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        own = [_in_source(frame) for frame in each.stack if is_user_file(frame.filename, workspace)]
        each.stack = traceback.StackSummary.from_list(own)
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
    return ''.join(shown.format())


def _in_source(frame: traceback.FrameSummary) -> traceback.FrameSummary:
    at = place_in_source(frame.filename, frame.lineno)
    if at.cell is None:
        return frame
    return traceback.FrameSummary(f'{at.file}, cell {at.cell}', at.line, frame.name, lookup_line=False, line=frame.line)


_SELF_EXPLAINING = {
    'ProgramInputsError',
    'MediaError',
    'MetricValueError',
    'MetricFieldError',
    'LoadError',
    'AdapterParseError',
    'CallRejected',
    'OutsideOfRun',
}


# DSPy's errors of `dspy.configure` in another thread or task than the one that imported the program.
_CONFIGURED = (
    'dspy.settings can only be changed by the thread that initially configured it',
    'dspy.configure(...) can only be called from the same async task',
)


# What tools write for terminals (Deno, rich), and keep in their messages elsewhere.
_COLOURS = re.compile(r'\x1b\[[\d:;]*m')


def text_of(error: BaseException) -> str:
    """`KeyError: 'x'`; errors written for people go without their name."""
    if isinstance(error, SystemExit):
        return f'The program called exit({"" if error.code is None else error.code!r}).'
    message = _COLOURS.sub('', str(error)).strip()
    name = type(error).__name__
    if name in _SELF_EXPLAINING or type(error) is Exception:
        return message or name
    if message.startswith(_CONFIGURED):
        return (
            f'{name}: {message.rstrip(".")}. Rows run in threads beside each other: in forward and in metrics use '
            '`with dspy.context(…):` in the place of dspy.configure, or configure once at the top of the file.'
        )
    remedy = remedy_of(error)
    whole = f'{name}: {message}' if message else name
    return whole if remedy is None else f'{whole.rstrip(".")}. {remedy}'


def told(error: BaseException, kind: str, workspace: str) -> dict[str, Any]:
    """A `UserCodeError` of the protocol."""
    frame = error.place if isinstance(error, ProgramInputsError) else user_frame(error, workspace)
    place = {} if frame is None else place_in_source(*frame).fields()
    returned = error.returned if isinstance(error, MetricValueError) else None
    return {'kind': kind, 'message': text_of(error), **place, **({} if returned is None else {'returned': returned})}
