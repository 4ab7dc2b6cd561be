"""A bounded memory per workspace: what was not used for longest is forgotten first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Bounded"]

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Bounded(Generic[_K, _V]):
    """Values by key, of several workspaces that never see each other's.

    Arguments:
        max_cost: bound on the costs of all values of one workspace together.
    """

    def __init__(self, max_cost: int) -> None:
        self._max_cost = max_cost
        self._shelves: dict[str, _Shelf[_K, _V]] = {}

    def get(self, workspace: str, key: _K) -> _V | None:
        """The value, which is now the one used last; None if there is none."""
        shelf = self._shelves.get(workspace)
        if shelf is None or key not in shelf.values:
            return None
        shelf.values.move_to_end(key)
        return shelf.values[key][0]

    def keep(self, workspace: str, key: _K, value: _V, *, cost: int) -> None:
        """Keep a value under a key that has none; the first one stays.

        Arguments:
            cost: its share of the bound; a value above the bound is not kept.
        """
        shelf = self._shelves.setdefault(workspace, _Shelf())
        if key in shelf.values or cost > self._max_cost:
            return
        shelf.values[key] = value, cost
        shelf.cost += cost
        while shelf.cost > self._max_cost:
            _, (_, freed) = shelf.values.popitem(last=False)
            shelf.cost -= freed


class _Shelf(Generic[_K, _V]):
    """One workspace's values with their costs."""

    def __init__(self) -> None:
        self.values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self.cost = 0
