"""Which of several answers to the same LM call is meant, while an optimizer compiles the program.

DSPy tells equal calls apart by `rollout_id` (dspy/clients/execution.py, the key of its cache), by the completions of
`n`, and not at all where an LM has `cache=False`.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any


class Sample:
    """What one call of a DSPy LM asks for: `n` completions go through it one after the other."""

    def __init__(self, rollout_id: Any, anew: bool) -> None:
        """
        Args:
            anew: each equal call is to have an answer of its own.
        """
        self.rollout_id = None if rollout_id is None else str(rollout_id)
        self.anew = anew
        self.completions = itertools.count()


_current: contextvars.ContextVar[Sample | None] = contextvars.ContextVar('bettertogether_sample', default=None)


@contextlib.contextmanager
def asked_for(sample: Sample) -> Iterator[None]:
    token = _current.set(sample)
    try:
        yield
    finally:
        _current.reset(token)


def sample_of(lm: Any, kwargs: dict[str, Any]) -> Sample:
    """
    Args:
        lm: the LM that is called, of whoever's.
        kwargs: settings of the call, which go before the LM's own.
    """
    settings = {**(getattr(lm, 'kwargs', None) or {}), **kwargs}
    cached = kwargs.get('cache')
    return Sample(settings.get('rollout_id'), not (getattr(lm, 'cache', True) if cached is None else cached))


class Samples:
    """Numbers the calls of one compilation."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._guard = threading.Lock()

    def next(self, call: dict[str, Any]) -> dict[str, Any]:
        """`CompleteParams.sample` of src/host/protocol.ts, for the next completion of the LM call under way."""
        sample = _current.get()
        if sample is None:
            return {'rolloutId': None, 'repeat': 0}
        return {
            'rolloutId': sample.rollout_id,
            'repeat': self._times(call, sample.rollout_id) if sample.anew else next(sample.completions),
        }

    def _times(self, call: dict[str, Any], rollout_id: str | None) -> int:
        """How often the same was asked before. Equal calls are told apart by their order alone."""
        key = json.dumps([call, rollout_id], sort_keys=True, default=str)
        with self._guard:
            self._asked[key] += 1
            return self._asked[key] - 1
