"""Threads for program runs: as many as there are runs under way, kept for the next ones."""

from __future__ import annotations

import contextlib
import ctypes
import queue
import threading
from collections.abc import Callable, Coroutine
from types import FunctionType
from typing import Any


class Workers:
    """Grows by request: how many runs are under way at once is the run process's decision."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._guard = threading.Lock()

    def submit(self, task: Callable[[], None]) -> None:
        with self._guard:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            worker = _Worker(self._rest)
            worker.start()
        worker.tasks.put(task)

    def _rest(self, worker: _Worker) -> None:
        with self._guard:
            self._idle.append(worker)


class _Worker(threading.Thread):
    def __init__(self, rest: Callable[[_Worker], None]) -> None:
        super().__init__(daemon=True, name='bettertogether-worker')
        self.tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._rest = rest

    def run(self) -> None:
        while True:
            task = self.tasks.get()
            # Tasks answer for themselves; what is left is an interruption that came late.
            with contextlib.suppress(BaseException):
                task()
            self._rest(self)


def named(body: Callable[[], Any], name: str) -> Callable[[], Any]:
    """`body` under another name in stacks: `run_17_4242` shows run and thread in a stack alone."""

    def call() -> Any:
        return body()

    return FunctionType(call.__code__.replace(co_name=name), call.__globals__, name, None, call.__closure__)


def interrupt(thread_id: int, error: type[BaseException] | None) -> None:
    """Raises `error` in another thread, at its next step of Python code; `None` takes one back that has not come yet.

    A thread within C code goes on until it is back in Python.
    """
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)


def named_coroutine(
    body: Callable[[], Coroutine[Any, Any, Any]], name: str
) -> Callable[[], Coroutine[Any, Any, Any]]:
    """The same for a coroutine."""

    async def call() -> Any:
        return await body()

    return FunctionType(call.__code__.replace(co_name=name), call.__globals__, name, None, call.__closure__)
