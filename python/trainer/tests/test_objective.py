"""Preferences and policy steps: their losses and gradients by the papers' formulas, and what training does by them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from peft.utils import load_peft_weights

from bettertogether_trainer.adapter import attached
from bettertogether_trainer.batch import Batch, pack, pad
from bettertogether_trainer.errors import JobCancelled, TrainerError
from bettertogether_trainer.job import Job
from bettertogether_trainer.lanes import opened
from bettertogether_trainer.model import BaseModel, load_base
from bettertogether_trainer.objective import Dpo, Grpo, sequences
from bettertogether_trainer.passes import Passes
from bettertogether_trainer.rows import Example, Pair, Row, Scored
from bettertogether_trainer.train import Progress, train

from .conftest import write_rows

MakeJob = Callable[..., Job]
Model = Callable[[Sequence[int], Sequence[int]], torch.Tensor]

DPO = {'method': 'dpo', 'beta': 0.5}
GRPO = {'method': 'grpo', 'clip': [0.2, 0.28]}


def of_answer(model: torch.nn.Module, prompt: Sequence[int], answer: Sequence[int]) -> torch.Tensor:
    """(answer's tokens,) log-probabilities, by transformers and PEFT."""
    logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
    every = torch.log_softmax(logits.double(), dim=-1)
    return torch.stack([every[len(prompt) - 1 + n, token] for n, token in enumerate(answer)])


def by_equation_7(policy: Model, reference: Model, pairs: Sequence[Pair]) -> tuple[torch.Tensor, dict[str, float]]:
    """Rafailov et al. 2023."""
    losses, margins = [], []
    for pair in pairs:
        preferred = policy(pair.prompt, pair.completion).sum() - reference(pair.prompt, pair.completion).sum()
        other = policy(pair.prompt, pair.rejected).sum() - reference(pair.prompt, pair.rejected).sum()
        margin = 0.5 * preferred - 0.5 * other
        losses.append(-torch.log(torch.sigmoid(margin)))
        margins.append(margin.item())
    accuracy = sum(margin > 0 for margin in margins) / len(margins)
    return sum(losses) / len(losses), {'margin': sum(margins) / len(margins), 'accuracy': accuracy}


def by_equation_8(policy: Model, reference: Model, rows: Sequence[Scored]) -> tuple[torch.Tensor, dict[str, float]]:
    """Yu et al. 2025, token by token."""
    total, count, kl, clipped = torch.tensor(0.0), 0, 0.0, 0
    for row in rows:
        for ours, theirs in zip(policy(row.prompt, row.completion), reference(row.prompt, row.completion), strict=True):
            ratio = torch.exp(ours) / torch.exp(theirs)
            plain, bounded = ratio * row.advantage, torch.clip(ratio, 0.8, 1.28) * row.advantage
            total = total + min(plain, bounded)
            clipped += bool(bounded < plain)
            kl += (1 / ratio - torch.log(1 / ratio) - 1).item()
            count += 1
    return -total / count, {'kl': kl / count, 'clipped': clipped / count}


def randomise(adapter: PeftModel) -> None:
    for name, parameter in adapter.named_parameters():
        if 'lora_B' in name:
            torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(len(name)))


@pytest.mark.parametrize(
    ('make', 'lanes'), [(pad, 1), (pad, 3), (pack, 1), (pack, 2), (pack, 4), ('the general path', 1)]
)
@pytest.mark.parametrize('method', ['dpo', 'grpo'])
def test_losses_and_gradients_are_the_papers(
    base: BaseModel,
    make_job: MakeJob,
    pairs: list[Pair],
    scored: list[Scored],
    make: Callable[[Sequence[Row]], Batch] | str,
    lanes: int,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After steps away from the base, which is the reference."""
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    if isinstance(make, str):
        monkeypatch.setattr('bettertogether_trainer.passes.computes', lambda model: False)
    else:
        monkeypatch.setattr('bettertogether_trainer.passes.cheapest', lambda rows, hidden: make(rows))
    rows, objective = (pairs, Dpo(0.5)) if method == 'dpo' else (scored, Grpo(0.2, 0.28))
    with attached(base, make_job()) as adapter, opened(lanes, lanes) as opened_lanes:
        parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
        passes = Passes(base, parameters, opened_lanes)
        reference = passes.log_probs(sequences(rows))
        randomise(adapter)
        count = objective.count(rows)
        values = passes.log_prob_loss(sequences(rows), lambda known: objective.loss(rows, known, reference, count))
        told = [parameter.grad.clone() for parameter in parameters]

        def policy(prompt: Sequence[int], answer: Sequence[int]) -> torch.Tensor:
            return of_answer(adapter, prompt, answer)

        def started_from(prompt: Sequence[int], answer: Sequence[int]) -> torch.Tensor:
            with torch.no_grad(), adapter.disable_adapter():
                return of_answer(adapter, prompt, answer)

        loss, metrics = (by_equation_7 if method == 'dpo' else by_equation_8)(policy, started_from, rows)
        expected = torch.autograd.grad(loss, parameters)
    assert values[0] == pytest.approx(loss.item(), rel=1e-5)
    assert dict(zip(objective.metrics, values[1:], strict=True)) == pytest.approx(metrics, rel=1e-4)
    assert 0 < metrics['accuracy' if method == 'dpo' else 'clipped'] < 1
    for one, other in zip(told, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_shares_of_a_batch_add_up(pairs: list[Pair], scored: list[Scored]) -> None:
    for objective, rows in ((Dpo(0.5), pairs), (Grpo(0.2, 0.28), scored)):
        dice = torch.Generator().manual_seed(1)

        def of(
            share: Sequence[Example], known: dict[int, torch.Tensor], objective: Dpo | Grpo, count: int
        ) -> torch.Tensor:
            log_probs, reference = torch.cat([known[id(row)] for row in share]).unbind(1)
            return torch.stack(objective.loss(share, log_probs, reference, count))

        known = {
            id(row): -torch.rand(sum(len(s.completion) for s in row.sequences), 2, dtype=torch.float64, generator=dice)
            for row in rows
        }
        count = objective.count(rows)
        whole = of(rows, known, objective, count)
        parts = [of(rows[n::3], known, objective, count) for n in range(3)]
        torch.testing.assert_close(sum(parts), whole)


@pytest.mark.parametrize(
    ('ratio', 'advantage', 'stopped'),
    [
        (1.0, 1, False),
        (1.27, 1, False),
        (1.29, 1, True),
        (0.1, 1, False),
        (1.0, -1, False),
        (0.81, -1, False),
        (0.79, -1, True),
        (3.0, -1, False),
        (3.0, 0, True),
    ],
)
def test_tokens_that_went_far_enough_have_no_gradient(ratio: float, advantage: float, stopped: bool) -> None:
    known = torch.tensor([math.log(ratio)], dtype=torch.float64, requires_grad=True)
    loss, _, clipped = Grpo(0.2, 0.28).loss([Scored((5,), (2,), advantage)], known, torch.zeros_like(known), 1)
    (gradient,) = torch.autograd.grad(loss, known)
    assert gradient.item() == pytest.approx(0 if stopped else -ratio * advantage)
    assert bool(clipped) == (stopped and advantage != 0)


def run(base: BaseModel, job: Job, rows: Sequence[Example]) -> list[Progress]:
    write_rows(job.rows, rows)
    steps: list[Progress] = []
    train(base, job, steps.append, lambda: False)
    return steps


@pytest.mark.parametrize('threads', [1, 2])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_dpo_starts_without_a_preference_and_learns_one(
    gguf_file: Path,
    make_job: MakeJob,
    pairs: list[Pair],
    threads: int,
    dtype: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    base, job = load_base(gguf_file, 'tiny', torch.device('cpu'), dtype), make_job(**DPO, epochs=20)
    write_rows(job.rows, pairs)
    steps: list[Progress] = []
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        result = train(base, job, steps.append, lambda: False)
    finally:
        torch.set_num_threads(before)
    assert steps[0].loss == math.log(2)
    assert steps[0].metrics == {'margin': 0, 'accuracy': 0}
    last = steps[-3:]
    assert [step.metrics['accuracy'] for step in last] == [1, 1, 1]
    assert min(step.metrics['margin'] for step in last) > 2
    assert result.loss < 0.2
    assert len(steps) == 60  # 9 pairs in batches of 4
    assert result.trained_tokens == 20 * sum(
        2 * len(pair.prompt) + len(pair.completion) + len(pair.rejected) for pair in pairs
    )


def test_dpo_on_a_parent_starts_from_it(base: BaseModel, make_job: MakeJob, pairs: list[Pair], tmp_path: Path) -> None:
    first = make_job(**DPO, epochs=5)
    run(base, first, pairs)
    onward = run(base, make_job(**DPO, parent=str(first.out / 'peft'), out=str(tmp_path / 'onward')), pairs)
    assert onward[0].loss == math.log(2)


def answer_log_prob(base: BaseModel, folder: Path | None, row: Row) -> float:
    model = base.model if folder is None else PeftModel.from_pretrained(base.model, str(folder))
    with torch.no_grad():
        found = of_answer(model, row.prompt, row.completion).sum().item()
    if folder is not None:
        model.unload()
    return found


def test_grpo_makes_good_answers_likelier_and_bad_ones_less(
    base: BaseModel, make_job: MakeJob, scored: list[Scored]
) -> None:
    job = make_job(**GRPO, epochs=6)
    steps = run(base, job, scored)
    assert steps[0].metrics == {'kl': 0, 'clipped': 0}
    assert steps[-1].metrics['kl'] > 0
    assert steps[-1].loss < 0
    for row in scored:
        before, after = (answer_log_prob(base, folder, row) for folder in (None, job.out / 'peft'))
        assert (after > before) == (row.advantage > 0), row


def test_grpo_by_the_token(base: BaseModel, make_job: MakeJob, scored: list[Scored]) -> None:
    """At first each ratio is 1, so the loss is the tokens' mean advantage."""
    steps = run(base, make_job(**GRPO, epochs=1, batch_size=100), scored)
    tokens = [row.advantage for row in scored for _ in row.completion]
    assert steps[0].loss == pytest.approx(-sum(tokens) / len(tokens), rel=1e-12)


def test_narrow_bounds_hold_the_policy_back(
    base: BaseModel, make_job: MakeJob, scored: list[Scored], tmp_path: Path
) -> None:
    settings = {'method': 'grpo', 'epochs': 20, 'batch_size': 100, 'learning_rate': 1e-3, 'schedule': 'constant'}
    narrow = run(base, make_job(**settings, clip=[0.01, 0.01]), scored)
    wide = run(base, make_job(**settings, clip=[0.99, 99], out=str(tmp_path / 'wide')), scored)
    assert max(step.metrics['clipped'] for step in narrow) > 0.5
    assert {step.metrics['clipped'] for step in wide} == {0}
    assert narrow[-1].metrics['kl'] < wide[-1].metrics['kl'] / 2


def test_without_advantages_nothing_changes(base: BaseModel, make_job: MakeJob, scored: list[Scored]) -> None:
    job = make_job(**GRPO)
    steps = run(base, job, [replace(row, advantage=0.0) for row in scored])
    assert {(step.loss, step.metrics['clipped']) for step in steps} == {(0, 0)}
    # Batches of later epochs are other ones than the reference's, so sums are rounded otherwise.
    assert max(step.metrics['kl'] for step in steps) < 1e-10
    with attached(base, job) as fresh:
        expected = {name.replace('.default', ''): value.clone() for name, value in fresh.named_parameters()}
    saved = load_peft_weights(str(job.out / 'peft'), device='cpu')
    assert saved
    for name, weight in saved.items():
        assert torch.equal(weight, expected[name]), name


@pytest.mark.parametrize('method', [DPO, GRPO])
def test_the_same_job_gives_the_same_bytes(
    base: BaseModel,
    make_job: MakeJob,
    pairs: list[Pair],
    scored: list[Scored],
    method: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    rows = pairs if method is DPO else scored
    before = torch.get_num_threads()
    jobs = [make_job(**method, out=str(tmp_path / name), seed=seed) for name, seed in (('a', 3), ('b', 3), ('c', 4))]
    torch.set_num_threads(2)
    try:
        told = [run(base, job, rows) for job in jobs]
    finally:
        torch.set_num_threads(before)
    made = [(job.out / 'adapter.gguf').read_bytes() for job in jobs]
    assert told[0] == told[1] and made[0] == made[1] != made[2]


@pytest.mark.parametrize('change', [{'beta': 0.1}, {'method': 'grpo', 'clip': [0.2, 0.28]}])
def test_the_settings_of_a_method_count(
    base: BaseModel,
    make_job: MakeJob,
    pairs: list[Pair],
    scored: list[Scored],
    change: dict[str, object],
    tmp_path: Path,
) -> None:
    if change.get('method') == 'grpo':
        plain, rows = {**change, 'clip': [0.05, 0.05]}, scored
    else:
        plain, change, rows = DPO, {**DPO, **change}, pairs
    jobs = [make_job(**method, out=str(tmp_path / str(n))) for n, method in enumerate((plain, change))]
    told = [run(base, job, rows)[-1].loss for job in jobs]
    assert told[0] != told[1]


@pytest.mark.parametrize('seen', [0, 1, 2, 3, 4, 5])
def test_cancel_is_seen_between_batches_of_the_reference_and_between_steps(
    base: BaseModel, make_job: MakeJob, pairs: list[Pair], seen: int
) -> None:
    """9 pairs in batches of 4 are asked about three times for the reference, then once a step."""
    job = make_job(**DPO)
    write_rows(job.rows, pairs)
    steps: list[Progress] = []
    asked = iter(range(100))
    with pytest.raises(JobCancelled):
        train(base, job, steps.append, lambda: next(asked) == seen)
    assert len(steps) == max(0, seen - 3)
    assert not job.out.exists() and not job.out.with_name('out.tmp').exists()
    assert not any('lora' in name for name, _ in base.model.named_parameters())


def test_dropout_is_off_as_the_reference_has_none(make_job: MakeJob, pairs: list[Pair], base: BaseModel) -> None:
    base.config.attention_dropout = 0.5
    for layer in base.model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    assert run(base, make_job(**DPO), pairs)[0].loss == math.log(2)


@pytest.mark.parametrize(
    ('method', 'line', 'message'),
    [
        (DPO, '[1]', 'line 1: expected an object with prompt, completion and rejected'),
        (DPO, '{"prompt": [1], "completion": [2]}', 'line 1: rejected: expected a list of token ids'),
        (DPO, '{"prompt": [1], "completion": [2], "rejected": []}', 'line 1: rejected: expected a list'),
        (DPO, '{"prompt": [1], "completion": [2], "rejected": [96]}', 'line 1: rejected: expected token ids from 0'),
        (GRPO, '{"prompt": [1], "completion": [2]}', 'line 1: advantage: expected a number, got None'),
        (GRPO, '{"prompt": [1], "completion": [2], "advantage": "1"}', "line 1: advantage: expected a number, got '1'"),
        (GRPO, '{"prompt": [1], "completion": [2], "advantage": NaN}', 'line 1: advantage: expected a number, got nan'),
        (GRPO, '{"prompt": [1], "completion": [2], "advantage": true}', 'line 1: advantage: expected a number'),
    ],
)
def test_bad_rows_are_named(
    base: BaseModel, make_job: MakeJob, method: dict[str, object], line: str, message: str
) -> None:
    job = make_job(**method)
    job.rows.write_text(line)
    with pytest.raises(TrainerError, match=message):
        train(base, job, lambda progress: None, lambda: False)


def test_a_rejected_answer_longer_than_the_context_is_named(base: BaseModel, make_job: MakeJob) -> None:
    job = make_job(**DPO)
    write_rows(job.rows, [Pair((1,), (2,), (5,) * 64)])
    with pytest.raises(TrainerError, match="line 1: 65 tokens do not fit into the model's context of 64"):
        train(base, job, lambda progress: None, lambda: False)


def test_diverging_is_an_error(base: BaseModel, make_job: MakeJob, pairs: list[Pair]) -> None:
    job = make_job(**DPO, learning_rate=1e30, epochs=20, schedule='constant')
    with pytest.raises(TrainerError, match='training diverged at step'):
        run(base, job, pairs)
    assert not job.out.exists()
