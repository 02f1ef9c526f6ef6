"""JSON lines over stdin and stdout."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import TextIO

Message = Mapping[str, object]


class Wire:
    """Sends messages, one JSON object a line; safe to use from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    @classmethod
    def claim_stdout(cls) -> Wire:
        """Takes stdout for messages and turns everything else that is printed, by C code too, to stderr."""
        stream = os.fdopen(os.dup(1), 'w', encoding='utf-8', newline='\n')
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(stream)

    def send(self, message: Message) -> None:
        """Writes one message. NaN is not JSON, so a message that holds one raises ValueError."""
        line = json.dumps(message, allow_nan=False, ensure_ascii=False)
        with self._lock:
            self._stream.write(line + '\n')
            self._stream.flush()
