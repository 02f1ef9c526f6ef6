"""Framing: what was cut anywhere comes together again, and any text survives."""

from __future__ import annotations

import os
import threading

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
