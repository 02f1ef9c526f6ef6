"""GEPA's folder of logs (`log_dir`): the state that it keeps there would be the beginning of the next search."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

from .context import current_phase

_STATE = 'gepa_state.bin'


def beginning_anew(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """A `compile` of GEPA's that goes on with no search before it.

    That one had another seed, other rows or another model, and its budget is used up: it would be told as found by a
    search that was none. What a search that was stopped has asked is remembered by the run.
    """

    @functools.wraps(compile_)
    def compile_here(gepa: Any, /, *args: Any, **kwargs: Any) -> Any:
        given = getattr(gepa, 'log_dir', None)
        if current_phase.get() is None or given is None or not _has_state(given):
            return compile_(gepa, *args, **kwargs)
        gepa.log_dir = next(each for n in itertools.count(2) if not _has_state(each := os.path.join(given, str(n))))
        sys.stderr.write(
            f'GEPA begins anew and writes its logs to {gepa.log_dir}: {given} has the state of an earlier search, which '
            'it would have gone on with.\n'
        )
        try:
            return compile_(gepa, *args, **kwargs)
        finally:
            gepa.log_dir = given

    return compile_here


def _has_state(folder: Any) -> bool:
    return os.path.exists(os.path.join(folder, _STATE))
