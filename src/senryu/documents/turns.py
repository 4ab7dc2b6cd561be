"""Who goes now and who waits, so that no workspace waits for all that another one wants."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from anyio import CapacityLimiter

__all__ = ["Turns"]


class Turns:
    """So many at once, and of one workspace no more than its share: others go in between.

    Arguments:
        most: how many at once.
        of_one: how many of these may be one workspace's.

    Attributes:
        num_waiting: how many wait now.
    """

    def __init__(self, most: int, *, of_one: int) -> None:
        self.num_waiting = 0
        self._all = CapacityLimiter(most)
        self._of_one = of_one
        self._shares: WeakValueDictionary[str, CapacityLimiter] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, workspace: str) -> AsyncGenerator[None]:
        """A turn of a workspace's, once it comes. Those of one workspace come in their order."""
        async with AsyncExitStack() as held:
            self.num_waiting += 1
            try:
                await held.enter_async_context(self._share(workspace))
                await held.enter_async_context(self._all)
            finally:
                self.num_waiting -= 1
            yield

    def _share(self, workspace: str) -> CapacityLimiter:
        share = self._shares.get(workspace)
        if share is None:
            share = self._shares[workspace] = CapacityLimiter(self._of_one)
        return share
