"""The host of one program: answers what the run process asks of it. Imported once DSPy is known to be there."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dspy

from . import kept, noticing, retrieval
from .compile_runs import CompileRun
from .compiling import Compiler
from .context import Run, carry_into_threads
from .datasets import keep_rows
from .engines import relay_lm
from .hooks import Predictors, install
from .import_guard import guard_imports
from .live import live_rows
from .loading import load
from .prompts import show_prompt
from .reads import Reads
from .relay import STATE, Relay
from .rows import render_rows
from .running import ExampleRunner
from .states import States
from .user_errors import RunStopped
from .wire import Wire
from .workers import interrupt

# Seconds that a cancelled run has to end by itself, and how often it is interrupted then.
_GRACE = 1.0
_INTERRUPTIONS = 10


class Host:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._states = States()
        self._runs: dict[Any, Run] = {}
        self._threads = threading.Lock()
        self._runner: ExampleRunner | None = None
        self._compiler: Compiler | None = None
        self._run_lm: Any = None
        self._predictors = Predictors([])
        self._reads: Reads | None = None

    def initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        """Loads the user's code, in the main thread, as if it had been started itself.

        Raises:
            LoadError: written for the user.
        """
        guard = guard_imports(os.path.realpath(params['workspace']), self._wire)
        self._reads = noticing.begin(lambda params: self._wire.send({'method': 'reads', 'params': params}))
        loaded = load(params)
        workspace = os.path.realpath(params['workspace'])
        keep_rows(live_rows, params.get('rows') or {}, workspace, params.get('notebooks') or ())
        guard.lift()
        relay = Relay(self._wire, params.get('model') or 'base', params['guided'] == 'auto', guard)
        run_lm = self._run_lm = relay_lm(relay, STATE)
        self._predictors = Predictors(loaded.predictors)
        install(self._predictors, relay, loaded.lms, run_lm)
        kept.install()
        retrieval.install()
        carry_into_threads()
        with suppress(RuntimeError):  # the program's file did so in another thread or task: then it is that one's
            dspy.configure()  # this thread's from now on, as in a script: no row changes what others run with
        low, high = params['metricRange']
        self._runner = ExampleRunner(loaded, workspace, (low, high), run_lm, self._predictors.name_of)
        self._compiler = Compiler(
            loaded, workspace, (low, high), relay_lm(relay, STATE, cache=loaded.lms.cached), guard, self._wire
        )
        self._reads.tell()
        return loaded.description

    def put_state(self, params: dict[str, Any]) -> None:
        self._states.put(params['hash'], params['state'])

    def begin(self, request_id: Any, params: dict[str, Any]) -> Run:
        """Takes a run on, in the order of messages: its state may be forgotten before its thread gets to it."""
        run = Run(params['run'], self._states.get(params['state']))
        self._runs[request_id] = run
        return run

    def run(self, request_id: Any, run: Run, params: dict[str, Any]) -> dict[str, Any]:
        """
        Raises:
            RunStopped: when it was cancelled.
        """
        runner = self._runner
        assert runner is not None
        return self._interruptible(request_id, run, lambda: runner.run(run, params))

    def load_teleprompter(self, params: dict[str, Any]) -> dict[str, Any]:
        """In the main thread.

        Raises:
            LoadError: written for the user.
        """
        assert self._compiler is not None and self._reads is not None
        described = self._compiler.load(params)
        self._reads.tell()
        return described

    def begin_compile(self, request_id: Any, params: dict[str, Any]) -> None:
        """Takes a compilation on, as `begin` does a run; the main thread gets to it."""
        self._runs[request_id] = CompileRun(params['run'], self._states.get(params['state']))

    def compile(self, request_id: Any, params: dict[str, Any]) -> dict[str, Any]:
        """In the main thread.

        Raises:
            LoadError, CompileError: written for the user.
            RunStopped: when it was cancelled or gets no more answers.
        """
        compiler, run = self._compiler, self._runs[request_id]
        assert compiler is not None and isinstance(run, CompileRun)
        return self._interruptible(request_id, run, lambda: compiler.compile(run, params))

    def _interruptible(self, request_id: Any, run: Run, body: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What a run gives, in this thread, which `cancel` interrupts; told before it is what was read for it."""
        assert self._reads is not None
        try:
            with self._threads:
                if run.stopped is not None:
                    raise run.stopped
                run.thread_id = threading.get_ident()
            given = body()
        finally:
            self._end(request_id, run)
        self._reads.tell()
        return given

    def cancel(self, request_id: Any) -> None:
        run = self._runs.get(request_id)
        if run is None:
            return
        run.stop('The program run was cancelled.')
        self._interrupt_later(run, _INTERRUPTIONS)

    def render_rows(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        return render_rows(self._predictors.by_name, params['rows'])

    def render_prompt(self, params: dict[str, Any]) -> dict[str, Any]:
        return show_prompt(self._predictors.by_name, params, self._run_lm)

    def _end(self, request_id: Any, run: Run) -> None:
        self._runs.pop(request_id, None)
        with self._threads:
            thread_id, run.thread_id, run.over = run.thread_id, None, True
            if thread_id is not None:
                interrupt(thread_id, None)

    def _interrupt_later(self, run: Run, times: int) -> None:
        timer = threading.Timer(_GRACE, self._interrupt, (run, times))
        timer.daemon = True
        timer.start()

    def _interrupt(self, run: Run, times: int) -> None:
        """User code that does not end: an endless loop may catch what is thrown into it, but hardly ten times."""
        with self._threads:
            if run.thread_id is None:
                return
            stop_task = run.stop_task
            if stop_task is None:
                interrupt(run.thread_id, RunStopped)
        if stop_task is not None and stop_task() and times == 1:
            # The others would wait for it for ever. The run process starts another host, and them again.
            sys.stderr.write('A program run keeps the event loop that all runs share: this process ends.\n')
            os._exit(1)
        if times > 1:
            self._interrupt_later(run, times - 1)
