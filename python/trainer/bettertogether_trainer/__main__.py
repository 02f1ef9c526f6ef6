"""`python -m bettertogether_trainer --model FILE.gguf --threads N`: the worker on stdin and stdout."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import warnings
from pathlib import Path

from .wire import Wire


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='bettertogether_trainer',
        description='Trains LoRA adapters on a GGUF base. Commands: JSON lines on stdin.',
    )
    parser.add_argument('--model', type=Path, required=True, help='the base model, a llama GGUF')
    parser.add_argument('--name', help="the base model's name as adapters record it (default: the file's name)")
    parser.add_argument('--threads', type=int, default=os.cpu_count() or 1, help='CPU threads (default: all)')
    parser.add_argument('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    parser.add_argument('--dtype', choices=('auto', 'float32', 'bfloat16'), default='auto')
    given = parser.parse_args()
    if not given.model.is_file():
        parser.error(f'--model: there is no file {given.model}')
    if given.threads < 1:
        parser.error(f'--threads: expected at least 1, got {given.threads}')
    return given


def main() -> None:
    given = arguments()
    wire = Wire.claim_stdout()  # before anything is imported that might print
    if not sys.stdin.isatty():
        # Ctrl-C reaches the whole process group. The server decides what becomes of the job, and ends us by EOF.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    warnings.simplefilter('ignore', FutureWarning)  # between PEFT and transformers; nothing a user could do

    import torch

    from .device import choose_device, choose_dtype
    from .errors import TrainerError

    torch.set_num_threads(given.threads)
    try:
        device = choose_device(given.device)
    except TrainerError as error:
        sys.exit(str(error))
    dtype = choose_dtype(given.dtype, device)

    from .model import load_base
    from .worker import Worker, in_background, serve, versions

    name = given.name or given.model.stem
    base = in_background(lambda: load_base(given.model, name, device, dtype))
    wire.send(
        {
            'type': 'ready',
            'device': str(device),
            'dtype': str(dtype).removeprefix('torch.'),
            'threads': given.threads,
            'model': name,
            'versions': versions(),
        }
    )
    serve(Worker(wire, base), io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', errors='replace'))


if __name__ == '__main__':
    with contextlib.suppress(BrokenPipeError):  # the server is gone
        main()
    # At once: a model that is still being read in a daemon thread must not be torn down under torch's feet.
    sys.stderr.flush()
    os._exit(0)
