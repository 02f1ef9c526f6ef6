"""Cross-entropy of the completions' tokens: their mean over the batch, or one by one."""

from __future__ import annotations

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from .batch import Batch
from .lanes import Lane
from .llama import Llama


def completion_loss(llama: Llama, lane: Lane, targets: int) -> torch.Tensor:
    """A lane's part of the mean over `targets` tokens.

    Prompt tokens have no loss, so the head, as wide as the vocabulary, runs on the completions' positions alone.
    """
    logits = llama.logits(lane.batch, lane.seen)
    return functional.cross_entropy(logits.float(), lane.batch.targets, reduction='sum') / targets


def full_loss(model: PreTrainedModel, batch: Batch, targets: int) -> torch.Tensor:
    """The same for padded rows and a model of any architecture: its own forward pass, whatever that does at the end."""
    logits = model(input_ids=batch.ids, use_cache=False).logits
    return functional.cross_entropy(logits[batch.where].float(), batch.targets, reduction='sum') / targets


def completion_log_probs(llama: Llama, lane: Lane) -> torch.Tensor:
    """(targets,) log-probabilities of a lane's targets, in float32."""
    return _log_probs(llama.logits(lane.batch, lane.seen), lane.batch)


def full_log_probs(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """The same for padded rows and a model of any architecture."""
    return _log_probs(model(input_ids=batch.ids, use_cache=False).logits[batch.where], batch)


def _log_probs(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    return -functional.cross_entropy(logits.float(), batch.targets, reduction='none')
