"""Saved blocks of KV memory, outside of it: in RAM, and those with a lifetime also as files.

Bytes in, bytes out: it knows no native code, no job and no scheduler. Nothing that goes wrong with
a file is more than a block that is missing and a line in the log.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from senryu.engine.llama.snapshot_files import (
    ENTRIES,
    MAX_LIFETIME_S,
    BlockFolder,
    DamagedFileError,
    file_bytes,
    namespace_digest,
    reason,
)
from senryu.engine.llama.snapshot_index import Block, Index
from senryu.engine.llama.snapshot_writer import Troubles, Writer

__all__ = ["SnapshotStats", "SnapshotStore"]

_KEY_DIGITS = 64
_NO_NAMESPACE = bytes(32)


@dataclass(frozen=True, slots=True)
class SnapshotStats:
    """What a store holds.

    Arguments:
        num_blocks: blocks in RAM or on disk, those in both counted once.
        ram_bytes: bytes of blocks in RAM.
        disk_bytes: bytes of files.
    """

    num_blocks: int
    ram_bytes: int
    disk_bytes: int


class SnapshotStore:
    """Blocks by key.

    Used from one thread. A thread of its own does everything that changes files, so that only
    ``get`` and ``read_entries`` ever wait for a disk. A lifetime decides what is written, and what
    is given up last; a block in RAM stays usable when its lifetime is over.

    Blocks leave RAM when its bound is reached: first those that no living lifetime protects or that
    a file holds too, then any, and always the least recently used one. Blocks waiting to be
    written are in RAM, so its bound is theirs. Files leave the disk in the order of their expiry,
    the least recently used first where that is equal. As a prefix is worth nothing without its
    first block, blocks of a prefix are best put from its end to its beginning.

    Several stores may share a folder: each keeps its own bound and sees the blocks that were there
    when it opened and those that it wrote.

    Arguments:
        fingerprint: identifies model file, binding version and KV type; files of any other
            fingerprint are none of this store's.
        folder: where fingerprints have their folders.
        max_ram_bytes: bytes of blocks in RAM.
        max_disk_bytes: bytes of files of this fingerprint, without the list of entries; 0 keeps
            everything in RAM.
        clock: seconds since the epoch. It may be moved: nothing lives longer than the longest
            lifetime from any moment at which the store was used.
    """

    def __init__(
        self,
        *,
        fingerprint: str,
        folder: Path,
        max_ram_bytes: int,
        max_disk_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._index = Index(max_ram_bytes=max_ram_bytes, max_disk_bytes=max_disk_bytes, clock=clock)
        self._lock = self._index.changed  # no file is touched while it is held
        self._troubles = Troubles(clock)
        self._folder = BlockFolder(folder, fingerprint)
        self._writer = Writer(self._index, self._folder, self._troubles) if max_disk_bytes else None

    @property
    def stats(self) -> SnapshotStats:
        """What it holds now."""
        with self._lock:
            index = self._index
            return SnapshotStats(index.num_blocks, index.ram_bytes, index.disk_bytes)

    def __contains__(self, key: str) -> bool:
        with self._lock:
            return key in self._index

    def put(self, key: str, namespace: str, data: bytes, *, expires: float = 0.0) -> None:
        """Keep a block instead of what the key named so far, whose life it continues.

        A key that the store contains already is better prolonged by ``extend``, which writes
        nothing again. A block larger than the bound is not kept.

        Arguments:
            key: 64 lower-case hexadecimal digits.
            namespace: who may clear it.
            data: the block.
            expires: when its life ends, in seconds since the epoch; one that has ended is none.

        Raises:
            ValueError: the key is malformed.
        """
        if len(key) != _KEY_DIGITS or bytes.fromhex(key).hex() != key:
            raise ValueError("a key is 64 lower-case hexadecimal digits")
        with self._lock:
            self._index.put(key, Block(namespace_digest(namespace), data, expires))

    def get(self, key: str) -> bytes | None:
        """The block; None if there is none, or no longer.

        It waits for the disk if the block is only there.
        """
        with self._lock:
            block, file = self._index.use(key)
        if block is not None:
            return block.data
        if file is None:
            return None
        try:
            data = self._folder.read(key, file)
        except (DamagedFileError, OSError) as error:
            self._troubles.warn("read", "snapshot %s cannot be read: %s", key, reason(error))
            with self._lock:
                self._index.drop(key)
            return None
        with self._lock:
            self._index.keep_read(key, Block(file.namespace, data, file.expires))
        return data

    def extend(self, keys: Iterable[str], expires: float) -> None:
        """Let blocks live longer, and use them; what is not there is left out.

        Arguments:
            keys: of a prefix, in its order: its first block counts as the most recently used.
            expires: when their life ends, in seconds since the epoch; never sooner than before.
        """
        with self._lock:
            self._index.extend(keys, expires)

    def forget(self, namespace: str) -> None:
        """Clear a namespace.

        The store has forgotten at once; files go soon after, surely when ``flush`` has returned.
        """
        with self._lock:
            self._index.forget(namespace_digest(namespace))

    def write_entries(self, data: bytes) -> None:
        """Keep the list of living entries on disk, instead of the last one."""
        with self._lock:
            if file_bytes(len(data)) <= self._index.max_disk_bytes:
                expires = self._index.now() + MAX_LIFETIME_S
                self._index.tasks.entries = Block(_NO_NAMESPACE, data, expires)
                self._lock.notify_all()

    def read_entries(self) -> bytes | None:
        """The last list of living entries, None if there is none or it is damaged."""
        with self._lock:
            if self._index.tasks.entries is not None:
                return self._index.tasks.entries.data
        if self._writer is None:
            return None
        try:
            return self._folder.read_entries(self._index.max_disk_bytes)
        except FileNotFoundError:
            return None
        except (DamagedFileError, OSError) as error:
            self._troubles.warn("read", "the list of snapshots cannot be read: %s", reason(error))
            with self._lock:
                self._index.tasks.deleted.add(ENTRIES)
                self._lock.notify_all()
            return None

    def flush(self, timeout_s: float) -> bool:
        """Wait until the files are as they should be, none of them expired.

        Returns:
            whether everything is on disk; at once False while writing pauses after a failure.
        """
        return self._writer is None or self._writer.flush(timeout_s)

    def close(self) -> None:
        """Stop writing files; what is not on disk yet will not be. The store is then of no use."""
        if self._writer is not None:
            self._writer.close()
