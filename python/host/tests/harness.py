"""The run process's side of the protocol, in Python: starts the host and answers its LM calls by a function."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bettertogether_host.wire import Answer, Wire
from bettertogether_host.wire import RemoteError as RemoteError

from .warm import LAUNCH, WarmProcess

# Answers a call; raises Refused for one that is not answered.
Lm = Callable[[dict[str, Any]], str]


class Refused(Exception):
    """An LM call that the run process does not answer; `kind` is `rejected` or `stop`."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def chat(**fields: str) -> str:
    blocks = [f'[[ ## {name} ## ]]\n{value}' for name, value in fields.items()]
    return '\n\n'.join([*blocks, '[[ ## completed ## ]]'])


def last_turn(call: dict[str, Any]) -> str:
    return call['prompt']['messages'][-1]['content']


def input_of(call: dict[str, Any], field: str) -> str:
    found = re.search(rf'\[\[ ## {field} ## \]\]\n(.*?)\n\n', last_turn(call), re.DOTALL)
    return '' if found is None else found.group(1)


def asked_fields(call: dict[str, Any]) -> list[str]:
    return re.findall(r'`\[\[ ## (\w+) ## \]\]`', last_turn(call).rsplit('Respond with', 1)[-1])[:-1]


def fills_in(value: Callable[[str, str], str]) -> Lm:
    """Answers every field that is asked for by `value(field, question)`."""
    return lambda call: chat(**{name: value(name, input_of(call, 'question')) for name in asked_fields(call)})


class HostProcess:
    def __init__(self, lm: Lm, *, cold: bool = False) -> None:
        """`cold`: in a new Python, for what depends on when DSPy is imported, and from where."""
        self.lm = lm
        self.calls: list[dict[str, Any]] = []
        self.printed = ''
        self.reads: list[dict[str, Any]] = []
        self.ending = ''
        # What a compilation reported: method behind `teleprompter/`, and params.
        self.reported: list[tuple[str, dict[str, Any]]] = []
        self._process = _new_process() if cold else WarmProcess()
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._wire = Wire(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._runs = itertools.count(1)
        self._readers = [threading.Thread(target=each, daemon=True) for each in (self._read, self._read_errors)]
        for thread in self._readers:
            thread.start()

    def initialize(
        self, workspace: Path, program: str, metric: str = 'exactMatch:answer', **more: Any
    ) -> dict[str, Any]:
        return self.begin_initialize(workspace, program, metric, **more).wait()

    def begin_initialize(
        self, workspace: Path, program: str, metric: str = 'exactMatch:answer', **more: Any
    ) -> Answer:
        params = {
            'protocol': 2,
            'workspace': str(workspace),
            'program': program,
            'metric': metric,
            'adapter': 'chat',
            'guided': 'auto',
            'frozen': [],
            'metricRange': [0, 1],
            'model': 'base',
            **more,
        }
        return self._wire.request('initialize', params)

    def put_start(self, description: dict[str, Any]) -> None:
        self.put('start', start_state(description))

    def put(self, name: str, state: dict[str, Any]) -> None:
        self._wire.send({'method': 'state/put', 'params': {'hash': name, 'state': state}})

    def start(self, inputs: dict[str, Any], state: str = 'start', **more: Any) -> Any:
        labels = more.pop('labels', {})
        params = {
            'run': next(self._runs),
            'state': state,
            'example': 0,
            'inputs': inputs,
            'fields': {**inputs, **labels},
            'collecting': False,
            **more,
        }
        return self._wire.request('run', params)

    def run(self, inputs: dict[str, Any], state: str = 'start', **more: Any) -> dict[str, Any]:
        return self.start(inputs, state, **more).wait()

    def rows(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._wire.request('rows/render', {'rows': rows}).wait()

    def prompt(self, predictor: str, state: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
        params = {'predictor': predictor, 'state': state, 'inputs': inputs}
        return self._wire.request('prompt/render', params).wait()

    def datasets(self, workspace: Path, specs: list[str]) -> list[list[dict[str, Any]]]:
        return self.begin_datasets(workspace, specs).wait()

    def begin_datasets(self, workspace: Path, specs: list[str]) -> Answer:
        return self._wire.request('dataset/read', {'workspace': str(workspace), 'datasets': specs})

    def load_teleprompter(self, optimizer: str, *arguments: dict[str, Any]) -> dict[str, Any]:
        return self.begin_load_teleprompter(optimizer, *arguments).wait()

    def begin_load_teleprompter(self, optimizer: str, *arguments: dict[str, Any]) -> Answer:
        params = {'optimizer': optimizer, 'arguments': list(arguments)}
        return self._wire.request('teleprompter/load', params)

    def begin_compile(self, optimizer: str, train: list[dict[str, Any]], state: str = 'start', **more: Any) -> Answer:
        """`train`, `validation`: rows with fields; `inputs`: the names of the inputs."""
        inputs = more.pop('inputs', ['question'])
        numbers = itertools.count()

        def rows(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                {'row': next(numbers), 'inputs': {name: each[name] for name in inputs}, 'fields': each}
                for each in given
            ]

        params = {
            'run': next(self._runs),
            'optimizer': optimizer,
            'state': state,
            'train': rows(train),
            'validation': rows(more.pop('validation', [])),
            'arguments': {},
            'seed': 0,
            'threads': 2,
            **more,
        }
        return self._wire.request('teleprompter/compile', params)

    def compile(self, optimizer: str, train: list[dict[str, Any]], state: str = 'start', **more: Any) -> Any:
        return self.begin_compile(optimizer, train, state, **more).wait()

    def ping(self) -> Any:
        return self._wire.request('ping', {}).wait()

    def cancel(self, request_id: int) -> None:
        self._wire.send({'method': '$/cancelRequest', 'params': {'id': request_id}})

    def shutdown(self) -> int:
        self._wire.send({'method': 'shutdown', 'params': {}})
        return self._process.wait(10)

    def wait(self) -> int:
        """For a process that ends by itself: its exit code, once all that it said was read."""
        for thread in self._readers:
            thread.join(60)
        return self._process.wait(10)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        for message in self._wire.messages():
            if message.get('method') == 'lm/complete':
                threading.Thread(target=self._complete, args=(message,), daemon=True).start()
            elif message.get('method') == 'reads':
                self.reads.append(message['params'])
            elif str(message.get('method')).startswith('teleprompter/'):
                self.reported.append((message['method'].partition('/')[2], message['params']))
            elif message.get('method') == 'ending':
                self.ending = message['params']['reason']
            else:
                self._wire.settle(message)
        # A test that waits for a host that is gone fails, and does not wait for ever.
        for number in tuple(self._wire._pending):
            self._wire.settle({'id': number, 'error': {'message': f'the host has ended: {self.printed}'}})

    def _complete(self, message: dict[str, Any]) -> None:
        params = message['params']
        self.calls.append(params)
        call = params['call']
        try:
            text = self.lm(call)
        except Refused as error:
            data = {'kind': error.kind}
            self._wire.send({'id': message['id'], 'error': {'code': -32000, 'message': str(error), 'data': data}})
            return
        usage = {'inputTokens': 7, 'cachedInputTokens': 0, 'outputTokens': 3}
        answer = {'text': text, 'finishReason': 'stop', 'usage': usage, 'key': 'k', 'model': call['model']}
        self._wire.send({'id': message['id'], 'result': {**answer, 'cached': False, 'seconds': 0}})

    def _read_errors(self) -> None:
        assert self._process.stderr
        fd = self._process.stderr.fileno()
        while piece := os.read(fd, 65_536):
            self.printed += piece.decode('utf-8', 'replace')


def _new_process() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, str(LAUNCH)], stdin=pipe, stdout=pipe, stderr=pipe)


def start_state(description: dict[str, Any], model: str = 'base') -> dict[str, Any]:
    return {
        'predictors': {
            each['name']: {
                'instructions': each['signature']['instructions'],
                'demos': each['demos'],
                'model': model,
            }
            for each in description['predictors']
        }
    }
