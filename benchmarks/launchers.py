"""How both servers are started for each part of the suite: the same model, threads and memory, each
with what helps it there. README.md gives the reasons.

It knows nothing of what is measured on them.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Launcher, peer_launcher, senryu_launcher

__all__ = [
    "TOOLS_TEMPLATE",
    "Servers",
    "agent_pair",
    "calling_pair",
    "drafting_pair",
    "plain_pair",
    "sharing_pair",
    "steady_launcher",
]

TOOLS_TEMPLATE = Path(__file__).parent / "data" / "peer-tools.jinja"
"""For the other server, which tells a model of tools only if its chat template does."""

_SLOTS = 16
_NO_CACHE = "cache_entries = 0\n"
# Not a default of the setting: nearly everything here is shorter than what is worth keeping.
_KEEP_SHORT = "cache_min_tokens = 16\n"
_NOTHING_KEPT = "cache_disk_mb = 0\n"  # or a second run would find what the first one left
_PEER_PLAIN = ("--kv-unified", "--no-cache-prompt", "--cache-ram", "0")
# Memory of its own for each of eight requests at a time: in memory that all share, the other server
# answered 79 of the 200 requests in 41 minutes.
_PEER_CALLING = (
    *("--no-kv-unified", "--no-cache-prompt", "--cache-ram", "0"),
    *("--parallel", "8", "--ctx-size", str(8 * 3072)),
)
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


def calling_pair(servers: Servers, cells: int, *, has_tools: bool) -> tuple[Launcher, ...]:
    """For calls of tools: no prompt caches, and a chat template that the other server needs.

    Arguments:
        servers: what all parts have in common.
        cells: tokens of KV memory.
        has_tools: whether the model's own template tells it of tools.
    """
    peer_args = (*_PEER_CALLING, *_template(has_tools))
    return _pair(servers, cells, _NO_CACHE, peer_args, "calls of tools")


def agent_pair(servers: Servers, cells: int, *, has_tools: bool) -> tuple[Launcher, ...]:
    """For the long conversations of a few agents: prompt caches, any part of memory for each.

    Arguments:
        servers: what all parts have in common.
        cells: tokens of KV memory.
        has_tools: whether the model's own template tells it of tools.
    """
    peer_args = ("--kv-unified", "--cache-prompt", *_template(has_tools))
    return _pair(servers, cells, _NOTHING_KEPT, peer_args, "agents")


def steady_launcher(servers: Servers, cells: int) -> Launcher:
    """Senryu without drafts, which would help one text more than another."""
    return _pair(servers, cells, f"{_NO_CACHE}speculation = false\n", (), "no drafts")[0]


def sharing_pair(servers: Servers, cells: int) -> tuple[Launcher, ...]:
    """For prompts that share beginnings: prompt caches, memory for each slot of the other."""
    return _pair(servers, cells, _KEEP_SHORT, _PEER_SHARING, "prompts shared")


def _template(has_tools: bool) -> tuple[str, ...]:
    return () if has_tools else ("--chat-template-file", str(TOOLS_TEMPLATE))


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
