"""How both servers are started for each part of the suite: the same model, threads and memory, each
with what helps it there. README.md gives the reasons.

It knows nothing of what is measured on them.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Launcher, peer_launcher, senryu_launcher

__all__ = ["Servers", "drafting_pair", "plain_pair", "sharing_pair"]

_SLOTS = 16
_NO_CACHE = "cache_entries = 0\n"
# Not a default of the setting: nearly everything here is shorter than what is worth keeping.
_KEEP_SHORT = "cache_min_tokens = 16\n"
_PEER_PLAIN = ("--kv-unified", "--no-cache-prompt", "--cache-ram", "0")
_PEER_SHARING = ("--no-kv-unified", "--cache-prompt")
_PEER_DRAFTS = ("--spec-type", "ngram-simple")


@dataclass(frozen=True, slots=True)
class Servers:
    """What all parts have in common.

    Arguments:
        model: the GGUF file of both.
        peer: the other server's program, None if there is none.
        threads: native threads of both.
        extra: further arguments of the other server, which win over those here.
    """

    model: Path
    peer: Path | None
    threads: int
    extra: tuple[str, ...] = ()


def plain_pair(servers: Servers, cells: int) -> tuple[Launcher, ...]:
    """For prompts that share nothing: no prompt caches."""
    return _pair(servers, cells, _NO_CACHE, _PEER_PLAIN, "nothing shared")


def drafting_pair(servers: Servers, cells: int) -> tuple[Launcher, ...]:
    """The same, the other server drafting from what it has seen."""
    return _pair(servers, cells, _NO_CACHE, (*_PEER_PLAIN, *_PEER_DRAFTS), "with drafts")


def sharing_pair(servers: Servers, cells: int) -> tuple[Launcher, ...]:
    """For prompts that share beginnings: prompt caches, memory for each slot of the other."""
    return _pair(servers, cells, _KEEP_SHORT, _PEER_SHARING, "prompts shared")


def _pair(
    servers: Servers, cells: int, settings: str, peer_args: tuple[str, ...], variant: str
) -> tuple[Launcher, ...]:
    own = senryu_launcher(
        servers.model, threads=servers.threads, cells=cells, settings=settings, variant=variant
    )
    if servers.peer is None:
        return (own,)
    return own, peer_launcher(
        servers.peer,
        servers.model,
        threads=servers.threads,
        cells=cells,
        slots=_SLOTS,
        extra=(*peer_args, *servers.extra),
        variant=variant,
    )
