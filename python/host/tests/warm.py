"""Hosts that are forked from a process that has imported DSPy: the import is most of what a short test takes.

`python warm.py SOCKET` is that process. A connection to it brings a host's stdin, stdout and stderr and its
environment, and gets the host's process id, then its exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

LAUNCH = Path(__file__).parent.parent / 'launch.py'
_LISTENING = 'listening'


class WarmProcess:
    """As much of `subprocess.Popen` as the harness uses, of a host with pipes."""

    def __init__(self) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(_warm_process())
        (child_in, stdin), (stdout, child_out), (stderr, child_err) = os.pipe(), os.pipe(), os.pipe()
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(stdin, 'wb', 0),
            os.fdopen(stdout, 'rb', 0),
            os.fdopen(stderr, 'rb', 0),
        )
        environment = json.dumps(dict(os.environ)).encode()
        socket.send_fds(self._connection, [len(environment).to_bytes(4, 'big')], [child_in, child_out, child_err])
        self._connection.sendall(environment)
        for fd in (child_in, child_out, child_err):
            os.close(fd)
        self._answers = self._connection.makefile('r')
        self.pid = int(self._answers.readline())
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._connection.settimeout(timeout)
            self._code = int(self._answers.readline())
        return self._code

    def kill(self) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


_address: str | None = None


def _warm_process() -> str:
    """Started by the first test that wants it; ends with the tests."""
    global _address
    if _address is None:
        folder = tempfile.mkdtemp(prefix='bettertogether-warm-')
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _address = str(Path(folder) / 'socket')
        process = subprocess.Popen([sys.executable, __file__, _address], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == _LISTENING
        atexit.register(process.kill)
    return _address


def _serve(address: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    # As `launch.py` begins, and as its first request goes on.
    sys.path[:] = [path for path in sys.path if path != str(Path(__file__).parent)]
    sys.path.insert(0, str(LAUNCH.parent))
    os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'
    import bettertogether_host.host  # noqa: F401

    sys.path.pop(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(_LISTENING, flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _watch(connection)
        connection.close()


def _watch(connection: socket.socket) -> None:
    length, fds, _, _ = socket.recv_fds(connection, 4, 3)
    environment = json.loads(connection.makefile('rb').read(int.from_bytes(length, 'big')))
    pid = os.fork()
    if pid == 0:
        connection.close()
        _be_host(fds, environment)
    for fd in fds:
        os.close(fd)
    connection.sendall(f'{pid}\n'.encode())
    _, status = os.waitpid(pid, 0)
    connection.sendall(f'{os.waitstatus_to_exitcode(status)}\n'.encode())
    os._exit(0)


def _be_host(fds: list[int], environment: dict[str, str]) -> None:
    for target, fd in enumerate(fds):
        os.dup2(fd, target)
        os.close(fd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(LAUNCH)]
    try:
        runpy.run_path(str(LAUNCH), run_name='__main__')
    finally:
        os._exit(1)


if __name__ == '__main__':
    _serve(sys.argv[1])
