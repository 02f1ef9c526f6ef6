"""What a program reads besides its sources: files, folders, packages and environment variables.

Python tells of opened files and imports by audit events (PEP 578); looks at paths and variables are seen by standing in
for `os.stat`, `os.access` and the class of `os.environ`. What a run read, a later one may have in memory (a cache, a
module), so reads are those of the process and count for all runs that end after them: nobody has to be told whose they
are. What child processes, sockets and native code read is not seen.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import sys
import sysconfig
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_OWN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), '')
_stat, _access, _listdir, _getframe = os.stat, os.access, os.listdir, sys._getframe

# `mostReads` of src/host/protocol.ts.
_MOST = 10_000
_MOST_PATHS_KEPT = 50_000

# Devices and the system's own state. macOS has no /proc.
_NOT_FILES = ('/proc/', '/dev/', '/sys/')
_PACKAGES = ('site-packages', 'dist-packages')
# Made by Python and by us wherever a program runs; `namesIn` of src/data/foundAt.ts.
_OUR_NAMES = frozenset((b'__pycache__', b'.bettertogether'))
_OUR_FOLDERS = frozenset(map(os.fsdecode, _OUR_NAMES))

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Functions that ask no more of a path than whether something is there.
_WHETHER = frozenset(('exists', 'lexists', 'isfile', 'isdir', 'ismount', 'is_file', 'is_dir', 'is_mount'))

Found = Any  # `Found` of src/data/reads.ts


class Reads:
    """The reads of this process, told in parts. Its handlers are called from any thread, within user code."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._telling = threading.Lock()
        self._news: deque[dict[str, Any]] = deque()
        self._dropped: deque[str] = deque()
        self._attempts: deque[tuple[str, list[str]]] = deque()
        self._unclear: str | None = None
        self._told_unclear = False
        self._known: dict[tuple[str, str], Any] = {}
        self._listed: dict[str, list[bytes] | None] = {}
        self._to_list: deque[str] = deque()
        self._written: set[str] = set()
        self._made: tuple[str, ...] = ()
        self._own_variables: set[str] = set()
        self._paths: dict[str | bytes, str | None] = {}
        library = _library_folders()
        self._package = functools.lru_cache(_MOST_PATHS_KEPT)(lambda full: _package_of(full, library))

    def tell(self) -> None:
        """Sends what is new. What a run read is told before the run is answered."""
        with self._telling:
            self._tell_of_missing_modules()
            for folder in dict.fromkeys(_drained(self._to_list)):
                self._tell_listing(folder)
            message: dict[str, Any] = {'reads': _drained(self._news), 'written': _drained(self._dropped)}
            if self._unclear is not None and not self._told_unclear:
                self._told_unclear = True
                message = {'reads': [], 'written': [], 'unclear': self._unclear}
            if message['reads'] or message['written'] or 'unclear' in message:
                self._send(message)

    # What happens in user code

    def opened(self, path: Any, flags: Any) -> None:
        full = self._full(path)
        if full is None:
            return
        if not isinstance(flags, int) or not flags & _WRITING:
            self.read(full)
        elif flags & os.O_EXCL and _found(full) != 'nothing':
            self.looked_at(full, whether=True)
        elif _found(full) != 'nothing' and not _access(full, os.W_OK):
            self.read(full)  # it will not be opened for writing
        else:
            self.changed(full)

    def read(self, full: str) -> None:
        package = self._package(full)
        if package is None:
            self._file('file', full, _found(full))
        elif package:
            self._note('package', package)

    def looked_at(self, path: Any, whether: bool) -> None:
        """`os.stat`, by itself or for somebody who asks whether something is there."""
        full = self._full(path)
        if full is None:
            return
        package = self._package(full)
        if package:
            self._note('package', package)
        elif package is None:
            found = _found(full)
            if whether or not isinstance(found, dict):
                self._file('place', full, 'file' if isinstance(found, dict) else found)
            else:
                self._file('file', full, found)

    def listed(self, path: Any) -> None:
        full = self._full(os.curdir if path is None else path)
        if full is None or self._package(full) is not None or self._is_own(full):
            return
        names = _names(full)
        known = self._listed.get(full, _NEVER)
        if known is _NEVER:
            self._listed[full] = names
            self._to_list.append(full)
        elif self._foreign(full, known) != self._foreign(full, names):
            self._give_up(f'{full} changed while the program ran on it.')

    def changed(self, full: str) -> None:
        """The program wrote, made, renamed or removed something."""
        if full in self._written:
            return
        self._written.add(full)
        for kind in ('file', 'place'):
            if self._known.pop((kind, full), None) is not None:
                self._dropped.append(full)
        folder = os.path.dirname(full)
        if folder in self._listed:
            self._to_list.append(folder)

    def made_folder(self, path: Any) -> None:
        full = self._full(path)
        # One that is there already is left as it is (`os.makedirs(…, exist_ok=True)`).
        if full is not None and _found(full) == 'nothing':
            self.changed(full)
            self._made += (os.path.join(full, ''),)

    def touched(self, *paths: Any) -> None:
        """Renamed or linked by the program."""
        for path in paths:
            full = self._full(path)
            if full is not None:
                self.changed(full)

    def removed(self, path: Any) -> None:
        full = self._full(path)
        if full is not None and _found(full) != 'nothing':
            self.changed(full)

    def moved_away(self) -> None:
        """Relative paths are others now."""
        self._paths.clear()

    def variable(self, name: str) -> None:
        if name not in self._own_variables and ('environment', '') not in self._known:
            self._note('variable', name)

    def set_variable(self, name: str) -> None:
        self._own_variables.add(name)

    def environment(self) -> None:
        self._note('environment', '')

    def imported(self, name: str, folders: Any) -> None:
        """A module that is looked for. Whether it is there is known later."""
        parent = sys.modules.get(name.rpartition('.')[0])
        within = getattr(parent, '__path__', None) if '.' in name else folders
        try:
            self._attempts.append((name, [each for each in within or () if isinstance(each, str)]))
        except Exception:  # a path of a kind of its own
            return

    # What is made of it

    def _file(self, kind: str, full: str, found: Found) -> None:
        if self._is_own(full):
            return
        key = (kind, full)
        known = self._known.get(key, _NEVER)
        if known is _NEVER:
            self._known[key] = found
            self._add({'kind': kind, 'path': full, 'found': found})
        elif known != found:
            self._give_up(f'{full} changed while the program ran on it.')

    def _note(self, kind: str, name: str) -> None:
        key = (kind, name)
        if key in self._known:
            return
        self._known[key] = None
        what = {'package': {'path': name}, 'variable': {'name': name}, 'environment': {}}[kind]
        self._add({'kind': kind, **what})

    def _add(self, read: dict[str, Any]) -> None:
        if len(self._known) + len(self._listed) > _MOST:
            self._give_up(f'The program reads more than {_MOST} files and variables.')
        elif self._unclear is None:
            self._news.append(read)

    def _tell_listing(self, folder: str) -> None:
        names = self._listed[folder]
        own = sorted({os.path.basename(each) for each in self._written if os.path.dirname(each) == folder})
        foreign = self._foreign(folder, names)
        entries = None if foreign is None else hashlib.sha256(b''.join(each + b'\n' for each in foreign)).hexdigest()
        self._add({'kind': 'folder', 'path': folder, 'without': own, 'entries': entries})

    def _foreign(self, folder: str, names: list[bytes] | None) -> list[bytes] | None:
        """The names in a folder that the program did not make."""
        if names is None:
            return None
        return [name for name in names if os.path.join(folder, os.fsdecode(name)) not in self._written]

    def _give_up(self, why: str) -> None:
        if self._unclear is None:
            self._unclear = why

    def _tell_of_missing_modules(self) -> None:
        """Modules that were looked for and are nowhere: a file that takes their place would be found."""
        for name, folders in _drained(self._attempts):
            if name in sys.modules:
                continue
            tail = name.rpartition('.')[2]
            for folder in folders:
                for place in (tail, f'{tail}.py'):
                    self.looked_at(os.path.join(folder, place), whether=True)

    def _is_own(self, full: str) -> bool:
        return full in self._written or (self._made != () and full.startswith(self._made))

    def _full(self, path: Any) -> str | None:
        """The absolute path; `None` for descriptors and what is no file of the user's."""
        if type(path) is not str and type(path) is not bytes:
            try:
                path = os.fspath(path)
            except TypeError:
                return None
        known = self._paths.get(path, _NEVER)
        if known is _NEVER:
            if len(self._paths) > _MOST_PATHS_KEPT:
                self._paths.clear()
            known = self._paths[path] = _absolute(path)
        return known


_NEVER: Any = object()


def _drained(queue: deque[Any]) -> list[Any]:
    """Others may add to it meanwhile."""
    items = []
    while queue:
        items.append(queue.popleft())
    return items


def _library_folders() -> tuple[str, ...]:
    places = sysconfig.get_paths()
    folders = {places['stdlib'], places['platstdlib'], os.path.dirname(os.__file__)}
    folders |= {os.path.realpath(each) for each in folders}
    return tuple(os.path.join(each, '') for each in folders)


def _package_of(full: str, library: tuple[str, ...]) -> str | None:
    """The package that a file is of; `''` for the standard library, which goes by Python's version."""
    parts = full.split(os.sep)
    for name in _PACKAGES:
        if name in parts:
            at = len(parts) - 1 - parts[::-1].index(name)
            return os.sep.join(parts[: at + 2]) if at + 1 < len(parts) else None
    return '' if full.startswith(library) else None


def _absolute(path: str | bytes) -> str | None:
    try:
        full = os.path.abspath(os.fsdecode(path))
        full.encode('utf-8')
    except (ValueError, OSError):  # no text that could be told; no working directory
        return None
    if full.startswith(_NOT_FILES) or full.startswith(_OWN):
        return None
    return None if full.endswith(('.pyc', '.pyo')) or not _OUR_FOLDERS.isdisjoint(full.split(os.sep)) else full


def _found(full: str) -> Found:
    """As `foundAt` of src/data/foundAt.ts."""
    try:
        seen = _stat(full)
    except (OSError, ValueError):
        return 'nothing'
    if stat.S_ISREG(seen.st_mode):
        return {'size': seen.st_size, 'mtime': seen.st_mtime_ns // 1000}
    return 'folder' if stat.S_ISDIR(seen.st_mode) else 'other'


def _names(folder: str) -> list[bytes] | None:
    _busy.now = True
    try:
        return sorted(name for name in _listdir(os.fsencode(folder)) if name not in _OUR_NAMES)
    except OSError:
        return None
    finally:
        _busy.now = False


class _Busy(threading.local):
    """In our own look at a folder, of which Python tells as well."""

    now = False


_busy = _Busy()


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
            full = reads._full(file)
            if full is not None:
                reads.read(full)


def _hook(reads: Reads) -> Callable[[str, tuple[Any, ...]], None]:
    """Python tells of everything, also of what is frequent and nothing to us: those leave at once."""

    def opened(args: tuple[Any, ...]) -> None:
        if type(args[0]) is not int:
            reads.opened(args[0], args[2])

    def listed(args: tuple[Any, ...]) -> None:
        if type(args[0]) is not int and not _busy.now and not _is_import(_getframe(2)):
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
        'os.chdir': lambda args: reads.moved_away(),
        # A path beside the descriptor of a folder is relative to that: -1 stands for none.
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
                reads._give_up(f'What the program reads cannot be noticed: {error!r} at {event}.')

    return hook


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
    full = reads._full(frame.f_code.co_filename)
    return full is not None and reads._package(full) is None


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
