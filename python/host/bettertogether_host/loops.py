"""One event loop for all runs, for programs that keep what belongs to a loop: a semaphore, a lock, an HTTP client.

Others have a loop a run, in a thread a run: there, synchronous code in `aforward` holds up no other run.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import dspy

from .context import Run, current_phase
from .loading import LoadedProgram
from .user_errors import RunStopped, is_user_file
from .wire import Answer
from .workers import interrupt, named_coroutine

# Seconds without a turn of the loop after which the task that it is in is taken to keep it.
_TURN = 0.5
_MOST_SEARCHED = 20_000


class SharedLoop:
    """A loop in a thread of its own. Runs wait for their tasks in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._runs: weakref.WeakKeyDictionary[asyncio.Task[Any], Run] = weakref.WeakKeyDictionary()
        self._loop.set_task_factory(self._task)
        self._thread = threading.Thread(target=self._turn, daemon=True, name='bettertogether-loop')
        self._thread.start()

    def run(self, run: Run, body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Runs `body` in the loop, in the context of the thread that calls this, which waits for it."""
        answer = Answer()
        coroutine = named_coroutine(body, f'run_{run.number}_{self._thread.native_id}')

        def begin() -> None:
            task = self._loop.create_task(coroutine())
            run.stop_task = lambda: self._stop(run, task)
            task.add_done_callback(lambda task: _settle(answer, task))

        self._loop.call_soon_threadsafe(begin, context=contextvars.copy_context())
        try:
            return answer.wait()  # by this name a stack shows that the thread waits (src/host/pythonStacks.ts)
        except asyncio.CancelledError:
            raise run.stopped or asyncio.CancelledError() from None
        finally:
            run.stop_task = None

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        while True:
            # `sys.exit` in a task goes through the loop, and so does an interruption that came late.
            with contextlib.suppress(BaseException):
                self._loop.run_forever()

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        """Remembers whose each task is, those included that the user's code makes."""
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        phase = current_phase.get()
        if phase is not None:
            self._runs[task] = phase.run
        return task

    def _stop(self, run: Run, task: asyncio.Task[Any]) -> bool:
        turned = threading.Event()
        self._loop.call_soon_threadsafe(task.cancel)
        self._loop.call_soon_threadsafe(turned.set)
        if turned.wait(_TURN):
            return False
        current, thread = asyncio.current_task(self._loop), self._thread.ident
        if current is None or thread is None or self._runs.get(current) is not run:
            return False
        interrupt(thread, RunStopped)
        if asyncio.current_task(self._loop) is not current:
            interrupt(thread, None)  # it has just let go: the next one's turn is not to be ended
        return True


def _settle(answer: Answer, task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        answer.settle(error=asyncio.CancelledError())
        return
    error = task.exception()
    if error is None:
        answer.settle(task.result())
    else:
        answer.settle(error=error)


def needs_one_loop(loaded: LoadedProgram, workspace: str) -> bool:
    """Whether the program, or a file of the user's, holds what belongs to the event loop that first uses it."""
    files = [module for module in list(sys.modules.values()) if _is_users(module, workspace)]
    at_the_top = [value for each in files for name, value in vars(each).items() if not name.startswith('__')]
    return _holds_one([loaded.program], workspace) or _holds_one(at_the_top, workspace)


def _holds_one(values: list[Any], workspace: str) -> bool:
    """What is near comes first: rows and passages that a file holds are many."""
    waiting = deque(values)
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_SEARCHED:
        value = waiting.popleft()
        if id(value) in seen or issubclass(type(value), _LEAVES):  # a proxy's `__class__` would be asked
            continue
        seen.add(id(value))
        if _belongs_to_a_loop(type(value)):
            return True
        waiting += _within(value, workspace)
    return False


def _within(value: Any, workspace: str) -> list[Any]:
    """What an object holds; a class and a function hold something only where they are the user's."""
    if isinstance(value, type):
        own = [each for each in value.__mro__ if _is_users(sys.modules.get(each.__module__), workspace)]
        return [held for each in own for held in vars(each).values()]
    if isinstance(value, FunctionType):
        if not is_user_file(value.__code__.co_filename, workspace):
            return []
        return [*(value.__closure__ or ()), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    return gc.get_referents(value)


def _is_users(module: ModuleType | None, workspace: str) -> bool:
    file = getattr(module, '__file__', None)
    return isinstance(file, str) and is_user_file(file, workspace)


_LEAVES = (
    type(None),
    ModuleType,
    BuiltinFunctionType,
    CodeType,
    str,
    bytes,
    int,
    float,
    dspy.BaseLM,
    dspy.Example,
    threading.Thread,
)


def _belongs_to_a_loop(kind: type) -> bool:
    """asyncio's locks, semaphores, events and queues; `AsyncClient`, `AsyncOpenAI`, `AsyncLimiter`; `aiohttp`."""
    package = kind.__module__.partition('.')[0]
    if package == 'aiohttp' or (kind.__name__.startswith('Async') and package != 'dspy'):
        return not issubclass(kind, dspy.Module)
    return any(base.__name__ == '_LoopBoundMixin' for base in kind.__mro__)
