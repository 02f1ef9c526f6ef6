from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import command, write_rows
from .harness import END, PACKAGE, Process


@pytest.fixture(scope='module')
def worker(tmp_path_factory: pytest.TempPathFactory, gguf_file: Path) -> Iterator[Process]:
    """One process for all tests here: it must live through whatever they send."""
    with Process(gguf_file) as process:
        ready = process.next('ready')
        assert ready['device'] == 'cpu' or str(ready['device']).startswith('cuda')
        assert ready['model'] == 'tiny'
        assert {'python', 'torch', 'transformers', 'peft', 'gguf', 'numpy'} == set(ready['versions'])  # type: ignore[call-overload]
        yield process


def asked(rows_file: Path, tmp_path: Path, **changes: object) -> dict[str, object]:
    return command(**{'rows': str(rows_file), 'out': str(tmp_path / 'out'), **changes})


def test_a_job_reports_each_step_and_its_end(worker: Process, rows_file: Path, tmp_path: Path) -> None:
    worker.send(asked(rows_file, tmp_path))
    steps = [worker.next('progress', 'done', 'failed') for _ in range(6)]
    assert [(step['type'], step['step'], step['epoch']) for step in steps] == [
        ('progress', number, (number + 2) // 3) for number in range(1, 7)
    ]
    assert steps[0].keys() == {'type', 'job', 'step', 'steps', 'epoch', 'loss'}
    done = worker.next('done', 'failed')
    assert done.keys() == {'type', 'job', 'trained_tokens', 'seconds', 'loss'} and done['job'] == 'job-1'
    assert (tmp_path / 'out' / 'peft' / 'adapter_model.safetensors').is_file()


@pytest.mark.parametrize(
    ('examples', 'method', 'metrics'),
    [
        ('pairs', {'method': 'dpo', 'beta': 0.1}, {'margin', 'accuracy'}),
        ('scored', {'method': 'grpo', 'clip': [0.2, 0.28]}, {'kl', 'clipped'}),
    ],
)
def test_other_methods_report_metrics(
    worker: Process,
    tmp_path: Path,
    examples: str,
    method: dict[str, object],
    metrics: set[str],
    request: pytest.FixtureRequest,
) -> None:
    file = tmp_path / 'rows.jsonl'
    write_rows(file, request.getfixturevalue(examples))
    worker.send(asked(file, tmp_path, **method))
    step = worker.next('progress', 'failed')
    assert step.keys() == {'type', 'job', 'step', 'steps', 'epoch', 'loss', 'metrics'}
    assert step['metrics'] == dict.fromkeys(metrics, 0.0)  # the policy is the reference before the first step
    done = worker.next('done', 'failed')
    assert done.keys() == {'type', 'job', 'trained_tokens', 'seconds', 'loss'}
    assert (tmp_path / 'out' / 'peft' / 'adapter_model.safetensors').is_file()


def test_cancel_is_seen_between_two_steps(worker: Process, rows_file: Path, tmp_path: Path) -> None:
    worker.send(asked(rows_file, tmp_path, job='long', epochs=10_000))
    worker.send(asked(rows_file, tmp_path, job='waiting'))
    assert worker.next('progress', 'failed')['job'] == 'long'
    worker.send({'type': 'cancel', 'job': 'waiting'})
    worker.send({'type': 'cancel', 'job': 'long'})
    assert worker.next('cancelled', 'done', 'failed') == {'type': 'cancelled', 'job': 'long'}
    assert worker.next('cancelled', 'done', 'failed', 'progress') == {'type': 'cancelled', 'job': 'waiting'}
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('line', 'job', 'message'),
    [
        ('{"type": "train", "job": "x"', None, 'bad command: Expecting'),
        ('[1, 2]', None, 'bad command: expected a JSON object: [1, 2]'),
        ('{"type": "dance", "job": "x"}', 'x', "bad command: type: expected train, convert or cancel, got 'dance'"),
        ('{"type": "train", "job": "x"}', 'x', 'bad command: rows: missing'),
        ('{"type": "cancel"}', None, 'bad command: job: expected the id of a job, got None'),
        ('[' * 100_000, None, 'bad command: '),
    ],
)
def test_a_bad_command_is_named_and_survived(worker: Process, line: str, job: str | None, message: str) -> None:
    worker.write(line + '\n')
    failed = worker.next('failed', 'done', 'cancelled')
    assert failed['type'] == 'failed' and failed['job'] == job
    assert str(failed['error']).startswith(message)
    assert len(str(failed['error'])) < 600


def test_a_failed_job_is_survived(worker: Process, rows_file: Path, tmp_path: Path) -> None:
    worker.send(asked(tmp_path / 'nowhere.jsonl', tmp_path, job='bad'))
    failed = worker.next('failed', 'done')
    assert failed['job'] == 'bad' and 'rows: cannot read' in str(failed['error'])
    worker.send(asked(rows_file, tmp_path, job='good'))
    assert worker.next('failed', 'done')['type'] == 'done'


def test_the_end_of_stdin_ends_a_running_job(gguf_file: Path, rows_file: Path, tmp_path: Path) -> None:
    with Process(gguf_file) as worker:
        worker.send(asked(rows_file, tmp_path, epochs=10_000))
        worker.next('progress')
        assert worker.close() == 0
        assert worker.next('done', 'failed', 'cancelled', END['type'])['type'] in ('cancelled', END['type'])
    assert not (tmp_path / 'out').exists()


def test_a_model_that_cannot_be_read_fails_each_job(rows_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / 'broken.gguf'
    broken.write_bytes(b'no model at all' * 10)
    with Process(broken) as worker:
        for job in ('first', 'second'):
            worker.send(asked(rows_file, tmp_path, job=job))
            failed = worker.next('failed', 'done')
            assert failed['job'] == job and 'broken.gguf as GGUF' in str(failed['error'])
        assert worker.close() == 0


def test_prints_cannot_corrupt_the_wire() -> None:
    code = (
        'import os, sys; from bettertogether_trainer.wire import Wire; wire = Wire.claim_stdout();'
        "print('stray'); os.write(1, b'from C\\n'); wire.send({'type': 'ready'})"
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=PACKAGE, capture_output=True, text=True, check=True)
    assert done.stdout == '{"type": "ready"}\n'
    assert 'stray' in done.stderr and 'from C' in done.stderr


def test_a_missing_model_is_wrong_usage(tmp_path: Path) -> None:
    with Process(tmp_path / 'none.gguf') as worker:
        assert worker.close() == 2
