"""The thread that makes the files of saved blocks follow their index.

What fails is a line in the log and is tried again later, or the block counts as not on disk.
"""

import logging
import math
import threading
from collections.abc import Callable
from functools import partial

from senryu.engine.llama.snapshot_files import (
    ENTRIES,
    BlockFolder,
    file_bytes,
    reason,
)
from senryu.engine.llama.snapshot_index import Block, Index

__all__ = ["Troubles", "Writer"]

_logger = logging.getLogger("senryu.engine.snapshots")
_RETRY_S = 60.0  # after a failed write
_REPEAT_S = 60.0  # between two equal lines in the log
_SWEEP_S = 60.0  # between two searches for expired files
_WAKE_S = 15.0  # how long the writer sleeps at most before it looks at the clock again
_CLOSE_S = 10.0  # for the file being written when the thread is ended


class Troubles:
    """What goes wrong with files, one line a while for each kind.

    Arguments:
        clock: seconds since the epoch; it may be moved.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logged_at: dict[str, float] = {}

    def warn(self, kind: str, message: str, *args: str) -> None:
        """Log a line, unless one of its kind was logged just now."""
        with self._lock:
            now = self._clock()
            if 0 <= now - self._logged_at.get(kind, -math.inf) < _REPEAT_S:
                return
            self._logged_at[kind] = now
        _logger.warning(message, *args)


class Writer:
    """Everything that changes files, on a thread of its own; what lives there is added at once.

    Arguments:
        index: what the files should be.
        folder: the files.
        troubles: where failures are told.
    """

    def __init__(self, index: Index, folder: BlockFolder, troubles: Troubles) -> None:
        self._index = index
        self._tasks = index.tasks
        self._folder = folder
        self._troubles = troubles
        self._busy = False
        self._closed = False
        now = index.now()
        self._sweep_at = now + _SWEEP_S
        self._retry_at = -math.inf
        try:
            index.add_files(folder.scan(now, index.max_disk_bytes))
        except OSError as error:
            troubles.warn("open", "snapshots cannot be read from disk: %s", reason(error))
        self._thread = threading.Thread(target=self._run, name="snapshot-writer", daemon=True)
        self._thread.start()

    def flush(self, timeout_s: float) -> bool:
        """Wait until the files are as they should be, none of them expired; whether they are."""
        with self._index.changed:
            self._sweep_at = self._index.now()
            self._index.changed.notify_all()
            self._index.changed.wait_for(self._is_idle, timeout_s)
            written = self._tasks.entries is None and not self._tasks.unwritten
            return written and self._is_idle()

    def close(self) -> None:
        """End the thread; what is not on disk yet will not be."""
        with self._index.changed:
            self._closed = True
            self._index.changed.notify_all()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while (task := self._next_task()) is not None:
            task()

    def _next_task(self) -> Callable[[], None] | None:
        with self._index.changed:
            self._busy = False
            while not self._closed:
                now = self._index.now()
                if self._has_task(now):
                    self._busy = True
                    return self._take_task(now)
                self._index.changed.notify_all()  # a flush may be waiting for this
                self._index.changed.wait(_WAKE_S)
            self._index.changed.notify_all()
            return None

    def _is_idle(self) -> bool:
        return self._closed or not (self._busy or self._has_task(self._index.now()))

    def _has_task(self, now: float) -> bool:
        # Should the clock have been moved back, nothing waits longer for it.
        self._sweep_at = min(self._sweep_at, now + _SWEEP_S)
        self._retry_at = min(self._retry_at, now + _RETRY_S)
        if self._tasks.deleted or self._tasks.prolonged or now >= self._sweep_at:
            return True
        waits = self._tasks.entries is not None or bool(self._tasks.pending)
        return waits and now >= self._retry_at

    def _take_task(self, now: float) -> Callable[[], None]:
        tasks = self._tasks
        if tasks.deleted:
            return partial(self._delete, tasks.deleted.pop())
        if tasks.prolonged:
            return partial(self._prolong, *tasks.prolonged.popitem())
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_S
            return partial(self._sweep, self._index.expired(now))
        if tasks.entries is not None:
            return partial(self._save_entries, tasks.entries)
        tasks.writing = key, block = tasks.pending.popitem(last=False)
        return partial(self._save_block, key, block)

    def _delete(self, key: str) -> None:
        try:
            self._folder.delete(key)
        except OSError as error:
            self._troubles.warn("delete", "snapshot %s cannot be deleted: %s", key, reason(error))

    def _prolong(self, key: str, expires: float) -> None:
        try:
            self._folder.prolong(key, expires)
        except OSError as error:
            self._troubles.warn("prolong", "snapshot %s cannot live longer: %s", key, reason(error))
            with self._index.changed:
                self._index.lose_file(key)

    def _sweep(self, keys: list[str]) -> None:
        for key in keys:
            try:
                expires = self._folder.expiry(key)  # another store may have prolonged it
            except OSError:
                expires = 0.0  # gone, or soon to be
            with self._index.changed:
                self._index.expire(key, expires)

    def _save_entries(self, entries: Block) -> None:
        try:
            self._folder.write(
                ENTRIES,
                entries.data,
                namespace=entries.namespace,
                expires=entries.expires,
            )
        except OSError as error:
            self._pause(error)
            return
        with self._index.changed:
            if self._tasks.entries is entries:
                self._tasks.entries = None

    def _save_block(self, key: str, block: Block) -> None:
        with self._index.changed:
            expires = block.expires
            if expires <= self._index.now():
                self._tasks.writing = None
                return
            dropped = self._index.make_room(file_bytes(len(block.data)))
        for other in dropped:
            self._delete(other)
        try:
            file = self._folder.write(key, block.data, namespace=block.namespace, expires=expires)
        except OSError as error:
            self._pause(error)
            file = None
        with self._index.changed:
            self._index.end_write(key, block, file)

    def _pause(self, error: OSError) -> None:
        self._troubles.warn("write", "snapshots cannot be written for now: %s", reason(error))
        with self._index.changed:
            self._retry_at = self._index.now() + _RETRY_S
