"""How reads are noticed.

Python reports opened files and imports by audit events (PEP 578). Looks at paths and variables are seen by standing in
for `os.stat`, `os.access` and the class of `os.environ`. What child processes, sockets and native code read is not
seen, except for the databases of SQLite, which Python reports.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .reads import Reads, busy

_getframe = sys._getframe

# Functions that ask no more of a path than whether something is there.
_WHETHER = frozenset(('exists', 'lexists', 'isfile', 'isdir', 'ismount', 'is_file', 'is_dir', 'is_mount'))


def begin(send: Callable[[dict[str, Any]], None]) -> Reads:
    """Notices what is read from now on; once a process.

    Args:
        send: takes a `ReadsParams` of src/host/protocol.ts.
    """
    reads = Reads(send)
    _imported_before(reads)
    _stand_in_for_stat(reads)
    _stand_in_for_environ(reads)
    sys.addaudithook(_hook(reads))
    return reads


def _imported_before(reads: Reads) -> None:
    """Packages that are loaded already: DSPy and what it needs; and modules of the user's that Python itself loads."""
    for module in list(sys.modules.values()):
        file = getattr(module, '__file__', None)
        if isinstance(file, str):
            full = reads.full(file)
            if full is not None:
                reads.read(full)


def _hook(reads: Reads) -> Callable[[str, tuple[Any, ...]], None]:
    """Python reports everything, even frequent events of no use to us: those leave at once."""

    def opened(args: tuple[Any, ...]) -> None:
        if type(args[0]) is not int:
            reads.opened(args[0], args[2])

    def listed(args: tuple[Any, ...]) -> None:
        if type(args[0]) is not int and not busy.now and not _is_import(_getframe(2)):
            reads.listed(args[0])

    def executed(args: tuple[Any, ...]) -> None:
        file = getattr(args[0], 'co_filename', '')
        if os.path.isabs(file):
            reads.opened(file, os.O_RDONLY)

    def imported(args: tuple[Any, ...]) -> None:
        if isinstance(args[1], str):
            reads.opened(args[1], os.O_RDONLY)
        elif isinstance(args[2], list) and _is_users(reads, _getframe(2)):
            reads.imported(args[0], args[2])

    handlers: dict[str, Callable[[tuple[Any, ...]], None]] = {
        'open': opened,
        'os.listdir': listed,
        'os.scandir': listed,
        'exec': executed,
        'import': imported,
        'ctypes.dlopen': lambda args: reads.opened(args[0], os.O_RDONLY) if args[0] and os.sep in str(args[0]) else None,
        'sqlite3.connect': lambda args: _connected(reads, args[0]),
        'os.chdir': lambda args: reads.moved_away(),
        # A path beside the descriptor of a folder is relative to that: -1 means none.
        'os.mkdir': lambda args: reads.made_folder(args[0]) if args[2] == -1 else None,
        'os.rename': lambda args: reads.touched(args[0], args[1]) if args[2:] == (-1, -1) else None,
        'os.link': lambda args: reads.touched(args[1]) if args[3] == -1 else None,
        'os.symlink': lambda args: reads.touched(args[1]) if args[2] == -1 else None,
        'os.remove': lambda args: reads.removed(args[0]) if args[1] == -1 else None,
        'os.rmdir': lambda args: reads.removed(args[0]) if args[1] == -1 else None,
        'os.truncate': lambda args: reads.touched(args[0]),
    }

    def hook(event: str, args: tuple[Any, ...]) -> None:
        handler = handlers.get(event)
        if handler is not None:
            # An error here would be one of the user's `open`.
            try:
                handler(args)
            except Exception as error:
                reads.give_up(f'What the program reads cannot be noticed: {error!r} at {event}.')

    return hook


def _connected(reads: Reads, database: Any) -> None:
    """SQLite opens files itself: `database` is a path, a URI (https://www.sqlite.org/uri.html) or in memory."""
    text = os.fsdecode(database)
    if not text.startswith('file:'):
        path, only_reads = text, False
    else:
        uri = urlsplit(text)
        path, asked = unquote(uri.path), parse_qs(uri.query)
        mode = asked.get('mode', ['rwc'])[-1]
        only_reads = mode == 'ro' or asked.get('immutable', ['0'])[-1] == '1'
        if mode == 'memory':
            return
    if path not in ('', ':memory:'):
        reads.opened(path, os.O_RDONLY if only_reads else os.O_RDWR | os.O_CREAT)


def _is_import(frame: FrameType | None) -> bool:
    """Whether a folder is listed to find a module in it."""
    file = '' if frame is None else frame.f_code.co_filename
    return file.startswith('<frozen importlib') or f'{os.sep}importlib{os.sep}' in file


def _is_users(reads: Reads, frame: FrameType | None) -> bool:
    """Whether code outside of packages and the standard library imports: their optional parts are theirs to know."""
    while frame is not None and _is_import(frame):
        frame = frame.f_back
    return frame is not None and os.path.isabs(frame.f_code.co_filename) and _is_users_file(reads, frame)


def _is_users_file(reads: Reads, frame: FrameType) -> bool:
    full = reads.full(frame.f_code.co_filename)
    return full is not None and reads.package_of(full) is None


def _stand_in_for_stat(reads: Reads) -> None:
    def seen(path: Any, dir_fd: Any, frame: FrameType) -> None:
        if dir_fd is None and type(path) is not int:
            name = frame.f_code.co_name
            # `os.path.realpath` looks at each folder on its way.
            if name != '_joinrealpath' and name != 'realpath':
                reads.looked_at(path, name in _WHETHER or _is_asked_by(frame))

    def standing_in(original: Any, always_whether: bool) -> Any:
        @functools.wraps(original)
        def look(path: Any, *args: Any, dir_fd: Any = None, **kwargs: Any) -> Any:
            try:
                return original(path, *args, dir_fd=dir_fd, **kwargs)
            finally:
                if always_whether:
                    if dir_fd is None and type(path) is not int:
                        reads.looked_at(path, True)
                else:
                    seen(path, dir_fd, _getframe(1))

        for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in supported:
                supported.add(look)
        return look

    os.stat = standing_in(os.stat, False)
    os.lstat = standing_in(os.lstat, False)
    os.access = standing_in(os.access, True)
    _for_old_pathlib()


def _is_asked_by(frame: FrameType) -> bool:
    """`Path.exists` and its like call `Path.stat`."""
    asks = frame.f_back
    return frame.f_code.co_name == 'stat' and asks is not None and asks.f_code.co_name in _WHETHER


def _for_old_pathlib() -> None:
    """Python 3.10 keeps its own names of these functions."""
    import pathlib

    accessor = getattr(pathlib, '_NormalAccessor', None)
    if accessor is not None:
        accessor.stat = staticmethod(os.stat)


def _stand_in_for_environ(reads: Reads) -> None:
    """`os.environ` stays the object that it is: others hold it already."""
    kind: Any = type(os.environ)

    class Environ(kind):  # type: ignore[misc]
        def __getitem__(self, key: Any) -> Any:
            # Within a walk through all of them, the walk counts.
            if _getframe(1).f_code.co_name != '__iter__':
                reads.variable(os.fsdecode(key) if isinstance(key, bytes) else str(key))
            return super().__getitem__(key)

        def __setitem__(self, key: Any, value: Any) -> None:
            super().__setitem__(key, value)
            reads.set_variable(os.fsdecode(key))

        def __delitem__(self, key: Any) -> None:
            super().__delitem__(key)
            reads.set_variable(os.fsdecode(key))

        def __iter__(self) -> Iterator[Any]:
            if not _looks_for_proxies(_getframe(1)):
                reads.environment()
            return super().__iter__()

        def __len__(self) -> int:
            reads.environment()
            return super().__len__()

        def __repr__(self) -> str:
            reads.environment()
            return super().__repr__()

    for environ in (os.environ, getattr(os, 'environb', None)):
        if environ is not None:
            environ.__class__ = Environ


def _looks_for_proxies(frame: FrameType | None) -> bool:
    """`urllib` looks through all variables for those that name a proxy, as any HTTP client does when it is made."""
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_name == 'getproxies_environment':
            return True
        frame = frame.f_back
    return False
