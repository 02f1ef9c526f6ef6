"""Framing: what was cut anywhere comes together again, and any text survives."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bettertogether_host import main
from bettertogether_host.user_errors import LoadError
from bettertogether_host.wire import Wire


def test_messages_cut_anywhere() -> None:
    read_fd, write_fd = os.pipe()
    texts = ['', 'ä\r\n\r\nContent-Length: 3', '\ud800 half', 'x' * 300_000]
    frames_fd, frames = os.pipe()
    sender = Wire(read_fd, frames)
    threading.Thread(target=lambda: [*[sender.send({'text': text}) for text in texts], os.close(frames)]).start()
    data = b''
    while piece := os.read(frames_fd, 65_536):
        data += piece

    def trickle() -> None:
        for at in range(0, 400):
            os.write(write_fd, data[at : at + 1])
        os.write(write_fd, data[400:])
        os.close(write_fd)

    threading.Thread(target=trickle).start()
    assert [message['text'] for message in Wire(read_fd, frames).messages()] == texts


def test_an_old_dspy_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import dspy

    monkeypatch.setattr(dspy, '__version__', '2.6.27')
    with pytest.raises(LoadError, match=r"2\.6\.27 .* too old.*-m pip install 'dspy>=3\.0,<4'"):
        main.require_dspy(str(tmp_path))


def test_a_missing_dspy_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__('sys').modules, 'dspy', None)
    with pytest.raises(LoadError, match=r"-m pip install 'dspy>=3\.0,<4'"):
        main.require_dspy(str(tmp_path))
