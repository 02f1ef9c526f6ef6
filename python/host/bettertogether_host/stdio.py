"""Takes stdin and stdout for the protocol, before anybody else can use them."""

from __future__ import annotations

import os
import sys


def claim_stdio() -> tuple[int, int]:
    """Moves the protocol's pipes to descriptors of their own, which no child process inherits.

    What user code or a C library writes to stdout goes to stderr from then on, and stdin is empty for it.

    Returns:
        The descriptors to read requests from and to write answers to.
    """
    read_fd, write_fd = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding='utf-8', closefd=False)
    for name in ('stdout', 'stderr'):
        fd = 1 if name == 'stdout' else 2
        stream = open(fd, 'w', buffering=1, encoding='utf-8', errors='backslashreplace', closefd=False)
        setattr(sys, name, stream)
    return read_fd, write_fd
