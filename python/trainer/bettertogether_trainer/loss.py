"""The loss: cross-entropy of the completions' tokens, their mean over the batch."""

from __future__ import annotations

import torch
from torch.nn import functional
from transformers import LlamaForCausalLM, PreTrainedModel

from .batch import Batch


def completion_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Prompt tokens have no loss, so the head, as wide as the vocabulary, runs on the completions' positions alone."""
    hidden = model.model(
        input_ids=batch.ids, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state
    logits = model.lm_head(hidden[batch.where])
    return functional.cross_entropy(logits.float(), batch.targets)


def full_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """The same for a model of any architecture: its own forward pass, whatever it does after the head."""
    logits = model(input_ids=batch.ids, use_cache=False).logits
    return functional.cross_entropy(logits[batch.where].float(), batch.targets)
