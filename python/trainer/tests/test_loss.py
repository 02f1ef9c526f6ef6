from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch.nn import functional

from bettertogether_trainer.adapter import attached
from bettertogether_trainer.batch import Batch, cheapest, pack, pad
from bettertogether_trainer.job import Job
from bettertogether_trainer.loss import completion_loss
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.rows import Row


def loss_and_gradients(
    base: BaseModel, job: Job, make: Callable[[Sequence[Row]], Batch], rows: Sequence[Row]
) -> tuple[float, dict[str, torch.Tensor]]:
    with attached(base, job) as adapter:
        for name, parameter in adapter.named_parameters():
            if 'lora_B' in name:  # zero at first, which would make A's gradient zero too
                torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(len(name)))
        loss = completion_loss(base.model, make(rows))
        loss.backward()
        return loss.item(), {n: p.grad.clone() for n, p in adapter.named_parameters() if p.grad is not None}


def test_packed_is_padded(base: BaseModel, make_job: Callable[..., Job], rows: list[Row]) -> None:
    packed, packed_gradients = loss_and_gradients(base, make_job(), pack, rows)
    padded, padded_gradients = loss_and_gradients(base, make_job(), pad, rows)
    assert packed == pytest.approx(padded, rel=1e-5)
    assert packed_gradients.keys() == padded_gradients.keys() and len(packed_gradients) == 2 * 7 * 2
    for name, gradient in packed_gradients.items():
        torch.testing.assert_close(gradient, padded_gradients[name], rtol=1e-4, atol=1e-6)


def test_loss_is_transformers_own_on_each_row_alone(base: BaseModel, rows: list[Row]) -> None:
    losses = []
    for row in rows:
        logits = base.model(torch.tensor([row.tokens])).logits[0, len(row.prompt) - 1 : -1]
        losses.append(functional.cross_entropy(logits, torch.tensor(row.completion), reduction='none'))
    expected = torch.cat(losses).mean().item()
    assert completion_loss(base.model, pack(rows)).item() == pytest.approx(expected, rel=1e-5)
    assert completion_loss(base.model, pad(rows)).item() == pytest.approx(expected, rel=1e-5)


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
