"""What is computed of a batch of rows with the model: log-probabilities, and the gradients of a loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

import torch

from .batch import Batch, cheapest, pad
from .lanes import Cut, Lane, Lanes
from .llama import Llama, computes
from .loss import completion_log_probs, completion_loss, full_log_probs, full_loss
from .model import BaseModel
from .rows import Row

Gradients = Sequence[torch.Tensor | None]


class Passes:
    """Passes of `base` with the adapter that is on it, whose weights are `parameters`.

    Log-probabilities are float64 on the CPU, (targets,): those of the rows' completions one after the other.
    """

    def __init__(self, base: BaseModel, parameters: Sequence[torch.nn.Parameter], lanes: Lanes) -> None:
        self._base = base
        self._parameters = parameters
        self._lanes = lanes
        self._llama = Llama(base.model) if computes(base.model) else None

    def log_probs(self, rows: Sequence[Row]) -> torch.Tensor:
        """Without gradients."""

        def work(lane: Lane) -> torch.Tensor:
            with torch.no_grad():  # counts for this thread alone
                return self._log_probs(lane)

        cut = self._lanes.cut(self._batch(rows))
        return _joined(cut, self._lanes.each(cut, work))

    def cross_entropy(self, rows: Sequence[Row], targets: int) -> float:
        """Sets the gradients of the rows' part of the mean over `targets` tokens, and returns that part."""

        def work(lane: Lane) -> tuple[float, Gradients]:
            loss = self._cross_entropy(lane, targets)
            return loss.item(), self._gradients(loss)

        losses, gradients = zip(*self._lanes.run(self._batch(rows), work), strict=True)
        self._set(gradients)
        return math.fsum(losses)

    def log_prob_loss(
        self, rows: Sequence[Row], loss_of: Callable[[torch.Tensor], tuple[torch.Tensor, ...]]
    ) -> list[float]:
        """Sets the gradients of the first number that `loss_of` makes of log-probabilities, and returns them all.

        A loss may need tokens of several lanes, so it is computed between their forward and their backward passes.
        """
        cut = self._lanes.cut(self._batch(rows))
        known = self._lanes.each(cut, self._log_probs)
        log_probs = _joined(cut, known).requires_grad_()
        values = loss_of(log_probs)
        (weights,) = torch.autograd.grad(values[0], log_probs)

        def work(lane: Lane) -> Gradients:
            own = known[lane.number]
            return self._gradients(own, weights[lane.batch.places.cpu()].to(own))

        self._set(self._lanes.each(cut, work))
        return [value.item() for value in values]

    def _batch(self, rows: Sequence[Row]) -> Batch:
        batch = pad(rows) if self._llama is None else cheapest(rows, self._base.config.hidden_size)
        return batch.to(self._base.device)

    def _cross_entropy(self, lane: Lane, targets: int) -> torch.Tensor:
        if self._llama is None:
            return full_loss(self._base.model, lane.batch, targets)
        return completion_loss(self._llama, lane, targets)

    def _log_probs(self, lane: Lane) -> torch.Tensor:
        if self._llama is None:
            return full_log_probs(self._base.model, lane.batch)
        return completion_log_probs(self._llama, lane)

    def _gradients(self, of: torch.Tensor, weights: torch.Tensor | None = None) -> Gradients:
        return torch.autograd.grad(of, self._parameters, weights, allow_unused=True)

    def _set(self, lanes: Sequence[Gradients]) -> None:
        for parameter, *parts in zip(self._parameters, *lanes, strict=True):
            known = [part for part in parts if part is not None]
            parameter.grad = reduce(torch.Tensor.add_, known) if known else None


def _joined(cut: Cut, lanes: Sequence[torch.Tensor]) -> torch.Tensor:
    """What lanes have for their targets as that of the whole batch."""
    whole = torch.empty(sum(map(len, lanes)), dtype=torch.float64)
    for lane, own in zip(cut.lanes, lanes, strict=True):
        whole[lane.batch.places.cpu()] = own.detach().cpu().double()
    return whole
