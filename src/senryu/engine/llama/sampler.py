"""Choosing the next token from logits.

Temperature first, then top-k, then top-p: the order of the reference implementations for which
model cards recommend their values. Where only some tokens are allowed, a token is chosen as if all
were, and only if that one is not, among the others: what is allowed is asked for one token in a
microsecond, for all of them in many. Pure numpy; a sampler's only state is its random generator, so
it outlives a preemption.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from senryu.core import Sampling

__all__ = ["Allowed", "Logits", "Sampler", "greedy"]

Logits = np.ndarray[Any, np.dtype[np.float32]]
_Indices = np.ndarray[Any, np.dtype[np.intp]]
_Weights = np.ndarray[Any, np.dtype[np.float32]]
_Sums = np.ndarray[Any, np.dtype[np.float64]]
_Flags = np.ndarray[Any, np.dtype[np.bool_]]

# Sorting a vocabulary takes longer than all the rest. Tokens that weigh no more than one of these
# are left out as long as the others do; below the last one all together weigh less than rounding.
_FLOORS = tuple(float(np.exp(-power)) for power in (2.0, 5.0, 8.0, 11.0, 14.0, 24.0))
_UNLIKELY = _FLOORS[2]
_COLDEST = 1e-4  # as good as greedy, and nothing overflows
_BLOCK = 256  # tokens whose weights are summed before one of them is looked for


class Allowed(Protocol):
    """Which tokens may be chosen, at least one."""

    def allows(self, token: int) -> bool:
        """Whether a token may, unless ``mask`` knows better."""
        ...

    def mask(self) -> bytes:
        """A bit for each token, lowest first."""
        ...


def greedy(logits: Logits, allowed: Allowed | None = None) -> int:
    """The most likely token of those allowed, the lowest id among equals."""
    best = int(logits.argmax())
    if allowed is None or allowed.allows(best):
        return best
    tokens = np.flatnonzero(_flags(allowed, len(logits)))
    return int(tokens[logits[tokens].argmax()])


class Sampler:
    """One job's sampling.

    Arguments:
        sampling: temperature above 0, top-k, top-p; without a seed the replies differ.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._temperature = max(sampling.temperature, _COLDEST)
        seed = None if sampling.seed is None else sampling.seed & 0xFFFF_FFFF_FFFF_FFFF
        self._random = np.random.default_rng(seed)

    def sample(self, logits: Logits, allowed: Allowed | None = None) -> int:
        """Draw a token from one row of logits.

        The distribution is what temperature, top-k and top-p make of the model's, and of that the
        part which is allowed: a token that is not is drawn again among the others. Where hardly
        anything of it is allowed, it is what they make of the allowed tokens alone.
        """
        tokens, weights = self._candidates(logits)
        token = self._draw(tokens, weights)
        if allowed is None or allowed.allows(token):
            return token
        flags = _flags(allowed, len(logits))
        weights = weights * (flags if tokens is None else flags[tokens])
        if weights.max() > _UNLIKELY:
            return self._draw(tokens, weights)
        row = np.flatnonzero(flags)
        return int(row[self._draw(*self._candidates(logits[row]))])

    def _candidates(self, logits: Logits) -> tuple[_Indices | None, _Weights]:
        """The tokens to draw from, None for all, and their weights, of which the greatest is 1."""
        weights = logits - logits.max()
        weights /= np.float32(self._temperature)
        np.exp(weights, out=weights)
        kept = self._kept(weights)
        return kept, weights if kept is None else weights[kept]

    def _draw(self, tokens: _Indices | None, weights: _Weights) -> int:
        """One of the tokens; exactly one random number is drawn, whatever they are."""
        place = _locate(weights, self._random.random())
        return place if tokens is None else int(tokens[place])

    def _kept(self, weights: _Weights) -> _Indices | None:
        """Which weights top-k and top-p leave; None when that is all."""
        top_k, top_p = self._sampling.top_k, self._sampling.top_p
        kept = _greatest(weights, top_k) if 0 < top_k < len(weights) else None
        if top_p >= 1.0:
            return kept
        return _nucleus(weights, top_p) if kept is None else kept[_nucleus(weights[kept], top_p)]


def _greatest(weights: _Weights, number: int) -> _Indices:
    """Where so many of the greatest ones are, or all that count."""
    likely = _likely(weights, lambda found: len(found) >= number)
    if len(likely) <= number:
        return likely
    return likely[np.argpartition(weights[likely], -number)[-number:]]


def _nucleus(weights: _Weights, top_p: float) -> _Indices:
    """Where the greatest ones are that add up to a share of all; of equals all or none."""
    wanted = top_p * float(weights.sum(dtype=np.float64))
    likely = _likely(weights, lambda found: float(found.sum(dtype=np.float64)) >= wanted)
    found = weights[likely]
    falling = np.sort(found)[::-1]
    place = int(falling.cumsum(dtype=np.float64).searchsorted(wanted))
    return likely[found >= falling[min(place, len(falling) - 1)]]


def _likely(weights: _Weights, is_enough: Callable[[_Weights], bool]) -> _Indices:
    """Where the weights above the highest floor are that leaves enough, or the lowest one."""
    likely = np.flatnonzero(weights > _FLOORS[0])
    for floor in _FLOORS[1:]:
        if is_enough(weights[likely]):
            break
        likely = np.flatnonzero(weights > floor)
    return likely


def _locate(weights: _Weights, share: float) -> int:
    """The place up to which the weights add up to more than a share of all, below 1.

    The block is found first, then the place in it: a vocabulary's running sum is slow.
    """
    whole = len(weights) // _BLOCK * _BLOCK
    blocks = weights[:whole].reshape(-1, _BLOCK).sum(axis=1, dtype=np.float64)
    sums = np.append(blocks, weights[whole:].sum(dtype=np.float64)).cumsum()
    target = share * float(sums[-1])
    block = _first_beyond(sums, target)
    first = block * _BLOCK
    within = weights[first : first + _BLOCK].cumsum(dtype=np.float64)
    return first + _first_beyond(within, target - float(sums[block - 1]) if block else target)


def _first_beyond(sums: _Sums, target: float) -> int:
    """The first place beyond a target, but, as sums are rounded, none that adds nothing."""
    last = int(sums.searchsorted(float(sums[-1])))
    return min(int(sums.searchsorted(target, side="right")), last)


def _flags(allowed: Allowed, num_tokens: int) -> _Flags:
    """For each token whether it is allowed."""
    bits = np.frombuffer(allowed.mask(), dtype=np.uint8)
    return np.unpackbits(bits, count=num_tokens, bitorder="little").view(np.bool_)
