"""Fair shares: which of several flows has had least of something, for its weight.

A flow is whatever is to be treated fairly, such as a workspace's jobs of one service tier. One that
begins again starts level with the others, so that being away earns no claim. Pure.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

__all__ = ["Shares"]

_F = TypeVar("_F", bound=Hashable)


class Shares(Generic[_F]):
    """What each active flow was charged, divided by its weight."""

    def __init__(self) -> None:
        self._levels: dict[_F, float] = {}

    def begin(self, flow: _F) -> None:
        """A flow is active from now on; nothing happens if it was."""
        if flow not in self._levels:
            self._levels[flow] = min(self._levels.values(), default=0.0)

    def retain(self, active: Collection[_F]) -> None:
        """Only these flows are active still."""
        for flow in [flow for flow in self._levels if flow not in active]:
            del self._levels[flow]

    def charge(self, flow: _F, amount: float, weight: float) -> None:
        """An active flow had so much."""
        self._levels[flow] += amount / weight

    def level(self, flow: _F) -> float:
        """What an active flow has had; the least is next."""
        return self._levels[flow]
