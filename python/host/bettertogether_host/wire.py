"""JSON-RPC 2.0 with Content-Length framing, as vscode-jsonrpc speaks it: requests both ways, over two pipes."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .forks import LM_CALLED, is_forked, to_nowhere

try:  # DSPy 3.1 and newer bring it; several times faster than the standard library's.
    import orjson
except ImportError:
    orjson = None

Message = dict[str, Any]


class RemoteError(Exception):
    """The run process answered a request with an error; `data` says of what kind."""

    def __init__(self, message: str, data: Any) -> None:
        super().__init__(message)
        self.data = data


class Answer:
    """A request on its way. Settled once; `wait` blocks its thread, `then` is for event loops."""

    def __init__(self) -> None:
        self._done = threading.Lock()
        self._done.acquire()
        self._guard = threading.Lock()
        self._settled = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._listener: Callable[[], None] | None = None

    def settle(self, result: Any = None, error: BaseException | None = None) -> None:
        with self._guard:
            if self._settled:
                return
            self._settled, self._result, self._error = True, result, error
            listener = self._listener
        self._done.release()
        if listener is not None:
            listener()

    def then(self, listener: Callable[[], None]) -> None:
        """Calls `listener` once the answer is there, from whichever thread brings it."""
        with self._guard:
            if not self._settled:
                self._listener = listener
                return
        listener()

    def wait(self) -> Any:
        """The result. The name of this method in a stack shows that its thread waits for an LM (pythonStacks.ts)."""
        self._done.acquire()
        return self.result()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


def encode(message: Message) -> bytes:
    if orjson is not None:
        try:
            return orjson.dumps(message)
        except (TypeError, ValueError):  # halves of surrogate pairs, integers beyond 64 bits
            pass
    return json.dumps(message, allow_nan=False).encode('ascii')


def decode(body: bytes) -> Message:
    if orjson is not None:
        try:
            return orjson.loads(body)
        except ValueError:  # halves of surrogate pairs
            pass
    return json.loads(body)


class Wire:
    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._writing = threading.Lock()
        self._ids = itertools.count(1)
        self._pending: dict[int, Answer] = {}

    def cut_off(self) -> None:
        """In a forked process: the pipes, and the answers that come by them, are the host's."""
        self._writing = threading.Lock()  # another thread may have held it
        to_nowhere(self._read_fd)
        to_nowhere(self._write_fd)

    def send(self, message: Message) -> None:
        body = encode({'jsonrpc': '2.0', **message})
        frame = memoryview(b'Content-Length: %d\r\n\r\n' % len(body) + body)
        with self._writing:
            while frame:
                frame = frame[os.write(self._write_fd, frame) :]

    def request(self, method: str, params: Message) -> Answer:
        if is_forked():
            raise RuntimeError(LM_CALLED)
        answer = Answer()
        number = next(self._ids)
        self._pending[number] = answer
        self.send({'id': number, 'method': method, 'params': params})
        return answer

    def settle(self, message: Message) -> None:
        """Takes a response to one of our requests."""
        answer = self._pending.pop(message.get('id'), None)
        if answer is None:
            return
        error = message.get('error')
        if error is None:
            answer.settle(message.get('result'))
        else:
            answer.settle(error=RemoteError(error.get('message', ''), error.get('data')))

    def messages(self) -> Iterator[Message]:
        """Messages as they come, until the other side is gone."""
        buffer = bytearray()
        while True:
            head = buffer.find(b'\r\n\r\n')
            if head >= 0:
                start, length = head + 4, _content_length(bytes(buffer[:head]))
                while len(buffer) < start + length:
                    if not self._fill(buffer, start + length - len(buffer)):
                        return
                body = bytes(buffer[start : start + length])
                del buffer[: start + length]
                yield decode(body)
            elif not self._fill(buffer, 1):
                return

    def _fill(self, buffer: bytearray, wanted: int) -> bool:
        piece = os.read(self._read_fd, max(65_536, wanted))
        buffer += piece
        return len(piece) > 0


def _content_length(head: bytes) -> int:
    for line in head.split(b'\r\n'):
        name, _, value = line.partition(b':')
        if name.strip().lower() == b'content-length':
            return int(value)
    raise ValueError('a message without Content-Length')
