"""Llamas unlike the embedded model: the pass made for training computes them, or transformers does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import LlamaForCausalLM

from bettertogether_trainer.adapter import attached
from bettertogether_trainer.batch import pad
from bettertogether_trainer.job import Job
from bettertogether_trainer.lanes import Lane
from bettertogether_trainer.llama import Llama, computes
from bettertogether_trainer.loss import completion_loss, full_loss
from bettertogether_trainer.model import BaseModel
from bettertogether_trainer.rows import Row
from bettertogether_trainer.train import Progress, train

from .conftest import tiny_llama


def changed(**settings: object) -> BaseModel:
    """The tiny llama with other settings and weights that are nowhere zero or one."""
    config = tiny_llama().config
    config.update(settings)
    torch.manual_seed(3)
    model = LlamaForCausalLM(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    return BaseModel(model.requires_grad_(False), 'changed')


@pytest.mark.parametrize(
    'settings',
    [
        {'attention_bias': True, 'mlp_bias': True},
        {'num_key_value_heads': 4},
        {'num_key_value_heads': 1},
        {'head_dim': 16},
        {'tie_word_embeddings': False, 'num_hidden_layers': 1},
    ],
)
def test_logits_are_those_of_transformers(
    make_job: Callable[..., Job], rows: list[Row], settings: dict[str, object]
) -> None:
    base, batch = changed(**settings), pad(rows)
    assert computes(base.model)
    with attached(base, make_job()) as adapter:
        for parameter in adapter.parameters():
            if parameter.requires_grad:
                torch.nn.init.normal_(parameter, std=0.1)
        theirs = full_loss(base.model, batch, len(batch.targets))
        ours = completion_loss(Llama(base.model), Lane(batch, lambda k, v: (k, v)), len(batch.targets))
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
        parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
        for one, other in zip(
            torch.autograd.grad(ours, parameters), torch.autograd.grad(theirs, parameters), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


class _Quantised(torch.nn.Linear):
    """As libraries make them: a linear layer by its class, whose weights only it can multiply with."""


def test_layers_with_weights_of_their_own_kind_are_left_to_themselves() -> None:
    base = changed()
    layer = base.model.model.layers[0].mlp
    linear = layer.up_proj
    layer.up_proj = _Quantised(linear.in_features, linear.out_features, bias=False)
    assert not computes(base.model)
    layer.up_proj = linear.to(torch.bfloat16)
    assert not computes(base.model)


@pytest.mark.parametrize('settings', [{'hidden_act': 'gelu'}, {'attention_dropout': 0.1}])
def test_what_the_pass_leaves_out_transformers_computes(
    make_job: Callable[..., Job], settings: dict[str, object]
) -> None:
    base = changed(**settings)
    assert not computes(base.model)
    steps: list[Progress] = []
    assert train(base, make_job(epochs=30), steps.append, lambda: False).loss < steps[0].loss / 2
