"""The account of saved blocks: which are in RAM and in files, and what is still to do to the files.

It touches no file and starts no thread. Whoever calls it or looks at it holds ``changed``.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from senryu.engine.llama.snapshot_files import MAX_LIFETIME_S, BlockFile, file_bytes

__all__ = ["Block", "Index", "Tasks"]


@dataclass(slots=True, eq=False)
class Block:
    """A block in RAM.

    Arguments:
        namespace: digest of the namespace it belongs to.
        data: its bytes.
        expires: when its life ends, in seconds since the epoch.
    """

    namespace: bytes
    data: bytes
    expires: float


@dataclass(slots=True)
class Tasks:
    """What is to be done to files, in the order in which it is done.

    Arguments:
        deleted: keys of files to delete: before all writes, as what replaces a block must not be
            deleted for it.
        prolonged: when the lives of files end, by key.
        entries: the list of living entries, if it is to be written.
        pending: blocks to write.
        writing: the block being written; None too once it is no longer wanted.
    """

    deleted: set[str] = field(default_factory=set[str])
    prolonged: dict[str, float] = field(default_factory=dict[str, float])
    entries: Block | None = None
    pending: OrderedDict[str, Block] = field(default_factory=OrderedDict[str, Block])
    writing: tuple[str, Block] | None = None

    @property
    def unwritten(self) -> list[tuple[str, Block]]:
        """The blocks that are on their way to the disk."""
        return [*self.pending.items(), *([self.writing] if self.writing else [])]


class Index:
    """Blocks by key.

    Arguments:
        max_ram_bytes: bytes of blocks in RAM.
        max_disk_bytes: bytes of files; 0 if there shall be none.
        clock: seconds since the epoch; it may be moved.
    """

    def __init__(
        self, *, max_ram_bytes: int, max_disk_bytes: int, clock: Callable[[], float]
    ) -> None:
        self.max_disk_bytes = max_disk_bytes
        # Notified when there is something new to do, and by the writer when nothing is left.
        self.changed = threading.Condition()
        self.tasks = Tasks()
        self.num_blocks = 0  # those in RAM and in a file counted once
        self.ram_bytes = 0
        self.disk_bytes = 0
        self._max_ram_bytes = max_ram_bytes
        self._clock = clock
        self._latest = clock()
        # Both: least recently used first.
        self._ram: OrderedDict[str, Block] = OrderedDict()
        self._files: OrderedDict[str, BlockFile] = OrderedDict()

    def now(self) -> float:
        """The time; should the clock have been moved back, no life is longer for it."""
        now = self._clock()
        if now < self._latest:
            latest = now + MAX_LIFETIME_S
            for block in self._ram.values():
                block.expires = min(block.expires, latest)
            for key, file in self._files.items():
                if file.expires > latest:
                    self._prolong(key, file, latest)
        self._latest = now
        return now

    # What is held

    def __contains__(self, key: str) -> bool:
        now = self.now()
        file = self._files.get(key)
        return key in self._ram or (file is not None and file.expires > now)

    def use(self, key: str) -> tuple[Block | None, BlockFile | None]:
        """A block in RAM and its file, a living one; they now count as the last that were used."""
        now = self.now()
        block, file = self._ram.get(key), self._files.get(key)
        if block is not None:
            self._ram.move_to_end(key)
        if file is not None:
            self._files.move_to_end(key)
        return block, file if file is not None and file.expires > now else None

    def put(self, key: str, block: Block) -> None:
        """Keep a block instead of what the key named so far, whose life it continues."""
        now = self.now()
        held = (block, self._ram.get(key), self._files.get(key))
        expires = max(item.expires for item in held if item is not None)
        block.expires = min(expires, now + MAX_LIFETIME_S)
        self.drop(key)
        self._keep(key, block)
        self._queue(key, block, now)
        self._evict(now)

    def keep_read(self, key: str, block: Block) -> None:
        """Keep a block in RAM that was read from its file."""
        self._keep(key, block)
        self._evict(self.now())

    def extend(self, keys: Iterable[str], expires: float) -> None:
        """Let blocks live longer, and use them from the last to the first."""
        now = self.now()
        expires = min(expires, now + MAX_LIFETIME_S)
        if expires <= now:
            return
        for key in reversed(list(keys)):
            self._extend(key, expires, now)
        self._evict(now)

    def forget(self, namespace: bytes) -> None:
        """Drop a namespace's blocks."""
        held: list[tuple[str, Block | BlockFile]] = [
            *self._ram.items(),
            *self._files.items(),
            *self.tasks.unwritten,  # the one being written may have left RAM
        ]
        for key, item in held:
            if item.namespace == namespace:
                self.drop(key)

    def drop(self, key: str) -> None:
        """Drop a block everywhere."""
        self._drop_from_ram(key)
        if self.tasks.writing and self.tasks.writing[0] == key:
            self.tasks.writing = None
        self._drop_file(key)

    # For the writer

    def add_files(self, found: dict[str, BlockFile]) -> None:
        """Take the files that there were before, as many as the bound allows."""
        for key, file in found.items():
            self._add_file(key, file)
        self.tasks.deleted.update(self.make_room(0))

    def make_room(self, num_bytes: int) -> list[str]:
        """Drop files until ``num_bytes`` more fit on the disk; returns the keys to delete first."""
        dropped: list[str] = []
        while self._files and self.disk_bytes + num_bytes > self.max_disk_bytes:
            first = min(self._files, key=lambda key: self._files[key].expires)
            self._forget_file(first)
            dropped.append(first)
        return dropped

    def end_write(self, key: str, block: Block, file: BlockFile | None) -> None:
        """The block that was being written has got its file, or None if writing failed."""
        wanted, self.tasks.writing = self.tasks.writing == (key, block), None
        if file is None:
            if wanted:
                self._queue(key, block, self.now())
        elif wanted:
            self._add_file(key, file)
            if block.expires != file.expires:
                self._prolong(key, file, block.expires)
        else:  # forgotten or replaced while it was written
            self.tasks.deleted.add(key)

    def lose_file(self, key: str) -> None:
        """Drop a file that is not as it should be; its block in RAM is written again."""
        self._drop_file(key)
        block = self._ram.get(key)
        if block is not None:
            self._queue(key, block, self.now())

    def expired(self, now: float) -> list[str]:
        """Keys of the files whose life is over."""
        return [key for key, file in self._files.items() if file.expires <= now]

    def expire(self, key: str, expires: float) -> None:
        """Drop a file whose life is over, unless another store has prolonged it to ``expires``."""
        now = self.now()
        file = self._files.get(key)
        if file is None or file.expires > now:
            return
        if expires > now:
            file.expires = min(expires, now + MAX_LIFETIME_S)
        else:
            self._drop_file(key)

    # Steps of these

    def _extend(self, key: str, expires: float, now: float) -> None:
        block = self._ram.get(key)
        file = self._files.get(key)
        if block is not None:
            block.expires = max(block.expires, expires)
            self._ram.move_to_end(key)
            if file is None:
                self._queue(key, block, now)
        if file is not None and (block is not None or file.expires > now):
            self._prolong(key, file, max(file.expires, expires))
            self._files.move_to_end(key)

    def _prolong(self, key: str, file: BlockFile, expires: float) -> None:
        file.expires = expires
        self.tasks.prolonged[key] = expires
        self.changed.notify_all()

    def _queue(self, key: str, block: Block, now: float) -> None:
        """Have a block written, if it should and can be and is not already on its way."""
        fits = file_bytes(len(block.data)) <= self.max_disk_bytes
        if not fits or block.expires <= now:
            return
        if self._ram.get(key) is block and self.tasks.writing != (key, block):
            self.tasks.pending.setdefault(key, block)
            self.changed.notify_all()

    def _keep(self, key: str, block: Block) -> None:
        if len(block.data) <= self._max_ram_bytes:
            self._ram[key] = block
            self.ram_bytes += len(block.data)
            self.num_blocks += key not in self._files

    def _evict(self, now: float) -> None:
        while self.ram_bytes > self._max_ram_bytes:
            unprotected = (
                key
                for key, block in self._ram.items()
                if block.expires <= now or key in self._files
            )
            self._drop_from_ram(next(unprotected, next(iter(self._ram))))

    def _drop_from_ram(self, key: str) -> None:
        block = self._ram.pop(key, None)
        self.tasks.pending.pop(key, None)
        if block is not None:
            self.ram_bytes -= len(block.data)
            self.num_blocks -= key not in self._files

    def _add_file(self, key: str, file: BlockFile) -> None:
        self._files[key] = file
        self.disk_bytes += file.size
        self.num_blocks += key not in self._ram

    def _drop_file(self, key: str) -> None:
        if self._forget_file(key):
            self.tasks.deleted.add(key)
            self.changed.notify_all()

    def _forget_file(self, key: str) -> bool:
        file = self._files.pop(key, None)
        self.tasks.prolonged.pop(key, None)
        if file is None:
            return False
        self.disk_bytes -= file.size
        self.num_blocks -= key not in self._ram
        return True
