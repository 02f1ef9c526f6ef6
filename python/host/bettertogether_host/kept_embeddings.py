"""Whether a `dspy.Embedder` is asking whose answers DSPy keeps: an index that it makes is paid for once."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Iterator
from typing import Any

import dspy

_asking: contextvars.ContextVar[bool] = contextvars.ContextVar('bettertogether_kept_embeddings', default=False)


def asks_kept() -> bool:
    return _asking.get()


def stand_in() -> list[tuple[type, str, Any]]:
    """Keeps `asks_kept` up to date from here on; returns what was replaced."""
    call, acall = dspy.Embedder.__call__, dspy.Embedder.acall

    @functools.wraps(call)
    def call_here(embedder: Any, inputs: Any, batch_size: Any = None, caching: Any = None, **kwargs: Any) -> Any:
        with _marked(embedder, caching):
            return call(embedder, inputs, batch_size, caching, **kwargs)

    @functools.wraps(acall)
    async def acall_here(embedder: Any, inputs: Any, batch_size: Any = None, caching: Any = None, **kwargs: Any) -> Any:
        with _marked(embedder, caching):
            return await acall(embedder, inputs, batch_size, caching, **kwargs)

    dspy.Embedder.__call__, dspy.Embedder.acall = call_here, acall_here
    return [(dspy.Embedder, '__call__', call), (dspy.Embedder, 'acall', acall)]


@contextlib.contextmanager
def _marked(embedder: Any, caching: bool | None) -> Iterator[None]:
    token = _asking.set(bool(embedder.caching if caching is None else caching))
    try:
        yield
    finally:
        _asking.reset(token)
