"""How many CPU threads an operation on a batch is worth."""

from __future__ import annotations

TOKENS_PER_THREAD = 128
"""Threads that sleep between operations (OMP_WAIT_POLICY) take longer to wake than a small batch takes to compute.

Measured on two cores, SmolLM2-135M in bfloat16: at 110 tokens a step one thread needs 0.72 s and two 0.85 s, at 230
one is still ahead, at 400 two are level or better. Letting them spin instead gives 0.5 s on idle cores and several
seconds on busy ones, and the server is our neighbour.
"""


def threads_for(tokens: int, most: int) -> int:
    """Threads for `tokens`, from 1 to `most`. Depends on nothing else, so results can be reproduced."""
    return max(1, min(most, tokens // TOKENS_PER_THREAD))
