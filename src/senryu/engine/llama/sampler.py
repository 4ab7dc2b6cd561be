"""Choosing the next token from logits.

Temperature first, then top-k, then top-p: the order of the reference implementations for which
model cards recommend their values. Pure numpy; a sampler's only state is its random generator, so
it outlives a preemption.
"""

from typing import Any

import numpy as np

from senryu.core import Sampling

__all__ = ["Logits", "Sampler", "greedy"]

Logits = np.ndarray[Any, np.dtype[np.float32]]
_Tokens = np.ndarray[Any, np.dtype[np.intp]]

# Weights below exp(-16) of the top one are sorted only when the rest does not reach top_p.
_NEAR_TOP = 16.0


def greedy(logits: Logits) -> int:
    """The most likely token, the lowest id among equals."""
    return int(logits.argmax())


class Sampler:
    """One job's sampling.

    Arguments:
        sampling: temperature above 0, top-k, top-p; without a seed the replies differ.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        seed = None if sampling.seed is None else sampling.seed & 0xFFFF_FFFF_FFFF_FFFF
        self._random = np.random.default_rng(seed)

    def sample(self, logits: Logits) -> int:
        """Draw a token from one row of logits."""
        drawn = self._random.random()  # exactly one draw a token, whatever is kept
        scaled = (logits - logits.max()) * np.float32(1 / self._sampling.temperature)
        weights = np.exp(scaled)
        tokens = self._kept(scaled, weights)
        if tokens is not None:
            weights = weights[tokens]
        cumulated = np.cumsum(weights, dtype=np.float64)
        index = int(cumulated.searchsorted(drawn * float(cumulated[-1]), side="right"))
        index = min(index, len(cumulated) - 1)
        return index if tokens is None else int(tokens[index])

    def _kept(self, scaled: Logits, weights: Logits) -> _Tokens | None:
        """The tokens that top-k and top-p leave, most likely first; None when that is all."""
        top_k, top_p = self._sampling.top_k, self._sampling.top_p
        if 0 < top_k < len(scaled):
            tokens = np.argpartition(scaled, -top_k)[-top_k:]
        elif top_p >= 1.0:
            return None
        else:
            tokens = np.flatnonzero(scaled > -_NEAR_TOP)
            if weights[tokens].sum(dtype=np.float64) < top_p * weights.sum(dtype=np.float64):
                tokens = np.arange(len(scaled))
        # The total that top_p is a share of: what top_k left, or everything.
        total = (weights[tokens] if top_k else weights).sum(dtype=np.float64)
        tokens = tokens[np.lexsort((tokens, -weights[tokens]))]  # equals by id: seeds repeat
        if top_p >= 1.0:
            return tokens
        cumulated = np.cumsum(weights[tokens], dtype=np.float64)
        return tokens[: int(cumulated.searchsorted(top_p * float(total))) + 1]
