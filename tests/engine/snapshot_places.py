"""A folder for saved blocks, a clock that only tests move, and blocks that can be told apart."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from senryu.engine.llama.snapshots import SnapshotStore

__all__ = [
    "FLUSH_S",
    "HOUR",
    "LARGE",
    "START",
    "Clock",
    "Place",
    "block",
    "flip_a_byte",
    "held",
    "key",
    "put",
    "rewrite",
]

START = 1_800_000_000.0
HOUR = 3600.0
FLUSH_S = 30.0
LARGE = 1 << 30


@dataclass
class Clock:
    """A wall clock that only tests move."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """A folder, a clock, and the stores opened there."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    opened: list[SnapshotStore] = field(default_factory=list[SnapshotStore])

    def open(
        self, *, fingerprint: str = "model", ram: int = LARGE, disk: int = LARGE
    ) -> SnapshotStore:
        store = SnapshotStore(
            fingerprint=fingerprint,
            folder=self.folder,
            max_ram_bytes=ram,
            max_disk_bytes=disk,
            clock=self.clock,
        )
        self.opened.append(store)
        return store

    def reopen(self) -> SnapshotStore:
        """A restart that leaves no write undone."""
        assert self.opened[-1].flush(FLUSH_S)
        self.opened[-1].close()
        return self.open()

    def close(self) -> None:
        for store in self.opened:
            store.close()

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.kv"))

    def file(self, name: str) -> Path:
        return next(path for path in self.files if path.stem == key(name))


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def block(name: str, size: int = 1000) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


def put(store: SnapshotStore, *names: str, size: int = 1000, lifetime_s: float = HOUR) -> None:
    for name in names:
        store.put(key(name), "team", block(name, size), expires=START + lifetime_s)


def held(store: SnapshotStore, *names: str) -> list[str]:
    """Which blocks come back, each checked."""
    found: list[str] = []
    for name in names:
        data = store.get(key(name))
        assert data is None or data == block(name, len(data))
        found += [name] if data else []
    return found


def rewrite(path: Path, data: bytes) -> None:
    expires = path.stat().st_mtime
    path.write_bytes(data)
    os.utime(path, (expires, expires))


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    rewrite(path, bytes(data))
