"""What a job trains towards. A batch's loss is a function of its tokens' log-probabilities.

`Dpo` and `Grpo` compare the policy with the one that the job started from, the reference: the parent adapter, or the
base where there is none, as a new adapter computes what the base computes. All sums of a batch are divided by a count
over the whole batch, so the losses of shares of it add up (`team.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn import functional

from .rows import Example, Pair, Row, Scored

Tensor = torch.Tensor


@dataclass(frozen=True)
class Supervised:
    """Cross-entropy of the completions' tokens, their mean over the batch (`loss.py`)."""

    kind: ClassVar = Row
    metrics: ClassVar[tuple[str, ...]] = ()

    def count(self, rows: Sequence[Row]) -> int:
        """The tokens that the mean is over."""
        return sum(len(row.completion) for row in rows)


@dataclass(frozen=True)
class Dpo:
    """Direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290, equation 7).

    The mean over the batch's pairs of -log sigmoid(margin), where margin = beta x (log-ratio of the completion -
    log-ratio of the rejected one) and an answer's log-ratio = log policy(answer | prompt) - log reference(answer |
    prompt). Metrics: `margin`, the mean, and `accuracy`, the share of pairs whose margin is above 0.
    """

    beta: float

    kind: ClassVar = Pair
    metrics: ClassVar[tuple[str, ...]] = ('margin', 'accuracy')

    def count(self, rows: Sequence[Pair]) -> int:
        """The pairs that the means are over."""
        return len(rows)

    def loss(self, rows: Sequence[Pair], log_probs: Tensor, reference: Tensor, count: int) -> tuple[Tensor, ...]:
        """The part that `rows` have in the batch's loss and metrics; both tensors as `sequences(rows)` have tokens."""
        lengths = [len(part.completion) for part in sequences(rows)]
        ratios = torch.stack([ratio.sum() for ratio in (log_probs - reference).split(lengths)])
        margins = self.beta * (ratios[::2] - ratios[1::2])
        loss = -functional.logsigmoid(margins).sum() / count
        return loss, margins.sum() / count, (margins > 0).double().sum() / count


@dataclass(frozen=True)
class Grpo:
    """The policy step of GRPO (Shao et al. 2024, arXiv:2402.03300), without its penalty for distance.

    The mean over the batch's completion tokens of -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A), where r = policy
    / reference of a token and A its row's advantage. That the mean is over all tokens, long answers' too, and that the
    two bounds differ is DAPO's (Yu et al. 2025, arXiv:2503.14476, equation 8). Metrics: `kl`, the mean of the estimate
    1/r - 1 + log r of the distance to the reference (Schulman's k3; Shao et al., equation 4), and `clipped`, the share
    of tokens that r is too far out for to have a gradient.
    """

    clip_low: float
    clip_high: float

    kind: ClassVar = Scored
    metrics: ClassVar[tuple[str, ...]] = ('kl', 'clipped')

    def count(self, rows: Sequence[Scored]) -> int:
        """The tokens that the means are over."""
        return sum(len(row.completion) for row in rows)

    def loss(self, rows: Sequence[Scored], log_probs: Tensor, reference: Tensor, count: int) -> tuple[Tensor, ...]:
        """The part that `rows` have in the batch's loss and metrics; both tensors as `sequences(rows)` have tokens."""
        lengths = torch.tensor([len(row.completion) for row in rows])
        advantages = torch.tensor([row.advantage for row in rows], dtype=log_probs.dtype).repeat_interleave(lengths)
        log_ratios = log_probs - reference
        ratios = log_ratios.exp()
        low, high = 1 - self.clip_low, 1 + self.clip_high
        loss = -torch.minimum(ratios * advantages, ratios.clamp(low, high) * advantages).sum() / count
        kl = ((-log_ratios).exp() - 1 + log_ratios).sum() / count
        clipped = ((ratios > high) & (advantages > 0)) | ((ratios < low) & (advantages < 0))
        return loss, kl, clipped.double().sum() / count


Objective = Supervised | Dpo | Grpo


def sequences(rows: Sequence[Example]) -> list[Row]:
    """What the model reads for `rows`, in order: of a pair both of its answers."""
    return [sequence for row in rows for sequence in row.sequences]
