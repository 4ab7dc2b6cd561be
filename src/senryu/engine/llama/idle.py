"""Which of the cache's uses are long ago, counted in rows that were computed since. Pure."""

from collections import deque

__all__ = ["IdleUses"]

# Rows (tokens computed) since its last use after which an entry is idle: each row looks at each of
# its cells, and so many cost more than saving and loading it again.
_IDLE_ROWS = 256


class IdleUses:
    """Counts of uses of a cache, each with the rows that had been computed by then."""

    def __init__(self) -> None:
        self._num_rows = 0
        self._uses_at_rows: deque[tuple[int, int]] = deque()

    def note(self, num_uses: int) -> None:
        """A step begins, and so often were entries used by now."""
        self._uses_at_rows.append((self._num_rows, num_uses))

    def since(self, num_rows: int, *, pending: int) -> int:
        """The uses that are idle when so many rows more are computed; 0 for none.

        Arguments:
            num_rows: of the step.
            pending: rows that the running jobs are known to want, those of the step among them.
        """
        ahead = self._num_rows + pending
        self._num_rows += num_rows
        idle = 0
        while self._uses_at_rows and self._uses_at_rows[0][0] <= ahead - _IDLE_ROWS:
            idle = self._uses_at_rows.popleft()[1]
        if idle:
            self._uses_at_rows.appendleft((ahead - _IDLE_ROWS, idle))
        return idle
