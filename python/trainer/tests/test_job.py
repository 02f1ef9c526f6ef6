from __future__ import annotations

import pytest

from bettertogether_trainer.errors import TrainerError
from bettertogether_trainer.job import parse_job
from bettertogether_trainer.objective import Dpo, Grpo, Supervised

from .conftest import command


def test_all_linear_is_all_seven_layers() -> None:
    job = parse_job(command())
    assert job.targets == ('down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj')
    assert parse_job(command(targets=['q_proj', 'k_proj'])).targets == ('k_proj', 'q_proj')


def test_the_method_is_supervised_unless_the_command_says_otherwise() -> None:
    assert parse_job(command()).objective == parse_job(command(method='supervised')).objective == Supervised()
    assert parse_job(command(method='dpo', beta=0.1)).objective == Dpo(0.1)
    assert parse_job(command(method='grpo', clip=[0.2, 1.5])).objective == Grpo(0.2, 1.5)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'rank': 0}, 'rank: expected a whole number from 1 to 1024, got 0'),
        ({'rank': 4.5}, 'rank: expected a whole number'),
        ({'rank': True}, 'rank: expected a whole number'),
        ({'alpha': -1}, 'alpha: expected a number above 0'),
        ({'learning_rate': float('nan')}, 'learning_rate: expected a number above 0'),
        ({'learning_rate': '1e-4'}, 'learning_rate: expected a number above 0'),
        ({'schedule': 'step'}, "schedule: expected one of constant, linear, cosine, got 'step'"),
        ({'schedule': ['linear']}, 'schedule: expected one of'),
        ({'targets': []}, 'targets: expected "all-linear" or a list of q_proj, k_proj'),
        ({'targets': ['lm_head']}, r"got \['lm_head'\]"),
        ({'targets': 'q_proj'}, 'targets: expected'),
        ({'epochs': 0}, 'epochs: expected'),
        ({'batch_size': 0}, 'batch_size: expected'),
        ({'seed': -1}, 'seed: expected'),
        ({'rows': ''}, 'rows: expected a text'),
        ({'parent': 3}, 'parent: expected a text'),
        ({'warmup': 3}, 'warmup: unknown key; known are'),
        ({'method': 'ppo'}, "method: expected one of supervised, dpo, grpo, got 'ppo'"),
        ({'method': None}, 'method: expected one of supervised, dpo, grpo, got None'),
        ({'method': ['dpo']}, 'method: expected one of'),
        ({'beta': 0.1}, 'beta: is for the method dpo; leave it out for supervised'),
        ({'clip': [0.2, 0.2]}, 'clip: is for the method grpo; leave it out for supervised'),
        ({'method': 'dpo'}, 'beta: missing; the method dpo needs it'),
        ({'method': 'dpo', 'beta': 0}, 'beta: expected a number above 0, got 0'),
        ({'method': 'dpo', 'beta': True}, 'beta: expected a number above 0, got True'),
        ({'method': 'dpo', 'beta': 0.1, 'clip': [0.2, 0.2]}, 'clip: is for the method grpo; leave it out for dpo'),
        ({'method': 'grpo'}, 'clip: missing; the method grpo needs it'),
        ({'method': 'grpo', 'clip': [0.2, 0.2], 'beta': 1}, 'beta: is for the method dpo; leave it out for grpo'),
        ({'method': 'grpo', 'clip': 0.2}, 'clip: expected a list of two numbers, low and high, got 0.2'),
        ({'method': 'grpo', 'clip': [0.2]}, r'clip: expected a list of two numbers, low and high, got \[0.2\]'),
        ({'method': 'grpo', 'clip': [0.2, '0.2']}, "clip: expected a number above 0, got '0.2'"),
        ({'method': 'grpo', 'clip': [0, 0.2]}, 'clip: expected a number above 0, got 0'),
        ({'method': 'grpo', 'clip': [1, 0.2]}, 'clip: expected a low below 1, got 1.0'),
    ],
)
def test_bad_values_are_named_with_what_is_allowed(change: dict[str, object], message: str) -> None:
    with pytest.raises(TrainerError, match=message):
        parse_job(command(**change))


@pytest.mark.parametrize('key', ['job', 'rows', 'out', 'epochs', 'learning_rate', 'schedule', 'rank', 'targets'])
def test_a_missing_key_is_named(key: str) -> None:
    asked = command()
    del asked[key]
    with pytest.raises(TrainerError, match=f'^{key}: missing'):
        parse_job(asked)
