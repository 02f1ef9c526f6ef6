"""Training by several processes at once: each takes its share of a batch, the gradients are added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import distributed


class Team(Protocol):
    """Who trains together. A batch's rows are dealt out in turn, so any number of members makes the same step."""

    rank: int
    size: int

    def add_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Replaces each gradient by the sum over all members."""

    def add(self, values: Sequence[float]) -> list[float]:
        """The sum of each value over all members, who give equally many."""


class Solo:
    """One process by itself."""

    rank = 0
    size = 1

    def add_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        return

    def add(self, values: Sequence[float]) -> list[float]:
        return list(values)


class Distributed:
    """The members of the default process group of `torch.distributed`."""

    def __init__(self, device: torch.device) -> None:
        self.rank = distributed.get_rank()
        self.size = distributed.get_world_size()
        self._device = device

    def add_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        # One message instead of hundreds: an adapter's gradients are small, and each message costs a round trip.
        # Float32, so that the sum does not depend on the model's precision; a member without rows adds zeros.
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([grad.detach().float().flatten() for grad in grads])
        distributed.all_reduce(flat)
        place = 0
        for parameter in parameters:
            part = flat[place : place + parameter.numel()].view_as(parameter)
            parameter.grad = part.to(parameter.dtype)
            place += parameter.numel()

    def add(self, values: Sequence[float]) -> list[float]:
        total = torch.tensor(values, dtype=torch.float64, device=self._device)
        distributed.all_reduce(total)
        return total.tolist()
