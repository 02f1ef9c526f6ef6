"""The worker as a real process."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

PACKAGE = Path(__file__).parent.parent
END = {'type': 'end of stdout'}


class Process:
    """Talks to `python -m bettertogether_trainer`; waits at most two minutes for any one message."""

    def __init__(self, model: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'bettertogether_trainer', '--model', str(model), '--threads', '1', *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONPATH': str(PACKAGE)},
        )
        self._messages: queue.Queue[dict[str, object]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._messages.put(json.loads(line))
        self._messages.put(END)

    def send(self, message: object) -> None:
        self.write(json.dumps(message) + '\n')

    def write(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def close(self) -> int:
        """Ends stdin and returns the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=30)

    def next(self, *kinds: str) -> dict[str, object]:
        """The next message of one of these kinds; others before it are passed over."""
        while True:
            message = self._messages.get(timeout=120)
            if message['type'] in kinds:
                return message
            assert message is not END, f'the worker ended while {kinds} was expected'
