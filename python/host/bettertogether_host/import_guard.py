"""Code that asks a model while it is imported ends the process, before anything else of it goes on.

An exception would not do: optimizers of DSPy's catch what their program throws, and the script goes on to save a
program without demos over the one that its author paid for.

LMs of DSPy's are seen when they are called; every other client (LiteLLM, the packages of services, `requests`) by the
HTTP request that it makes. An index of passages may be built by `dspy.Embedder`: its program cannot be loaded without,
and DSPy keeps the answers, so no process pays for them again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

import dspy

from . import kept_embeddings
from .forks import LM_CALLED, is_forked
from .model_requests import Asked, asked_by
from .notebooks.places import place_in_source
from .outgoing import Outgoing
from .user_errors import is_user_file
from .wire import Wire

# What a program, an optimizer or an evaluation goes through on its way to an LM.
_ASKED_THROUGH = (
    (dspy.Predict, ('forward', 'aforward')),
    (dspy.BaseLM, ('__call__', 'acall')),
    (dspy.LM, ('forward', 'aforward')),
)
_BELONGS = {
    'an LM': (
        "Code that asks an LM when its file is imported (an optimizer, an evaluation, a first try) belongs under "
        "`if __name__ == '__main__':`; what the program itself asks belongs in its forward."
    ),
    'embeddings': (
        "What is made once (the index of a corpus) belongs in a file that is made under `if __name__ == '__main__':`, "
        'or let dspy.Embedder ask, without caching=False: DSPy keeps its answers, so no process that loads the file '
        'pays for them again. What the program itself asks belongs in its forward.'
    ),
}
_OPTIMIZERS = (
    'A function that makes an optimizer only makes it: what the optimizer itself asks belongs in its compile, and what '
    'the program asks in its forward.'
)


class ImportGuard:
    """Active from before the user's files are imported until `lift`; `end_process` serves after it too."""

    def __init__(self, workspace: str, tell: Callable[[str], None]) -> None:
        """
        Args:
            workspace: the user's files are below it; links are resolved.
            tell: sends why the process ends. It is on its way when this returns.
        """
        self._workspace = workspace
        self._tell = tell
        self._thread = threading.get_ident()
        self._ending = threading.Lock()
        self._originals: list[tuple[type, str, Any]] = []
        self._outgoing = Outgoing(self._notice)
        self._embeddings_told = False
        self._from_forked: int | None = None
        self._belongs = _BELONGS

    def begin(self, makes_optimizer: bool = False) -> None:
        """No model answers from here on. Called by the thread that imports the user's files.

        Args:
            makes_optimizer: a function is called that only makes an optimizer.
        """
        self._belongs = {**_BELONGS, 'an LM': _OPTIMIZERS} if makes_optimizer else _BELONGS

        def refuse(*_: Any, **__: Any) -> NoReturn:
            self.end_process()

        self._originals = [*_stand_in(refuse), *kept_embeddings.stand_in()]
        self._outgoing.begin()
        if hasattr(os, 'fork'):
            self._listen_to_forked()

    def lift(self) -> None:
        """The user's files are loaded: program runs may ask."""
        for kind, name, original in self._originals:
            setattr(kind, name, original)
        self._originals = []
        self._outgoing.end()
        if self._from_forked is not None:
            os.close(self._from_forked)
            self._from_forked = None

    def end_process(self, asked: Asked = 'an LM') -> NoReturn:
        """Says which line asked, and ends the process: no `except`, `finally` or `atexit` of anyone's runs."""
        self._ending.acquire()  # held for good: other threads that ask wait here until the end
        reason = self._reason(asked)
        with contextlib.suppress(Exception):
            if is_forked():
                self._tell_from_forked(reason)
            else:
                self._tell(reason)
        os._exit(1)

    def _notice(self, method: str, url: str) -> None:
        asked = asked_by(method, url)
        if asked == 'embeddings' and kept_embeddings.asks_kept():
            self._tell_of_embeddings()
        elif asked is not None:
            self.end_process(asked)

    def _tell_of_embeddings(self) -> None:
        if self._embeddings_told:
            return
        self._embeddings_told = True
        sys.stderr.write(
            f'{self._place() or "Code that is being loaded"} asks for embeddings while it is loaded. They stand in no '
            'count and under no cap; DSPy keeps them on this machine, so what was answered is not asked again.\n'
        )

    def _reason(self, asked: Asked) -> str:
        what = 'an LM' if asked == 'an LM' else 'a model for embeddings'
        return (
            f'{self._place() or "Code that was being loaded"} asks {what} while it is loaded, before any program run: '
            f'nothing was asked, and the process was ended there. {self._belongs[asked]}'
        )

    def _place(self) -> str | None:
        """The line of a user's file that is being imported, else the innermost line of the user's that asks."""
        loading = sys._current_frames().get(self._thread)
        frames = [*_users(loading, self._workspace), *_users(sys._getframe(), self._workspace)]
        imported = next((frame for frame in frames if frame.f_code.co_name == '<module>'), None)
        frame = imported or next(iter(frames), None)
        return None if frame is None else str(place_in_source(frame.f_code.co_filename, frame.f_lineno))

    def _listen_to_forked(self) -> None:
        """Forked processes have lost the protocol's pipes (forks.py); what they report comes by one of its own."""
        told, self._from_forked = os.pipe()

        def listen() -> None:
            reason = os.read(told, 65_536)
            if reason:
                self._tell(reason.decode('utf-8', 'replace'))
                os._exit(1)

        threading.Thread(target=listen, daemon=True, name='bettertogether-forked').start()

    def _tell_from_forked(self, reason: str) -> None:
        if self._from_forked is not None:
            os.write(self._from_forked, reason.encode())


def guard_imports(workspace: str, wire: Wire) -> ImportGuard:
    """Has begun, for the thread that calls this and imports the user's files."""
    guard = ImportGuard(workspace, lambda reason: wire.send({'method': 'ending', 'params': {'reason': reason}}))
    guard.begin()
    return guard


def refuse_in_spawned() -> None:
    """
    In a process that `multiprocessing` starts anew, no LM answers: it would be asked past the run and its cap. While
    such a process imports the user's files, asking one ends it.
    """
    workspace = os.getcwd()
    guard = ImportGuard(os.path.realpath(workspace), lambda reason: print(reason, file=sys.stderr, flush=True))

    def imports() -> bool:
        return any(frame.f_code.co_name == '<module>' for frame in _users(sys._getframe(), workspace))

    def refuse(*_: Any, **__: Any) -> NoReturn:
        if imports():
            guard.end_process()
        from .lm_errors import OutsideOfRun

        raise OutsideOfRun(LM_CALLED)

    def notice(method: str, url: str) -> None:
        asked = asked_by(method, url)
        if asked is not None and imports():
            guard.end_process(asked)

    _stand_in(refuse)
    Outgoing(notice).begin()


def _stand_in(refuse: Callable[..., NoReturn]) -> list[tuple[type, str, Any]]:
    """Puts `refuse` on every way to an LM; returns what stood there."""
    originals = [
        (kind, name, vars(kind)[name]) for kind, names in _ASKED_THROUGH for name in names if name in vars(kind)
    ]
    for kind, name, _ in originals:
        setattr(kind, name, refuse)
    return originals


def _users(frame: FrameType | None, workspace: str) -> Iterator[FrameType]:
    """The frames of the user's own files, innermost first."""
    while frame is not None:
        if is_user_file(frame.f_code.co_filename, workspace):
            yield frame
        frame = frame.f_back
