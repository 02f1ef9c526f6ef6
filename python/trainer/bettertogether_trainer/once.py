"""`python -m bettertogether_trainer.once …`: one job from a file of text rows to an adapter, as a command.

Events are JSON lines on stdout, as BetterTogether's `command` back end reads them: `progress` after each optimizer
step, at the end `done` or `failed`. Ended by a signal, it leaves nothing under --out.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

from .wire import Wire


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='bettertogether_trainer.once', description='Trains one LoRA adapter on text rows.'
    )
    parser.add_argument('--model', required=True, help='a llama GGUF, a Hugging Face folder or a name on the hub')
    parser.add_argument('--rows', type=Path, required=True, help='JSONL, see text_rows.py')
    parser.add_argument('--out', type=Path, required=True, help='folder to make')
    parser.add_argument('--parent', type=Path, help='PEFT folder to go on from')
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--learning-rate', type=float, default=4e-4)
    parser.add_argument('--schedule', default='linear')
    parser.add_argument('--batch-size', type=int, default=4)
    parser.add_argument('--rank', type=int, default=32)
    parser.add_argument('--alpha', type=float, default=64)
    parser.add_argument('--targets', nargs='+', default=['all-linear'])
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--method', choices=('supervised', 'dpo', 'grpo'), default='supervised')
    parser.add_argument('--beta', type=float, help="dpo's, e.g. 0.1")
    parser.add_argument('--clip', type=float, nargs=2, metavar=('LOW', 'HIGH'), help="grpo's, e.g. 0.2 0.28")
    parser.add_argument('--threads', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    parser.add_argument('--dtype', choices=('auto', 'float32', 'bfloat16'), default='auto')
    return parser.parse_args()


def command(given: argparse.Namespace) -> dict[str, object]:
    """The arguments as a `train` command of the worker, which checks them."""
    targets = given.targets if given.targets != ['all-linear'] else 'all-linear'
    return {
        'type': 'train',
        'job': 'once',
        'rows': str(given.rows),
        'out': str(given.out),
        'parent': None if given.parent is None else str(given.parent),
        'epochs': given.epochs,
        'learning_rate': given.learning_rate,
        'schedule': given.schedule,
        'batch_size': given.batch_size,
        'rank': given.rank,
        'alpha': given.alpha,
        'targets': targets,
        'seed': given.seed,
        'method': given.method,
        **({} if given.beta is None else {'beta': given.beta}),
        **({} if given.clip is None else {'clip': given.clip}),
    }


def main() -> int:
    given = arguments()
    wire = Wire.claim_stdout()
    import torch

    from .device import choose_device, choose_dtype
    from .digest import adapter_digest
    from .errors import TrainerError
    from .job import parse_job
    from .save import PEFT_FOLDER
    from .source import load_source
    from .text_rows import TextRows
    from .train import Progress, train_rows

    def report(progress: Progress) -> None:
        wire.send({'type': 'progress', **progress.values()})

    try:
        torch.set_num_threads(given.threads)
        job = parse_job(command(given))
        device = choose_device(given.device)
        base, tokenizer = load_source(given.model, device, choose_dtype(given.dtype, device))
        rows = TextRows(tokenizer).read(job.rows, base.config.max_position_embeddings, job.objective.kind)
        result = train_rows(base, job, rows, report, lambda: False)
    except TrainerError as error:
        wire.send({'type': 'failed', 'error': str(error)})
        return 1
    except Exception as error:
        traceback.print_exc()
        wire.send({'type': 'failed', 'error': f'{type(error).__name__}: {error}'})
        return 1
    folder = job.out / PEFT_FOLDER
    wire.send(
        {
            'type': 'done',
            'adapter': str(folder),
            'sha256': adapter_digest(folder),
            'trained_tokens': result.trained_tokens,
            'loss': result.loss,
        }
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
