"""Which servers that use a data folder live: each holds a lock in it that ends with its process."""

from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Presence"]

_FOLDER = "servers"
_LOCK_TIMEOUT_S = 10.0


class Presence:
    """A server's sign of life.

    Arguments:
        folder: the data folder, shared with other servers or not.
        name: what this server is called, unlike any other.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder / _FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._lock_of(name)
        self._lock.acquire(timeout=_LOCK_TIMEOUT_S)  # another server may be trying it just now

    def ended(self) -> list[str]:
        """The servers that ended, in whatever way, and are not forgotten."""
        return [file.stem for file in self._folder.glob("*.lock") if self._can_be_locked(file)]

    def forget(self, name: str) -> None:
        """Remove the sign of a server that ended, once nothing is left of what it did."""
        self._file(name).unlink(missing_ok=True)

    def close(self) -> None:
        """End this server's life; what it left is cleared away by the next one."""
        self._lock.release()

    def _can_be_locked(self, file: Path) -> bool:
        lock = self._lock_of(file.stem)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        lock.release()
        return True

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def _lock_of(self, name: str) -> FileLock:
        # released by whichever thread closes the server
        return FileLock(self._file(name), thread_local=False)
