"""HTTP requests of this process, noticed before a connection is opened: each library has one way that all take."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple

# Gets the method and the address (whole, or from its path on).
Notice = Callable[[str, str], None]


class _Way(NamedTuple):
    kind: str
    method: str
    asked: Callable[..., tuple[str, str]]
    """Method and address of a call's arguments."""


def _by_name(_: Any, method: str, url: Any, *__: Any, **___: Any) -> tuple[str, str]:
    return method, str(url)


def _of_core(_: Any, request: Any) -> tuple[str, str]:
    return request.method.decode(), request.url.target.decode()


_CORE = (
    _Way('ConnectionPool', 'handle_request', _of_core),
    _Way('AsyncConnectionPool', 'handle_async_request', _of_core),
)
# `requests` and botocore go through urllib3, which connects before http.client is asked; httpx through httpcore.
_WAYS = {
    'http.client': (_Way('HTTPConnection', 'putrequest', _by_name),),
    'urllib3.connectionpool': (_Way('HTTPConnectionPool', 'urlopen', _by_name),),
    'httpcore': _CORE,
    'httpcore2': _CORE,
    'aiohttp': (_Way('ClientSession', '_request', _by_name),),
}


class Outgoing:
    """Has each request noticed, from `begin` to `end`, also by libraries that are imported meanwhile."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice
        self._originals: list[tuple[type, str, Any]] = []
        self._looking = False

    def begin(self) -> None:
        for name in _WAYS:
            if name in sys.modules:
                self._stand_in(sys.modules[name])
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def end(self) -> None:
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        for kind, name, original in self._originals:
            setattr(kind, name, original)
        self._originals = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds nothing itself: adds to what Python finds."""
        if name not in _WAYS or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            self._stand_in_after(spec.loader)
        return spec

    def _stand_in_after(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._stand_in(module)

        loader.exec_module = exec_module

    def _stand_in(self, module: ModuleType) -> None:
        for way in _WAYS[module.__name__]:
            kind = getattr(module, way.kind, None)
            if isinstance(kind, type) and way.method in vars(kind):
                original = vars(kind)[way.method]
                self._originals.append((kind, way.method, original))
                setattr(kind, way.method, self._noticed(original, way))

    def _noticed(self, original: Any, way: _Way) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._notice(*way.asked(*args, **kwargs))
            return original(*args, **kwargs)

        return call
