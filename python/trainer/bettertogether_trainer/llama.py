"""The forward pass of a llama with LoRA on its linear layers, made for training: the weights are frozen.

It computes what transformers and PEFT compute (`tests/test_llama.py`) with less work around the matrix products: layers
that read the same input are one product, the gradients of a linear layer and of its adapter are added in place,
norms, rotations and activations keep their inputs instead of every intermediate result, and from the last layer's
attention on only the tokens are computed that a target follows.

Shapes: tokens are the batch's sequences one after the other, (sequences x length, width).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch.autograd import Function
from torch.nn import functional
from transformers import LlamaForCausalLM

from . import layout
from .batch import Batch

Tensor = torch.Tensor
Seen = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def computes(model: LlamaForCausalLM) -> bool:
    """Whether a model is computed here: a llama without what the pass below leaves out, and with plain weights.

    Quantised layers have weights that only their own modules can multiply with.
    """
    config = model.config
    if config.model_type != layout.ARCHITECTURE or config.hidden_act != 'silu' or config.attention_dropout != 0:
        return False
    return all(
        type(_plain(linear)) is torch.nn.Linear and _plain(linear).weight.dtype == model.dtype
        for layer in model.model.layers
        for parts in _linears(layer)
        for linear in parts
    )


class Llama:
    """`model` and the adapter that is on it; it sees what happens to their weights, so it is made once a job."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        self._model = model
        self._layers = [(layer, *map(_Joint, _linears(layer))) for layer in model.model.layers]

    def logits(self, batch: Batch, seen: Seen = lambda keys, values: (keys, values)) -> Tensor:
        """(targets, vocabulary): what each of `batch.targets` is predicted by.

        `seen` is given each layer's keys and values and says which the batch's tokens see: the columns of its mask.
        """
        config, inner = self._model.config, self._model.model
        sequences, length = batch.ids.shape
        x = inner.embed_tokens(batch.ids)
        cos, sin = inner.rotary_emb(x, position_ids=batch.positions)
        heads = _Heads(config.num_attention_heads, config.num_key_value_heads, length, cos[:, None], sin[:, None])
        x = x.flatten(0, 1)
        mask = None if batch.mask is None else x.new_zeros(batch.mask.shape).masked_fill_(~batch.mask, float('-inf'))
        wanted = batch.where[0] * length + batch.where[1]
        for layer, qkv, out, gate_up, down in self._layers:
            q, *kv = _Split.apply(qkv(_norm(x, layer.input_layernorm)), heads)
            k, v = (heads.repeated(each) for each in seen(*kv))
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
            mixed = mixed.transpose(1, 2).reshape(sequences * length, -1)
            if layer is inner.layers[-1]:
                x, mixed = x[wanted], mixed[wanted]
            x = out(mixed, x)
            x = down(_Gated.apply(gate_up(_norm(x, layer.post_attention_layernorm))), x)
        return self._model.lm_head(_norm(x, inner.norm))


def _linears(layer: torch.nn.Module) -> list[list[torch.nn.Module]]:
    """The linear layers of a llama's layer, those that read the same input together, in the order of computation."""
    attention, mlp = layer.self_attn, layer.mlp
    return [
        [attention.q_proj, attention.k_proj, attention.v_proj],
        [attention.o_proj],
        [mlp.gate_proj, mlp.up_proj],
        [mlp.down_proj],
    ]


def _plain(layer: torch.nn.Module) -> torch.nn.Module:
    """Without its adapter."""
    return layer.base_layer if isinstance(layer, LoraLayer) else layer


@dataclass(frozen=True)
class _Part:
    """The adapter of one of the layers that were joined: `outputs` are its columns of the result."""

    outputs: slice
    scale: float


class _Joint:
    """Linear layers that read the same input, with or without an adapter each, as one matrix product."""

    def __init__(self, layers: Sequence[torch.nn.Module]) -> None:
        plain = [_plain(layer) for layer in layers]
        self.weight, self.bias = _joined(plain)
        self.parts: list[_Part] = []
        self._adapters: list[torch.nn.Parameter] = []
        first = 0
        for layer, linear in zip(layers, plain, strict=True):
            outputs = slice(first, first + linear.out_features)
            first = outputs.stop
            if isinstance(layer, LoraLayer):
                self.parts.append(_Part(outputs, layer.scaling['default']))
                self._adapters += [layer.lora_A['default'].weight, layer.lora_B['default'].weight]

    def __call__(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(tokens, outputs) of `x`, plus `residual`."""
        return _LoraLinear.apply(x, residual, self, *self._adapters)


def _joined(layers: Sequence[torch.nn.Module]) -> tuple[Tensor, Tensor | None]:
    """The layers' weights and biases below each other; the layers' own become views of them, so none is there twice."""
    if len(layers) == 1:
        return layers[0].weight, layers[0].bias
    joined = []
    for parameters in ([layer.weight for layer in layers], [layer.bias for layer in layers]):
        if parameters[0] is None:
            joined.append(None)
            continue
        whole = torch.cat([parameter.detach() for parameter in parameters])
        for parameter, view in zip(parameters, whole.split([len(parameter) for parameter in parameters]), strict=True):
            parameter.data = view
        joined.append(whole)
    return joined[0], joined[1]


class _LoraLinear(Function):
    """W x + bias + scale B A x + residual; W and bias are frozen."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, residual: Tensor | None, joint: _Joint, *adapters: Tensor) -> Tensor:  # noqa: ANN401
        y = functional.linear(x, joint.weight, joint.bias)
        if residual is not None:
            y += residual
        down = torch.cat(adapters[::2]) if adapters else None
        low = None if down is None else x @ down.t()
        for part, h, b in _with(joint.parts, low, adapters):
            y[:, part.outputs].addmm_(h.mul_(part.scale), b.t())
        ctx.joint = joint
        ctx.save_for_backward(x, low, *adapters)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        joint = ctx.joint
        x, low, *adapters = ctx.saved_tensors
        to_x = grad @ joint.weight if ctx.needs_input_grad[0] else None
        to_residual = grad if ctx.needs_input_grad[1] else None
        if low is None:
            return to_x, to_residual, None
        to_low = torch.empty_like(low)
        to_b = []
        parts = zip(_with(joint.parts, low, adapters), _with(joint.parts, to_low, adapters), strict=True)
        for (part, h, b), (_, to_h, _) in parts:
            above = grad[:, part.outputs]
            to_b.append(above.t() @ h)
            torch.mm(above, b, out=to_h).mul_(part.scale)
        to_a = (to_low.t() @ x).split([len(a) for a in adapters[::2]])
        if to_x is not None:
            to_x.addmm_(to_low, torch.cat(adapters[::2]))
        return to_x, to_residual, None, *(each for pair in zip(to_a, to_b, strict=True) for each in pair)


def _with(parts: Sequence[_Part], low: Tensor | None, adapters: Sequence[Tensor]) -> list[tuple[_Part, Tensor, Tensor]]:
    """Each part with its columns of `low`, (tokens, ranks one after the other), and its B."""
    if low is None:
        return []
    ups = adapters[1::2]
    return list(zip(parts, low.split([up.shape[1] for up in ups], dim=1), ups, strict=True))


@dataclass(frozen=True)
class _Heads:
    """How queries, keys and values are cut into heads; cos and sin (sequences or 1, 1, length, head width)."""

    queries: int
    keys: int
    length: int
    cos: Tensor
    sin: Tensor

    def rotated(self, x: Tensor, sign: int) -> Tensor:
        """(sequences, heads, length, head width) turned to its positions, or back with `sign` -1."""
        half = x.shape[-1] // 2
        cos, sin = self.cos[..., :half], sign * self.sin[..., :half]
        left, right = x[..., :half], x[..., half:]
        return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)

    def repeated(self, x: Tensor) -> Tensor:
        """Keys or values, (sequences, key heads, length, head width), for each query head."""
        return x[:, :, None].expand(-1, -1, self.queries // self.keys, -1, -1).flatten(1, 2)


class _Split(Function):
    """(tokens, queries | keys | values) -> each (sequences, heads, length, head width), queries and keys rotated."""

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, heads: _Heads) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401
        ctx.heads = heads
        count = heads.queries + 2 * heads.keys
        x = qkv.view(-1, heads.length, count, qkv.shape[1] // count).transpose(1, 2)
        turned = heads.rotated(x[:, : heads.queries + heads.keys], 1)
        return turned[:, : heads.queries], turned[:, heads.queries :], x[:, -heads.keys :].contiguous()

    @staticmethod
    def backward(ctx: Any, to_q: Tensor, to_k: Tensor, to_v: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        heads = ctx.heads
        turned = heads.rotated(torch.cat((to_q, to_k), dim=1), -1)
        return torch.cat((turned, to_v), dim=1).transpose(1, 2).flatten(2).flatten(0, 1), None


class _Gated(Function):
    """(tokens, gate | up) -> silu(gate) up."""

    @staticmethod
    def forward(ctx: Any, gate_up: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(gate_up)
        gate, up = gate_up.chunk(2, dim=1)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ANN401
        (gate_up,) = ctx.saved_tensors
        gate, up = gate_up.chunk(2, dim=1)
        result = torch.empty_like(gate_up)
        to_gate, to_up = result.chunk(2, dim=1)
        torch.mul(functional.silu(gate), grad, out=to_up)
        torch.ops.aten.silu_backward.grad_input(grad * up, gate, grad_input=to_gate)
        return result


def _norm(x: Tensor, norm: torch.nn.Module) -> Tensor:
    return _Norm.apply(x, norm.weight, norm.variance_epsilon)


class _Norm(Function):
    """x / sqrt(mean(x^2) + epsilon) weight, in float32 but for the weight; no gradient for the weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:  # noqa: ANN401
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)
        ctx.save_for_backward(x, weight, scale)
        return (wide * scale).to(x.dtype) * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        x, weight, scale = ctx.saved_tensors
        normed = x.float() * scale
        grad = (grad * weight).float()
        inward = (grad * normed).mean(-1, keepdim=True)
        return grad.sub_(normed.mul_(inward)).mul_(scale).to(x.dtype), None, None
