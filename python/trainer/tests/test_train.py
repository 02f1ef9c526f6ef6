from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from peft.utils import load_peft_weights

from bettertogether_trainer import save
from bettertogether_trainer.errors import JobCancelled, TrainerError
from bettertogether_trainer.job import Job
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.rows import Row
from bettertogether_trainer.threads import threads_for
from bettertogether_trainer.train import Progress, train

from .conftest import write_rows

IDS = torch.tensor([[1, 5, 9, 40, 3, 77]])


def run(base: BaseModel, job: Job) -> list[Progress]:
    steps: list[Progress] = []
    train(base, job, steps.append, lambda: False)
    return steps


def weights(job: Job) -> dict[str, torch.Tensor]:
    return load_peft_weights(str(job.out / 'peft'), device='cpu')


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_learns_and_reports_each_step(base: BaseModel, make_job: Callable[..., Job], rows: list[Row]) -> None:
    result_steps: list[Progress] = []
    result = train(base, make_job(epochs=30), result_steps.append, lambda: False)
    assert [step.step for step in result_steps] == list(range(1, 91))  # 9 rows in batches of 4
    assert {step.steps for step in result_steps} == {90}
    assert [step.epoch for step in result_steps[2:5]] == [1, 2, 2]
    assert result_steps[0].loss > 3 and result.loss < 0.5
    assert result.trained_tokens == 30 * sum(len(row.prompt) + len(row.completion) for row in rows)


def test_the_seed_decides(base: BaseModel, make_job: Callable[..., Job], tmp_path: Path) -> None:
    jobs = [make_job(out=str(tmp_path / name), seed=seed) for name, seed in (('a', 0), ('b', 0), ('c', 1))]
    losses = [[step.loss for step in run(base, job)] for job in jobs]
    assert losses[0] == losses[1] != losses[2]
    assert (jobs[0].out / 'adapter.gguf').read_bytes() == (jobs[1].out / 'adapter.gguf').read_bytes()
    for file in ('adapter_model.safetensors', 'adapter_config.json'):
        assert (jobs[0].out / 'peft' / file).read_bytes() == (jobs[1].out / 'peft' / file).read_bytes()
    assert not same(weights(jobs[0]), weights(jobs[2]))


def test_the_seed_decides_on_two_threads(
    base: BaseModel, make_job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    before = torch.get_num_threads()
    jobs = [make_job(out=str(tmp_path / name)) for name in ('a', 'b', 'alone')]
    try:
        torch.set_num_threads(2)
        run(base, jobs[0])
        run(base, jobs[1])
        torch.set_num_threads(1)
        run(base, jobs[2])
    finally:
        torch.set_num_threads(before)
    assert (jobs[0].out / 'adapter.gguf').read_bytes() == (jobs[1].out / 'adapter.gguf').read_bytes()
    for name, weight in weights(jobs[2]).items():
        torch.testing.assert_close(weights(jobs[0])[name], weight, rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    'change',
    [
        {'epochs': 3},
        {'learning_rate': 0.02},
        {'schedule': 'constant'},
        {'batch_size': 3},
        {'alpha': 16},
        {'rank': 2},
        {'targets': ['q_proj', 'k_proj']},
    ],
)
def test_every_hyper_parameter_counts(
    base: BaseModel, make_job: Callable[..., Job], tmp_path: Path, change: dict[str, object]
) -> None:
    plain, changed = make_job(), make_job(out=str(tmp_path / 'changed'), **change)
    run(base, plain)
    run(base, changed)
    assert not same(weights(plain), weights(changed))


def test_the_base_is_left_as_it_was(base: BaseModel, make_job: Callable[..., Job]) -> None:
    before = base.model(IDS).logits
    run(base, make_job())
    torch.testing.assert_close(base.model(IDS).logits, before, rtol=0, atol=0)
    assert not any('lora' in name for name, _ in base.model.named_parameters())


def test_bfloat16_trains_float32_weights(gguf_file: Path, make_job: Callable[..., Job]) -> None:
    low = load_base(gguf_file, 'tiny', torch.device('cpu'), torch.bfloat16)
    job = make_job(epochs=30)
    assert run(low, job)[-1].loss < 0.5
    saved = weights(job)
    assert {weight.dtype for weight in saved.values()} == {torch.float32}
    assert any(not torch.equal(weight, weight.bfloat16().float()) for weight in saved.values())


def test_the_peft_folder_names_the_model_and_no_path(base: BaseModel, make_job: Callable[..., Job]) -> None:
    job = make_job()
    run(base, job)
    config = (job.out / 'peft' / 'adapter_config.json').read_text()
    assert '"base_model_name_or_path": "tiny"' in config
    assert str(job.out.parent) not in config
    assert sorted(path.name for path in job.out.iterdir()) == ['adapter.gguf', 'peft']


def test_goes_on_from_the_parent(base: BaseModel, make_job: Callable[..., Job], tmp_path: Path) -> None:
    first = make_job()
    run(base, first)
    parent = str(first.out / 'peft')
    # So small a rate leaves the parent's weights where they were: what comes out is what went in.
    still = make_job(out=str(tmp_path / 'still'), parent=parent, learning_rate=1e-12, seed=5)
    run(base, still)
    for name, weight in weights(first).items():
        torch.testing.assert_close(weights(still)[name], weight, rtol=0, atol=1e-6)
    onward = make_job(out=str(tmp_path / 'onward'), parent=parent)
    fresh = make_job(out=str(tmp_path / 'fresh'))
    assert run(base, onward)[0].loss < run(base, fresh)[0].loss
    assert not same(weights(onward), weights(first))


def test_a_larger_rank_another_alpha_and_more_targets_hold_the_parent(
    base: BaseModel, make_job: Callable[..., Job], tmp_path: Path
) -> None:
    first = make_job(targets=['q_proj', 'k_proj'])
    run(base, first)
    wider = make_job(out=str(tmp_path / 'wider'), parent=str(first.out / 'peft'), rank=6, alpha=3, learning_rate=1e-12)
    run(base, wider)
    logits = []
    for job in (first, wider):
        model = PeftModel.from_pretrained(base.model, str(job.out / 'peft'))
        logits.append(model(IDS).logits)
        model.unload()
    torch.testing.assert_close(logits[0], logits[1], rtol=1e-4, atol=1e-5)


def test_a_parent_that_does_not_fit_is_refused(base: BaseModel, make_job: Callable[..., Job], tmp_path: Path) -> None:
    first = make_job()
    run(base, first)
    onward = {'parent': str(first.out / 'peft'), 'out': str(tmp_path / 'onward')}
    with pytest.raises(TrainerError, match=r'rank: the parent .* has rank 4'):
        run(base, make_job(**onward, rank=2))
    with pytest.raises(TrainerError, match='targets: the parent'):
        run(base, make_job(**onward, targets=['q_proj']))
    with pytest.raises(TrainerError, match='is not a PEFT folder'):
        run(base, make_job(parent=str(tmp_path / 'nowhere'), out=str(tmp_path / 'onward')))
    assert not any('lora' in name for name, _ in base.model.named_parameters())


@pytest.mark.parametrize(('name', 'value'), [('modules_to_save', ['norm']), ('use_dora', True), ('lora_bias', True)])
def test_a_parent_of_a_kind_that_cannot_be_served_is_refused_before_the_first_step(
    base: BaseModel, make_job: Callable[..., Job], tmp_path: Path, name: str, value: object
) -> None:
    first = make_job()
    run(base, first)
    settings = first.out / 'peft' / 'adapter_config.json'
    settings.write_text(json.dumps({**json.loads(settings.read_text()), name: value}))
    onward = make_job(parent=str(first.out / 'peft'), out=str(tmp_path / 'onward'))
    steps: list[Progress] = []
    with pytest.raises(TrainerError, match=rf'^parent: .* is not a plain LoRA adapter \({name}\)'):
        train(base, onward, steps.append, lambda: False)
    assert steps == []


def test_cancel_leaves_nothing(base: BaseModel, make_job: Callable[..., Job]) -> None:
    job = make_job()
    steps: list[Progress] = []
    with pytest.raises(JobCancelled):
        train(base, job, steps.append, lambda: len(steps) == 2)
    assert len(steps) == 2
    assert not job.out.exists() and not job.out.with_name('out.tmp').exists()
    assert len(run(base, job)) == 6  # and the next job runs


def test_small_batches_take_few_threads() -> None:
    assert [threads_for(tokens, 4) for tokens in (1, 110, 255, 256, 400, 10_000)] == [1, 1, 1, 2, 3, 4]
    assert threads_for(10_000, 1) == 1


def test_the_thread_count_is_put_back(base: BaseModel, make_job: Callable[..., Job]) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run(base, make_job())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_diverging_is_an_error(base: BaseModel, make_job: Callable[..., Job]) -> None:
    job = make_job(learning_rate=1e30, epochs=20, schedule='constant')
    with pytest.raises(TrainerError, match=r'training diverged at step .* Lower learning_rate'):
        run(base, job)
    assert not job.out.exists()


def test_a_crash_while_saving_leaves_the_old_adapter(
    base: BaseModel, make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    run(base, job)
    before = (job.out / 'adapter.gguf').read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(save, 'write_gguf_adapter', full)
    with pytest.raises(TrainerError, match=r'out: cannot write .* No space left'):
        run(base, make_job(seed=1))
    assert (job.out / 'adapter.gguf').read_bytes() == before
    assert not job.out.with_name('out.tmp').exists()


def test_out_with_other_files_is_refused(base: BaseModel, make_job: Callable[..., Job]) -> None:
    job = make_job()
    job.out.mkdir()
    (job.out / 'thesis.txt').write_text('years of work')
    with pytest.raises(TrainerError, match=r'thesis\.txt'):
        run(base, job)
    assert (job.out / 'thesis.txt').exists()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'no rows'),
        ('\n\n', 'no rows'),
        ('{"prompt": [1], "completion": [2]}\nnonsense', 'line 2: not JSON'),
        ('[1]', 'line 1: expected an object'),
        ('{"prompt": [], "completion": [2]}', 'line 1: prompt'),
        ('{"prompt": [1], "completion": []}', 'line 1: completion'),
        ('{"prompt": [1], "completion": [96]}', 'line 1: completion: expected token ids from 0 to 95, got 96'),
        ('{"prompt": [true], "completion": [2]}', 'line 1: prompt'),
    ],
)
def test_bad_rows_are_named(
    base: BaseModel, make_job: Callable[..., Job], rows_file: Path, text: str, message: str
) -> None:
    rows_file.write_text(text)
    with pytest.raises(TrainerError, match=message):
        run(base, make_job())


def test_a_row_longer_than_the_context_is_named(base: BaseModel, make_job: Callable[..., Job], rows_file: Path) -> None:
    write_rows(rows_file, [Row((1,), (2,)), Row(tuple([5] * 63), (2,))])
    run(base, make_job())
    write_rows(rows_file, [Row((1,), (2,)), Row(tuple([5] * 64), (2,))])
    with pytest.raises(TrainerError, match="line 2: 65 tokens do not fit into the model's context of 64"):
        run(base, make_job())
