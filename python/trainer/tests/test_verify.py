from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.rows import Row
from bettertogether_trainer.train import train

from .harness import PACKAGE


def verify(model: Path, requests: list[dict[str, object]], file: Path, *options: str) -> list[dict[str, object]]:
    """Runs the command and returns its lines."""
    file.write_text(''.join(json.dumps(request) + '\n' for request in requests))
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'bettertogether_trainer.verify',
            '--model',
            str(model),
            '--prompts',
            str(file),
            *options,
        ],
        env={**os.environ, 'PYTHONPATH': str(PACKAGE)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_greedy_and_forced(
    base: BaseModel, gguf_file: Path, make_job: Callable[..., Job], rows: list[Row], tmp_path: Path
) -> None:
    job = make_job(epochs=40)
    train(base, job, lambda _: None, lambda: False)
    adapter = ('--adapter', str(job.out / 'peft'))
    ask = [{'prompt': row.prompt, 'max_tokens': 8} for row in rows]
    answers = [{'tokens': list(row.completion[:-1])} for row in rows]
    assert verify(gguf_file, ask, tmp_path / 'ask.jsonl', *adapter) == answers
    assert verify(gguf_file, ask, tmp_path / 'ask.jsonl') != answers

    given = [{'prompt': row.prompt, 'completion': row.completion} for row in rows]
    given[0]['completion'] = (50, *rows[0].completion[1:])
    *lines, total = verify(gguf_file, given, tmp_path / 'given.jsonl', '--forced', *adapter)
    assert lines[1] == {'agree': 3, 'total': 3}
    assert lines[0]['agree'] < 3  # type: ignore[operator]
    assert total['total'] == sum(len(row.completion) for row in rows)
    assert total['agree'] == sum(line['agree'] for line in lines)  # type: ignore[misc]
    assert total['agreement'] == total['agree'] / total['total']  # type: ignore[operator]
