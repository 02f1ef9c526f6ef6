"""The process: reads messages, loads user code in the main thread, runs examples in threads of their own."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import forks
from .installed_dspy import require_dspy
from .user_errors import CompileError, LoadError, PromptError, told_place
from .wire import Message, Wire
from .workers import Workers, named

if TYPE_CHECKING:
    from .host import Host

_METHOD_NOT_FOUND = -32601
_FAILED = -32000


def serve(read_fd: int, write_fd: int, watch_fd: int | None) -> None:
    """Answers the run process until it goes away. Does not return."""
    _die_with_parent()
    _answer_when_stuck(watch_fd)
    # Ctrl-C in a terminal reaches the whole process group; the run process decides when the host ends.
    signal.signal(signal.SIGINT, lambda *_: None)
    # Otherwise LiteLLM downloads its price list when it is imported.
    os.environ.setdefault('LITELLM_LOCAL_MODEL_COST_MAP', 'True')
    wire = Wire(read_fd, write_fd)
    forks.cut_off(lambda: _cut_off(wire, watch_fd))
    server = _Server(wire)
    threading.Thread(target=server.read, daemon=True, name='bettertogether-reader').start()
    server.load()


def _cut_off(wire: Wire, watch_fd: int | None) -> None:
    wire.cut_off()
    if watch_fd is not None:
        forks.to_nowhere(watch_fd)
    context = sys.modules.get(f'{__package__}.context')  # it imports DSPy, which is not there yet, or not at all
    phase = None if context is None else context.current_phase.get()
    if phase is not None:
        phase.run.cut_off()


def _die_with_parent() -> None:
    """Not even a loop in C code outlives the run process. Elsewhere than on Linux, the end of stdin has to do."""
    if sys.platform == 'linux':
        with contextlib.suppress(OSError, AttributeError):
            pr_set_pdeathsig = 1
            ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _answer_when_stuck(watch_fd: int | None) -> None:
    """On SIGUSR1 every thread's stack is written to `watch_fd`, from C: even while C code keeps Python waiting."""
    if watch_fd is not None and hasattr(faulthandler, 'register'):
        os.set_inheritable(watch_fd, False)
        faulthandler.register(signal.SIGUSR1, file=watch_fd, all_threads=True)


class _Server:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._workers = Workers()
        self._loading: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._host: Host | None = None

    def read(self) -> None:
        """Never runs user code, so that pings are answered while user code works or waits."""
        try:
            for message in self._wire.messages():
                self._take(message)
        except Exception:
            traceback.print_exc()
        _exit()

    def load(self) -> None:
        """The main thread's: `dspy.configure` and many libraries want the thread that imported them."""
        while True:
            message = self._loading.get()
            self._answer(message, lambda message=message: self._loaded(message))

    def _loaded(self, message: Message) -> Any:
        method, params = message['method'], message['params']
        if method == 'initialize':
            return self._initialize(params)
        if method == 'dataset/read':
            return self._read_datasets(params)
        if method == 'notebook/gather':
            from .gathered_notebooks import show_notebooks

            return show_notebooks(params)
        assert self._host is not None
        if method == 'teleprompter/load':
            return self._host.load_teleprompter(params)
        return self._host.compile(message['id'], params)

    def _initialize(self, params: dict[str, Any]) -> Any:
        require_dspy(params['workspace'])
        from .host import Host

        host = Host(self._wire)
        description = host.initialize(params)
        self._host = host
        return description

    def _read_datasets(self, params: dict[str, Any]) -> Any:
        require_dspy(params['workspace'])
        from .datasets import read_datasets
        from .import_guard import guard_imports

        guard_imports(os.path.realpath(params['workspace']), self._wire)
        return read_datasets(params)

    def _take(self, message: Message) -> None:
        method, host = message.get('method'), self._host
        if method is None:
            self._wire.settle(message)
        elif method == 'ping':
            self._wire.send({'id': message['id'], 'result': {'cpuSeconds': time.process_time()}})
        elif method in ('initialize', 'dataset/read', 'notebook/gather'):
            self._loading.put(message)
        elif method == 'shutdown':
            _exit()
        elif host is not None:
            self._ask_host(host, method, message)
        elif 'id' in message:
            self._refuse(message, _FAILED, 'The host was asked before it was initialized.')

    def _ask_host(self, host: Host, method: str, message: Message) -> None:
        params, request_id = message.get('params') or {}, message.get('id')
        if method == 'run':
            self._start(host, message)
        elif method == 'teleprompter/load':
            self._loading.put(message)
        elif method == 'teleprompter/compile':
            self._compile(host, message)
        elif method == 'state/put':
            host.put_state(params)
        elif method == '$/cancelRequest':
            host.cancel(params.get('id'))
        elif method == 'rows/render':
            self._workers.submit(lambda: self._answer(message, lambda: host.render_rows(params)))
        elif method == 'prompt/render':
            self._workers.submit(lambda: self._answer(message, lambda: host.render_prompt(params)))
        elif request_id is not None:
            self._refuse(message, _METHOD_NOT_FOUND, f'The host knows no method {method}.')

    def _start(self, host: Host, message: Message) -> None:
        params, request_id = message['params'], message['id']
        try:
            run = host.begin(request_id, params)
        except KeyError as error:
            self._refuse(message, _FAILED, f'Run {params["run"]} names a state that was not put: {error}')
            return

        def body() -> Any:
            thread = threading.get_native_id()
            return named(lambda: host.run(request_id, run, params), f'run_{params["run"]}_{thread}')()

        self._workers.submit(lambda: self._answer(message, body))

    def _compile(self, host: Host, message: Message) -> None:
        params = message['params']
        try:
            host.begin_compile(message['id'], params)
        except KeyError as error:
            self._refuse(message, _FAILED, f'The compilation names a state that was not put: {error}')
            return
        self._loading.put(message)

    def _answer(self, message: Message, body: Callable[[], Any]) -> None:
        """A request gets an answer, whatever happens."""
        try:
            result = body()
        except LoadError as error:
            forks.leave(error.__cause__ or error)
            self._refuse(message, _FAILED, str(error), {'kind': 'load', **told_place(error)})
        except CompileError as error:
            forks.leave(error.__cause__ or error)
            self._refuse(message, _FAILED, str(error), {'kind': 'program', **told_place(error), 'stack': error.stack})
        except PromptError as error:
            forks.leave(error)
            self._refuse(message, _FAILED, str(error), {'kind': 'program'})
        except BaseException as error:
            forks.leave(error)
            stack = ''.join(traceback.format_exception(error))
            self._refuse(message, _FAILED, str(error) or type(error).__name__, {'kind': 'internal', 'stack': stack})
        else:
            forks.leave(None)
            self._wire.send({'id': message['id'], 'result': result})

    def _refuse(self, message: Message, code: int, text: str, data: dict[str, Any] | None = None) -> None:
        error = {'code': code, 'message': text, 'data': data or {'kind': 'internal'}}
        self._wire.send({'id': message['id'], 'error': error})


def _exit() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(0)
