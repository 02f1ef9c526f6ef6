from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch.nn import functional

from bettertogether_trainer.adapter import attached
from bettertogether_trainer.batch import Batch, cheapest, cut, pack, pad
from bettertogether_trainer.job import Job
from bettertogether_trainer.lanes import Lane, lanes_for, opened
from bettertogether_trainer.llama import Llama
from bettertogether_trainer.loss import completion_loss, full_loss
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.rows import Row

Gradients = dict[str, torch.Tensor]
Loss = Callable[[BaseModel, Sequence[Row]], torch.Tensor]


def loss_and_gradients(base: BaseModel, job: Job, loss_of: Loss, rows: Sequence[Row]) -> tuple[float, Gradients]:
    """Of an adapter whose B are not zero, as they are at first, which would make A's gradients zero too."""
    with attached(base, job) as adapter:
        for name, parameter in adapter.named_parameters():
            if 'lora_B' in name:
                torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(len(name)))
        loss = loss_of(base, rows)
        loss.backward()
        return loss.item(), {n: p.grad.clone() for n, p in adapter.named_parameters() if p.grad is not None}


def alone(batch: Batch) -> Lane:
    return Lane(batch, lambda keys, values: (keys, values))


def packed(base: BaseModel, rows: Sequence[Row]) -> torch.Tensor:
    batch = pack(rows)
    return completion_loss(Llama(base.model), alone(batch), len(batch.targets))


def padded(base: BaseModel, rows: Sequence[Row]) -> torch.Tensor:
    batch = pad(rows)
    return completion_loss(Llama(base.model), alone(batch), len(batch.targets))


def by_transformers(base: BaseModel, rows: Sequence[Row]) -> torch.Tensor:
    batch = pad(rows)
    return full_loss(base.model, batch, len(batch.targets))


def one_by_one(base: BaseModel, rows: Sequence[Row]) -> torch.Tensor:
    targets = sum(len(row.completion) for row in rows)
    return torch.stack([full_loss(base.model, pad([row]), targets) for row in rows]).sum()


def in_lanes(make: Callable[[Sequence[Row]], Batch], count: int) -> Loss:
    """In more lanes than a batch as small as the tests' would get."""

    def loss_of(base: BaseModel, rows: Sequence[Row]) -> torch.Tensor:
        llama, batch = Llama(base.model), make(rows)
        parameters = [parameter for parameter in base.model.parameters() if parameter.requires_grad]

        def work(lane: Lane) -> tuple[torch.Tensor, Sequence[torch.Tensor]]:
            loss = completion_loss(llama, lane, len(batch.targets))
            return loss.detach(), torch.autograd.grad(loss, parameters)

        with opened(count, count) as lanes:
            losses, gradients = zip(*lanes.run(batch, work), strict=True)
        assert len(losses) == count
        made = [sum(parts) for parts in zip(*gradients, strict=True)]
        # The gradients are those of this sum.
        through = sum((p * g).sum() for p, g in zip(parameters, made, strict=True))
        return through - through.detach() + sum(losses)

    return loss_of


def check_same(one: tuple[float, Gradients], other: tuple[float, Gradients]) -> None:
    assert one[0] == pytest.approx(other[0], rel=1e-5)
    assert one[1].keys() == other[1].keys()
    for name, gradient in one[1].items():
        torch.testing.assert_close(gradient, other[1][name], rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize('loss_of', [packed, padded, by_transformers])
@pytest.mark.parametrize(
    'targets', ['all-linear', ['q_proj', 'k_proj'], ['v_proj', 'up_proj', 'o_proj'], ['down_proj']]
)
def test_a_batch_is_its_rows_one_by_one(
    base: BaseModel, make_job: Callable[..., Job], rows: list[Row], loss_of: Loss, targets: object
) -> None:
    job = make_job(targets=targets)
    told = loss_and_gradients(base, job, loss_of, rows)
    assert len(told[1]) == 2 * 2 * len(job.targets)
    check_same(told, loss_and_gradients(base, job, one_by_one, rows))


@pytest.mark.parametrize(('make', 'count'), [(pack, 2), (pack, 4), (pad, 3)])
def test_lanes_are_the_whole(
    base: BaseModel,
    make_job: Callable[..., Job],
    rows: list[Row],
    make: Callable[[Sequence[Row]], Batch],
    count: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    check_same(
        loss_and_gradients(base, make_job(), in_lanes(make, count), rows),
        loss_and_gradients(base, make_job(), one_by_one, rows),
    )


@pytest.mark.parametrize('failing', [0, 1, 2])
@pytest.mark.parametrize('late', [False, True])
def test_a_lane_that_fails_ends_the_others(
    base: BaseModel,
    make_job: Callable[..., Job],
    rows: list[Row],
    failing: int,
    late: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`late`: the others wait for its gradients then, else for its keys and values."""
    monkeypatch.setattr('bettertogether_trainer.lanes.TOKENS_PER_LANE', 1)
    batch = pack(rows)
    bad = cut(batch, 3)[failing].ids

    def work(lane: Lane) -> None:
        fails = torch.equal(lane.batch.ids, bad)
        if fails and not late:
            raise MemoryError('no memory')
        loss = completion_loss(llama, lane, len(batch.targets))
        if fails:
            raise MemoryError('no memory')
        loss.backward()

    with attached(base, make_job()), opened(3, 3) as lanes:
        llama = Llama(base.model)
        with pytest.raises(MemoryError, match='no memory'):
            lanes.run(batch, work)


def test_small_batches_have_few_lanes() -> None:
    assert [lanes_for(tokens, 4) for tokens in (1, 63, 64, 110, 128, 10_000)] == [1, 1, 2, 3, 4, 4]
    assert lanes_for(10_000, 1) == 1
    assert lanes_for(10_000, 64) == 4


def test_parts_of_a_tree_hold_each_token_and_target_once(rows: list[Row]) -> None:
    tree = pack(rows)
    parts = cut(tree, 3)
    assert torch.equal(torch.cat([part.ids for part in parts], dim=1), tree.ids)
    assert sorted(token for part in parts for token in part.targets.tolist()) == sorted(tree.targets.tolist())
    assert [part.mask.shape[3] for part in parts] == [
        sum(part.ids.shape[1] for part in parts[: number + 1]) for number in range(3)
    ]


def test_loss_is_transformers_own_on_each_row_alone(base: BaseModel, rows: list[Row]) -> None:
    losses = []
    for row in rows:
        logits = base.model(torch.tensor([row.tokens])).logits[0, len(row.prompt) - 1 : -1]
        losses.append(functional.cross_entropy(logits, torch.tensor(row.completion), reduction='none'))
    expected = torch.cat(losses).mean().item()
    for loss_of in (packed, padded, by_transformers):
        assert loss_of(base, rows).item() == pytest.approx(expected, rel=1e-5)


def test_packing_computes_shared_tokens_once(rows: list[Row]) -> None:
    start = tuple(range(3, 33))
    batch = pack([Row(start, (40, 2)), Row(start, (41, 2)), Row((*start, 50), (40, 2))])
    assert batch.ids.numel() == 30 + 3 + 1
    assert batch.positions.max() == 31
    assert batch.targets.tolist() == [40, 2, 41, 2, 40, 2]


def test_rows_that_share_nothing_are_padded() -> None:
    apart = [Row(tuple(range(n, n + 30)), (2,)) for n in range(3, 9)]
    together = [Row(tuple(range(3, 33)), (n,)) for n in range(40, 46)]
    assert cheapest(apart, hidden=32).mask is None
    assert cheapest(together, hidden=32).mask is not None
