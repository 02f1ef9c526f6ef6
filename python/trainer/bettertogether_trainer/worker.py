"""The kept-alive process: takes commands, trains one job after another, reports."""

from __future__ import annotations

import json
import platform
import queue
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from importlib.metadata import version
from typing import TextIO

from .convert import convert_adapter
from .errors import JobCancelled, TrainerError
from .job import Conversion, Job, parse_conversion, parse_job
from .model import BaseModel
from .train import Progress, train
from .wire import Wire

_PACKAGES = ('torch', 'transformers', 'peft', 'gguf', 'numpy')


def versions() -> dict[str, str]:
    return {'python': platform.python_version(), **{package: version(package) for package in _PACKAGES}}


class Worker:
    """`read_commands` runs in a thread of its own, so that a cancel is seen between two steps of a job."""

    def __init__(self, wire: Wire, base: Future[BaseModel]) -> None:
        self._wire = wire
        self._base = base
        self._jobs: queue.Queue[Job | Conversion | None] = queue.Queue()
        self._stops: dict[str, threading.Event] = {}
        self._closing = threading.Event()

    def read_commands(self, stream: TextIO) -> None:
        """Takes commands until the stream ends. Then stops what is running: no one is left to hear of it."""
        try:
            for line in stream:
                if line.strip():
                    self._take(line)
        finally:
            self._closing.set()
            self._jobs.put(None)

    def work(self) -> None:
        """Runs the queued jobs until the commands end."""
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            self._run(job)

    def _take(self, line: str) -> None:
        command: object = None
        try:
            command = json.loads(line)
            if not isinstance(command, dict):
                raise TrainerError('expected a JSON object')
            kind = command.get('type')
            if kind == 'train':
                self._queue(parse_job(command))
            elif kind == 'convert':
                self._queue(parse_conversion(command))
            elif kind == 'cancel':
                self._cancel(command.get('job'))
            else:
                raise TrainerError(f'type: expected train, convert or cancel, got {kind!r}')
        except (TrainerError, ValueError, RecursionError) as error:
            job = command.get('job') if isinstance(command, dict) else None
            known = job if isinstance(job, str) else None
            self._wire.send({'type': 'failed', 'job': known, 'error': f'bad command: {error}: {_short(line)}'})

    def _queue(self, job: Job | Conversion) -> None:
        if job.id in self._stops:
            raise TrainerError(f'job: {job.id!r} is already queued or running')
        self._stops[job.id] = threading.Event()
        self._jobs.put(job)

    def _cancel(self, job: object) -> None:
        if not isinstance(job, str):
            raise TrainerError(f'job: expected the id of a job, got {job!r}')
        # A job that ended while the cancel was on its way has said how; there is nothing to add.
        if stop := self._stops.get(job):
            stop.set()

    def _run(self, job: Job | Conversion) -> None:
        stop = self._stops[job.id]

        def stopped() -> bool:
            return stop.is_set() or self._closing.is_set()

        try:
            outcome = self._do(job, stopped)
        except JobCancelled:
            outcome = {'type': 'cancelled'}
        except TrainerError as error:
            outcome = {'type': 'failed', 'error': str(error)}
        except Exception as error:  # out of memory, or a defect of ours: the stack goes to the log, the worker lives on
            traceback.print_exc()
            outcome = {'type': 'failed', 'error': f'{type(error).__name__}: {error}'}
        del self._stops[job.id]
        self._wire.send({**outcome, 'job': job.id})

    def _do(self, job: Job | Conversion, stopped: Callable[[], bool]) -> dict[str, object]:
        base = self._loaded(stopped)
        if isinstance(job, Conversion):
            config = convert_adapter(base, job.peft, job.out)
            targets = sorted({str(name).split('.')[-1] for name in config.target_modules or ()})
            shape = {'rank': config.r, 'alpha': config.lora_alpha, 'targets': targets}
            return {'type': 'done', 'trained_tokens': 0, 'seconds': 0, 'loss': None, **shape}
        result = train(base, job, lambda progress: self._report(job, progress), stopped)
        return {
            'type': 'done',
            'trained_tokens': result.trained_tokens,
            'seconds': round(result.seconds, 3),
            'loss': result.loss,
        }

    def _loaded(self, stopped: Callable[[], bool]) -> BaseModel:
        """The base model, as soon as the thread that reads it is done."""
        while not stopped():
            try:
                return self._base.result(timeout=0.1)
            except NotYet:
                if self._base.done():
                    raise
        raise JobCancelled

    def _report(self, job: Job, progress: Progress) -> None:
        self._wire.send({'type': 'progress', 'job': job.id, **progress.values()})


def in_background(load: Callable[[], BaseModel]) -> Future[BaseModel]:
    """Runs `load` in a daemon thread, so that a process that is no longer needed does not wait for it."""
    future: Future[BaseModel] = Future()

    def run() -> None:
        try:
            future.set_result(load())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name='load model', daemon=True).start()
    return future


def serve(worker: Worker, commands: TextIO) -> None:
    """Works until `commands` ends."""
    threading.Thread(target=worker.read_commands, args=(commands,), name='read commands', daemon=True).start()
    worker.work()


def _short(line: str) -> str:
    line = line.strip()
    return line if len(line) <= 200 else line[:200] + '…'
