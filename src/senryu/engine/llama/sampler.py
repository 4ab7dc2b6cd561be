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
_Indices = np.ndarray[Any, np.dtype[np.intp]]
_Weights = np.ndarray[Any, np.dtype[np.float64]]

# Tokens less likely than exp(-24) of the top one are left out: all of them together weigh less than
# rounding does. Those below exp(-8) are sorted only when the others do not reach top_p.
_NEGLIGIBLE = 24.0
_UNLIKELY = float(np.exp(-8.0))


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
        temperature = self._sampling.temperature
        top = logits.max()
        tokens = np.flatnonzero(logits >= top - np.float32(_NEGLIGIBLE * temperature))
        weights = np.exp((logits[tokens] - top) / np.float32(temperature), dtype=np.float64)
        kept = self._kept(weights)
        if kept is not None:
            tokens, weights = tokens[kept], weights[kept]
        cumulated = weights.cumsum()
        index = int(cumulated.searchsorted(drawn * float(cumulated[-1]), side="right"))
        return int(tokens[min(index, len(tokens) - 1)])

    def _kept(self, weights: _Weights) -> _Indices | None:
        """Which weights top-k and top-p leave, greatest first; None when that is all."""
        top_k, top_p = self._sampling.top_k, self._sampling.top_p
        kept = np.arange(len(weights))
        if 0 < top_k < len(weights):
            kept = np.argpartition(weights, -top_k)[-top_k:]
        elif top_p >= 1.0:
            return None
        wanted = top_p * float(weights[kept].sum())
        likely = kept[weights[kept] > _UNLIKELY]
        if float(weights[likely].sum()) >= wanted and top_p < 1.0:
            kept = likely
        kept = kept[np.lexsort((kept, -weights[kept]))]  # equals by id: seeds repeat
        if top_p >= 1.0:
            return kept
        return kept[: int(weights[kept].cumsum().searchsorted(wanted)) + 1]
