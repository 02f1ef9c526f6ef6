"""`python -m bettertogether_trainer.ray_job JOB.json`: the driver of one training job on a Ray cluster.

Ray Train (`TorchTrainer`) runs the training function on `workers` processes, with a GPU each or on CPUs; the step they
make together is the one a single process would make (`team.py`). The adapter goes to shared storage. What happens is
printed as lines `bettertogether: {json}`, which BetterTogether finds among everything else in the job's log.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import ray
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

MARK = 'bettertogether: '


@ray.remote(num_cpus=0)
class Events:
    """Where the first worker leaves its news for the driver: forwarded logs are merged and may come too late."""

    def __init__(self) -> None:
        self._events: list[dict[str, object]] = []

    def put(self, event: dict[str, object]) -> None:
        self._events.append(event)

    def take(self) -> list[dict[str, object]]:
        events, self._events = self._events, []
        return events


def say(event: dict[str, object]) -> None:
    print(f'{MARK}{json.dumps(event)}', flush=True)


def train_on_worker(config: dict[str, Any]) -> None:
    """Runs on each worker: reads rows and base, trains its share, and the first one saves."""
    import torch
    from ray.train.torch import get_device

    from bettertogether_trainer.device import choose_dtype
    from bettertogether_trainer.digest import adapter_digest
    from bettertogether_trainer.job import parse_job
    from bettertogether_trainer.save import PEFT_FOLDER
    from bettertogether_trainer.source import load_source
    from bettertogether_trainer.team import Distributed
    from bettertogether_trainer.text_rows import TextRows
    from bettertogether_trainer.train import Progress, train_rows

    events = config['events']
    device = get_device()
    torch.set_num_threads(max(1, int(config['cpus'])))
    # Ray Train changes the directory, so uploaded rows are found beside this package, on each node its own copy.
    uploaded = Path(__file__).parent.parent
    job = parse_job({**config['job'], 'rows': str(uploaded / config['job']['rows'])})
    base, tokenizer = load_source(config['model'], device, choose_dtype(config['dtype'], device))
    rows = TextRows(tokenizer).read(job.rows, base.config.max_position_embeddings, job.objective.kind)
    team = Distributed(device)

    def report(progress: Progress) -> None:
        events.put.remote({'type': 'progress', **progress.values()})

    result = train_rows(base, job, rows, report, lambda: False, team)
    if team.rank == 0:
        folder = job.out / PEFT_FOLDER
        done = {
            'type': 'done',
            'adapter': str(folder),
            'sha256': adapter_digest(folder),
            'trained_tokens': result.trained_tokens,
            'loss': result.loss,
            'workers': team.size,
        }
        ray.get(events.put.remote(done))


def follow(events: Any, ended: threading.Event) -> None:  # noqa: ANN401 - an actor's handle has no type
    """Prints the events as they come, the last ones after the training has ended."""
    while True:
        last = ended.is_set()
        for event in ray.get(events.take.remote()):
            say(event)
        if last:
            return
        time.sleep(0.5)


def run(settings: dict[str, Any]) -> None:
    events = Events.remote()
    ended = threading.Event()
    printing = threading.Thread(target=follow, args=(events, ended), daemon=True)
    printing.start()
    workers, cpus, gpus = settings['workers'], settings['cpusPerWorker'], settings['gpusPerWorker']
    say({'type': 'message', 'message': f'Waiting for {workers} workers.'})
    trainer = TorchTrainer(
        train_on_worker,
        train_loop_config={
            'job': settings['job'],
            'model': settings['model'],
            'dtype': settings['dtype'],
            'cpus': cpus,
            'events': events,
        },
        scaling_config=ScalingConfig(
            num_workers=workers,
            use_gpu=gpus > 0,
            resources_per_worker={'CPU': cpus, **({'GPU': gpus} if gpus > 0 else {})},
        ),
        run_config=RunConfig(name=settings['name'], storage_path=settings['storage'] + '/ray'),
    )
    try:
        trainer.fit()
    finally:
        ended.set()
        printing.join(timeout=30)


def reason(error: BaseException) -> str:
    """The training function's own error: Ray wraps it in errors of its own."""
    inner: BaseException | None = error
    while inner is not None:
        failures = getattr(inner, 'worker_failures', None)
        if isinstance(failures, dict) and failures:
            inner = next(iter(failures.values()))
            continue
        cause = getattr(inner, 'cause', None) or inner.__cause__
        if not isinstance(cause, BaseException):
            break
        inner = cause
    last = [line for line in str(inner).strip().splitlines() if line.strip()]
    return f'{type(inner).__name__}: {last[-1] if last else "no reason given"}'


def main() -> int:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding='utf-8'))
    os.environ.setdefault('RAY_TRAIN_V2_ENABLED', '1')
    ray.init(address='auto', log_to_driver=True)
    try:
        run(settings)
    except Exception as error:
        traceback.print_exc()
        say({'type': 'failed', 'error': reason(error)})
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
