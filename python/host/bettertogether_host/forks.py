"""Processes that user code starts with `fork`, `multiprocessing` or a process pool.

A forked one is a copy of the host, in the middle of a program run, with the protocol's pipes and the numbers of its
requests: without a cut it would answer in the host's name, and take answers that are another's.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable

LM_CALLED = (
    'An LM was called in a child process of the program. Its calls could be neither counted nor remembered. Ask LMs '
    'in the process itself: in threads, or with asyncio.'
)

_forked = False


def cut_off(in_child: Callable[[], None]) -> None:
    """Calls `in_child` in every process that Python code forks from now on. `subprocess` starts others, without it."""

    def forked() -> None:
        global _forked
        _forked = True
        in_child()

    if hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=forked)


def is_forked() -> bool:
    return _forked


def to_nowhere(descriptor: int) -> None:
    """What is written to a descriptor is lost from now on, and it reads as empty."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor, inheritable=False)
    os.close(nowhere)


def leave(error: BaseException | None) -> None:
    """Ends a forked process in which the user's code is through, as Python would; in the host itself, does nothing."""
    if not _forked:
        return
    code = 0
    if isinstance(error, SystemExit):
        if isinstance(error.code, int):
            code = error.code
        elif error.code is not None:
            code = 1
            sys.stderr.write(f'{error.code}\n')
    elif error is not None:
        code = 1
        traceback.print_exception(error)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code & 0xFF)
