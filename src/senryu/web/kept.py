"""What was downloaded a few minutes ago, so that the next turn of a conversation says the same."""

import asyncio
from dataclasses import dataclass
from typing import Final

__all__ = ["Download", "Kept"]

_MAX_BYTES: Final = 64 * 1024 * 1024
_ENTRY_COST: Final = 1024


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was fetched.

    Arguments:
        media_type: what its server says it is, in lower case and without parameters.
        data: its bytes.
    """

    media_type: str
    data: bytes


class Kept:
    """Downloads by workspace and URL. The oldest make room for new ones.

    Arguments:
        lifetime_s: how long each is kept.
    """

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._entries: dict[tuple[str, str], tuple[Download, asyncio.TimerHandle]] = {}
        self._num_bytes = 0

    def get(self, workspace: str, url: str) -> Download | None:
        """What the workspace had from there; None if that is too long ago."""
        entry = self._entries.get((workspace, url))
        return entry and entry[0]

    def keep(self, workspace: str, url: str, download: Download) -> None:
        """Keep a download for its time, or until newer ones need the room."""
        key = (workspace, url)
        self._forget(key)
        timer = asyncio.get_running_loop().call_later(self._lifetime_s, self._forget, key)
        self._entries[key] = download, timer
        self._num_bytes += _cost(url, download)
        while self._num_bytes > _MAX_BYTES:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: tuple[str, str]) -> None:
        entry = self._entries.pop(key, None)
        if entry:
            download, timer = entry
            timer.cancel()
            self._num_bytes -= _cost(key[1], download)


def _cost(url: str, download: Download) -> int:
    return _ENTRY_COST + len(url) + len(download.data)
