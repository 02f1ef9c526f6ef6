"""What a program reads besides its sources: files, folders, packages and environment variables.

What a run read, a later one may have in memory (a cache, a module), so reads are those of the process and count for all
runs that end after them: they need not be assigned to one. How they are noticed is in `noticing.py`.
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
from collections.abc import Callable
from typing import Any

_OWN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), '')
# As they are before `noticing.py` replaces them.
_stat, _access, _listdir = os.stat, os.access, os.listdir

# `mostReads` of src/host/protocol.ts.
_MOST = 10_000
_TOO_MANY = f'The program reads more than {_MOST} files and variables.'
_MOST_PATHS_KEPT = 50_000
# `mostOwnNames` of src/data/reads.ts.
_MOST_OWN_NAMES = 500

# Devices and the system's own state. macOS has no /proc.
_NOT_FILES = ('/proc/', '/dev/', '/sys/')
# Files as any other, but that a restart forgets.
_IN_MEMORY = '/dev/shm/'
_NO_TEXT = 'The program reads files whose names are not UTF-8.'
_PACKAGES = ('site-packages', 'dist-packages')
# Made by Python and by us wherever a program runs; `namesIn` of src/data/foundAt.ts.
_OUR_NAMES = frozenset((b'__pycache__', b'.bettertogether'))
_OUR_FOLDERS = frozenset(map(os.fsdecode, _OUR_NAMES))

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Found = Any  # `Found` of src/data/reads.ts


class Reads:
    """The reads of this process, sent in parts. Its handlers are called from any thread, within user code."""

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
        self._own_names: dict[str, set[str]] = {}  # by their folder
        self._may_be_written: dict[str, Found] = {}
        self._made: tuple[str, ...] = ()
        self._own_variables: set[str] = set()
        self._paths: dict[str | bytes, str | None] = {}
        library = _library_folders()
        self.package_of = functools.lru_cache(_MOST_PATHS_KEPT)(lambda full: _package_of(full, library))

    def tell(self) -> None:
        """Sends what is new. What a run read is sent before the run is answered."""
        with self._telling:
            self._tell_of_missing_modules()
            self._look_for_changes()
            for folder in dict.fromkeys(_drained(self._to_list)):
                self._tell_listing(folder)
            message: dict[str, Any] = {'reads': _drained(self._news), 'written': _drained(self._dropped)}
            if max(len(message['reads']), len(message['written'])) > _MOST:
                self.give_up(_TOO_MANY)
            if self._unclear is not None and not self._told_unclear:
                self._told_unclear = True
                message = {'reads': [], 'written': [], 'unclear': self._unclear}
            if message['reads'] or message['written'] or 'unclear' in message:
                self._send(message)

    # What happens in user code

    def opened(self, path: Any, flags: Any) -> None:
        full = self.full(path)
        if full is None:
            return
        if not isinstance(flags, int) or not flags & _WRITING:
            self.read(full)
        elif flags & os.O_EXCL and _found(full) != 'nothing':
            self.looked_at(full, whether=True)
        elif _found(full) != 'nothing' and not _access(full, os.W_OK):
            self.read(full)  # it will not be opened for writing
        elif flags & os.O_RDWR and not flags & os.O_TRUNC:
            self.read(full)
            self._may_change(full)
        else:
            self.changed(full)

    def read(self, full: str) -> None:
        package = self.package_of(full)
        if package is None:
            found = _found(full)
            if found == 'other':
                self.give_up(f'{full} is no file that stays as it is, and the program reads it.')
            self._file('file', full, found)
        elif package:
            self._note('package', package)

    def looked_at(self, path: Any, whether: bool) -> None:
        """`os.stat`, by itself or to check whether something is there."""
        full = self.full(path)
        if full is None:
            return
        package = self.package_of(full)
        if package:
            self._note('package', package)
        elif package is None:
            found = _found(full)
            if whether or not isinstance(found, dict):
                self._file('place', full, 'file' if isinstance(found, dict) else found)
            else:
                self._file('file', full, found)

    def listed(self, path: Any) -> None:
        full = self.full(os.curdir if path is None else path)
        if full is None or self._unclear is not None or self.package_of(full) is not None or self._is_own(full):
            return
        names = _names(full)
        known = self._listed.get(full, _NEVER)
        if known is _NEVER:
            self._listed[full] = names
            self._to_list.append(full)
        elif self._foreign(full, known) != self._foreign(full, names):
            self.give_up(f'{full} changed while the program ran on it.')

    def changed(self, full: str) -> None:
        """The program wrote, made, renamed or removed something."""
        if self._unclear is not None or full in self._written:
            return
        if len(self._written) >= _MOST_PATHS_KEPT:
            self.give_up(f'The program writes more than {_MOST_PATHS_KEPT} files.')
        self._written.add(full)
        self._may_be_written.pop(full, None)
        folder, name = os.path.split(full)
        self._own_names.setdefault(folder, set()).add(name)
        for kind in ('file', 'place'):
            if self._known.pop((kind, full), None) is not None:
                self._dropped.append(full)
        if folder in self._listed:
            self._to_list.append(folder)

    def made_folder(self, path: Any) -> None:
        full = self.full(path)
        # One that is there already is left as it is (`os.makedirs(…, exist_ok=True)`).
        if full is not None and not self._is_own(full) and _found(full) == 'nothing':
            self.changed(full)
            self._made += (os.path.join(full, ''),)

    def touched(self, *paths: Any) -> None:
        """Renamed or linked by the program."""
        for path in paths:
            full = self.full(path)
            if full is not None:
                self.changed(full)

    def removed(self, path: Any) -> None:
        full = self.full(path)
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
        if self._unclear is not None or self._is_own(full):
            return
        key = (kind, full)
        known = self._known.get(key, _NEVER)
        if known is _NEVER:
            self._known[key] = found
            self._add({'kind': kind, 'path': full, 'found': found})
        elif known == found:
            return
        elif full in self._may_be_written:
            self.changed(full)
        else:
            self.give_up(f'{full} changed while the program ran on it.')

    def _may_change(self, full: str) -> None:
        """Opened for reading and writing: whether the program writes shows later."""
        if ('file', full) in self._known:
            self._may_be_written.setdefault(full, self._known['file', full])

    def _look_for_changes(self) -> None:
        for full, found in list(self._may_be_written.items()):
            if _found(full) != found:
                self.changed(full)

    def _note(self, kind: str, name: str) -> None:
        key = (kind, name)
        if self._unclear is not None or key in self._known:
            return
        self._known[key] = None
        what = {'package': {'path': name}, 'variable': {'name': name}, 'environment': {}}[kind]
        self._add({'kind': kind, **what})

    def _add(self, read: dict[str, Any]) -> None:
        if max(len(self._known) + len(self._listed), len(self._news)) > _MOST:
            self.give_up(_TOO_MANY)
        elif self._unclear is None:
            self._news.append(read)

    def _tell_listing(self, folder: str) -> None:
        own = sorted(self._own_names.get(folder, ()))
        if len(own) > _MOST_OWN_NAMES:
            self.give_up(f'The program writes more than {_MOST_OWN_NAMES} files into {folder}, which it lists.')
            return
        foreign = self._foreign(folder, self._listed[folder])
        if not all(_is_text(os.fsdecode(each)) for each in foreign or ()):
            self.give_up(_NO_TEXT)
            return
        entries = None if foreign is None else hashlib.sha256(b''.join(each + b'\n' for each in foreign)).hexdigest()
        self._add({'kind': 'folder', 'path': folder, 'without': own, 'entries': entries})

    def _foreign(self, folder: str, names: list[bytes] | None) -> list[bytes] | None:
        """The names in a folder that the program did not make."""
        own = self._own_names.get(folder)
        if names is None or own is None:
            return names
        return [name for name in names if os.fsdecode(name) not in own]

    def give_up(self, why: str) -> None:
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

    def full(self, path: Any) -> str | None:
        """The absolute path; `None` for descriptors and what is not a file of the user's."""
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
        if known is not None and not known.isprintable() and not _is_text(known):
            self.give_up(_NO_TEXT)
            return None
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
    """The package that a file is of; `''` for the standard library, which Python's version covers."""
    parts = full.split(os.sep)
    for name in _PACKAGES:
        if name in parts:
            at = len(parts) - 1 - parts[::-1].index(name)
            return os.sep.join(parts[: at + 2]) if at + 1 < len(parts) else None
    return '' if full.startswith(library) else None


def _absolute(path: str | bytes) -> str | None:
    try:
        full = os.path.abspath(os.fsdecode(path))
    except (ValueError, OSError):  # no working directory
        return None
    if (full.startswith(_NOT_FILES) and not full.startswith(_IN_MEMORY)) or full.startswith(_OWN):
        return None
    return None if full.endswith(('.pyc', '.pyo')) or not _OUR_FOLDERS.isdisjoint(full.split(os.sep)) else full


def _is_text(full: str) -> bool:
    """Whether it is UTF-8 on the disk, so that it can be sent."""
    try:
        full.encode('utf-8')
    except UnicodeEncodeError:
        return False
    return True


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
    busy.now = True
    try:
        return sorted(name for name in _listdir(os.fsencode(folder)) if name not in _OUR_NAMES)
    except OSError:
        return None
    finally:
        busy.now = False


class _Busy(threading.local):
    """In our own look at a folder, which Python reports as well."""

    now = False


busy = _Busy()
