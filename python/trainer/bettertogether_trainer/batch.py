"""Turns training rows into what the model is run on: padded side by side, or packed into a tree.

Few-shot and instruction prompts share most of their tokens. Packed, a prefix that rows share is computed once: the
tokens of a batch form a tree, each token sees its ancestors alone and has its depth as position, so every row gets
exactly what it would get by itself, gradients included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from .rows import Row


@dataclass(frozen=True)
class Batch:
    """`ids[where]` are the tokens that `targets` follow; all other positions are masked from the loss.

    Shapes: ids and positions (sequences, length); mask (1, 1, length, tokens seen), True where a token (row) sees
    another (column), None for plain causal attention; where 2 x (targets,); targets (targets,). places (targets,):
    which of the whole batch's targets these are, of which a part (`cut`) has some; the whole has its rows' completions
    one after the other.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor | None
    where: tuple[torch.Tensor, torch.Tensor]
    targets: torch.Tensor
    places: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        mask = None if self.mask is None else self.mask.to(device)
        where = (self.where[0].to(device), self.where[1].to(device))
        targets, places = self.targets.to(device), self.places.to(device)
        return Batch(self.ids.to(device), self.positions.to(device), mask, where, targets, places)


def pad(rows: Sequence[Row]) -> Batch:
    """One row a sequence, filled up on the right, where causal attention never looks."""
    length = max(len(row.tokens) for row in rows) - 1  # nothing follows the last token
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    where: list[tuple[int, int]] = []
    targets: list[int] = []
    for number, row in enumerate(rows):
        seen = row.tokens[:-1]
        ids[number, : len(seen)] = torch.tensor(seen)
        where += [(number, len(row.prompt) - 1 + place) for place in range(len(row.completion))]
        targets += row.completion
    positions = torch.arange(length).expand(len(rows), length)
    return Batch(ids, positions, None, _index(where), torch.tensor(targets), torch.arange(len(targets)))


def pack(rows: Sequence[Row]) -> Batch:
    """All rows as one tree of tokens."""
    tree = _Tree(rows)
    where = [(0, node) for row, path in zip(rows, tree.paths, strict=True) for node in path[len(row.prompt) - 1 :]]
    targets = [token for row in rows for token in row.completion]
    mask = torch.from_numpy(tree.sees())[None, None]
    ids, positions = torch.tensor([tree.ids]), torch.tensor([tree.depths])
    return Batch(ids, positions, mask, _index(where), torch.tensor(targets), torch.arange(len(targets)))


def cheapest(rows: Sequence[Row], hidden: int) -> Batch:
    """Packed or padded, whichever is less arithmetic for a llama of width `hidden`.

    A token's matrices cost about 12 x hidden^2 multiplications a layer, its attention 2 x hidden x tokens seen. A
    tree is one long sequence, so rows that share little are cheaper side by side.
    """

    def cost(sequences: int, length: int) -> int:
        return sequences * length * (12 * hidden + 2 * length)

    length = max(len(row.tokens) for row in rows) - 1
    nodes = _Tree(rows).size
    return pack(rows) if cost(1, nodes) < cost(len(rows), length) else pad(rows)


def cut(batch: Batch, count: int) -> list[Batch]:
    """`batch` as up to `count` parts of about one length: of a tree its tokens, else its sequences.

    No token of a tree sees one of a later part, as a node's number is larger than its ancestors'; a part's mask has a
    column for each token up to its last.
    """
    if count == 1:
        return [batch]
    axis = 0 if batch.mask is None else 1
    length = batch.ids.shape[axis]
    count = min(count, length)
    ends = [length * part // count for part in range(count + 1)]
    return [_slice(batch, axis, start, end) for start, end in pairwise(ends)]


def _slice(batch: Batch, axis: int, start: int, end: int) -> Batch:
    inside = (batch.where[axis] >= start) & (batch.where[axis] < end)
    sequence, position = (index[inside] for index in batch.where)
    where = (sequence - start, position) if axis == 0 else (sequence, position - start)
    ids, positions = (tokens.narrow(axis, start, end - start) for tokens in (batch.ids, batch.positions))
    mask = None if batch.mask is None else batch.mask[:, :, start:end, :end]
    return Batch(ids, positions, mask, where, batch.targets[inside], batch.places[inside])


class _Tree:
    """The rows' tokens, but the last ones, as a prefix tree; a node's number is larger than its ancestors'."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.ids: list[int] = []
        self.depths: list[int] = []
        self._parents: list[int] = []
        self._nodes: dict[tuple[int, int], int] = {}
        self.paths = [self._add(row.tokens[:-1]) for row in rows]

    @property
    def size(self) -> int:
        return len(self.ids)

    def _add(self, tokens: Sequence[int]) -> list[int]:
        """Adds a path from the root and returns its nodes."""
        path: list[int] = []
        parent = -1
        for depth, token in enumerate(tokens):
            node = self._nodes.setdefault((parent, token), self.size)
            if node == self.size:
                self.ids.append(token)
                self.depths.append(depth)
                self._parents.append(parent)
            path.append(node)
            parent = node
        return path

    def sees(self) -> np.ndarray:
        """(nodes, nodes), True where the column is the row's ancestor or the row itself."""
        sees = np.zeros((self.size, self.size), dtype=bool)
        for node, parent in enumerate(self._parents):
            if parent >= 0:
                sees[node] = sees[parent]
            sees[node, node] = True
        return sees


def _index(where: Sequence[tuple[int, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    sequence, position = torch.tensor(where).unbind(1)
    return sequence, position
