"""AdamW in float32 whatever the model computes in."""

from __future__ import annotations

from collections.abc import Sequence

import torch

MAX_NORM = 1.0
"""Gradients are clipped to this norm."""


class Optimizer:
    """Steps float32 master weights and gives the model copies in its own precision.

    A bfloat16 weight cannot take a step below 1/256 of itself, so the weights that are trained and saved are the
    masters. Where the model computes in float32 they are the model's own parameters.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], learning_rate: float, dtype: torch.dtype) -> None:
        self._parameters = parameters
        self._learning_rate = learning_rate
        self._shared = dtype == torch.float32
        self._masters = list(parameters) if self._shared else [p.detach().clone() for p in parameters]
        if not self._shared:
            for parameter in parameters:
                parameter.data = parameter.data.to(dtype)
        self._adam = torch.optim.AdamW(self._masters, lr=learning_rate, weight_decay=0.0, fused=True)

    def step(self, factor: float) -> float:
        """One step at `factor` x the learning rate; returns the norm of the gradient before it was clipped."""
        if not self._shared:
            for master, parameter in zip(self._masters, self._parameters, strict=True):
                master.grad = None if parameter.grad is None else parameter.grad.float()
                parameter.grad = None
        norm = float(torch.nn.utils.clip_grad_norm_(self._masters, MAX_NORM))
        for group in self._adam.param_groups:
            group['lr'] = self._learning_rate * factor
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        if not self._shared:
            for master, parameter in zip(self._masters, self._parameters, strict=True):
                parameter.data.copy_(master)
        return norm

    def finish(self) -> None:
        """Puts the master weights into the model, to be saved."""
        for master, parameter in zip(self._masters, self._parameters, strict=True):
            parameter.data = master.data
