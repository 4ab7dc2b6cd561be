"""What ``cache_control`` means for a job and for its bill. Pure: it knows tokens and no engine.

Rules and words are the API's page on prompt caching: a breakpoint is the end of a block; looking
for an entry, at most 20 block ends are tried, the breakpoint's own being the first; a prefix below
the minimum is not cached, and nothing is said about it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from senryu.core import CachePoint, CacheUse, Conversation, Passage, Picture, Thought, TokenUsage
from senryu.wire.blocks import CacheControl

__all__ = ["CacheRules", "bill", "cache_points", "lifetime_s"]

_LOOKBACK_BLOCKS: Final = 20
_LONG_LIFETIME_S: Final = 3600
_LIFETIMES_S: Final = {None: 300, "5m": 300, "1h": _LONG_LIFETIME_S}


@dataclass(frozen=True, slots=True)
class CacheRules:
    """What a model's operator decides about its prompt cache.

    Arguments:
        min_tokens: shorter prefixes are not cached.
        report_implicit: whether tokens that were found without being asked for count as read.
    """

    min_tokens: int = 4096
    report_implicit: bool = False


def lifetime_s(control: CacheControl | None) -> int | None:
    """Seconds that an entry lives where a breakpoint asks for one."""
    return _LIFETIMES_S[control.ttl] if control else None


def cache_points(
    conversation: Conversation,
    block_ends: tuple[int, ...],
    *,
    automatic_s: int | None,
    rules: CacheRules,
) -> tuple[CachePoint, ...]:
    """Where a prompt is to be kept, positions ascending.

    Arguments:
        conversation: what was rendered.
        block_ends: where its blocks end in the prompt; none if the family could not
            tell, and then nothing is cached by name.
        automatic_s: seconds that the request asks for without naming a block: the last one is
            meant, unless it has a lifetime of its own.
        rules: the minimum.
    """
    blocks = conversation.blocks
    if len(blocks) != len(block_ends):
        return ()
    lifetimes = [None if isinstance(block, Thought) else block.lifetime_s for block in blocks]
    lifetimes[-1] = lifetimes[-1] or automatic_s
    points: list[CachePoint] = []
    earlier: deque[int] = deque(maxlen=_LOOKBACK_BLOCKS - 1)
    for block, end, lifetime in zip(blocks, block_ends, lifetimes, strict=True):
        if lifetime is not None and end >= rules.min_tokens:
            lookback = tuple(e for e in reversed(earlier) if e >= rules.min_tokens)
            points.append(CachePoint(end, lifetime, lookback))
        if not (isinstance(block, Passage | Picture) and block.goes_on):
            earlier.append(end)
    return tuple(points)


def bill(
    num_prompt: int, points: tuple[CachePoint, ...], use: CacheUse, *, rules: CacheRules
) -> TokenUsage:
    """A prompt's tokens by what the cache did with them.

    Up to the highest hit they are read; from there to the last one-hour breakpoint they are written
    for an hour, and to the last breakpoint for five minutes; what follows is plain input.

    Arguments:
        num_prompt: all of them.
        points: where the request asked for entries.
        use: what the engine found.
        rules: whether hits that nobody asked for are reported.
    """
    read = max(use.read, use.cached) if rules.report_implicit else use.read
    long = max((p.position for p in points if p.lifetime_s >= _LONG_LIFETIME_S), default=0)
    last = max((p.position for p in points), default=0)
    return TokenUsage(
        prompt=num_prompt,
        cached=use.cached,
        cache_read=read,
        cache_written_1h=max(long - read, 0),
        cache_written_5m=max(last - max(long, read), 0),
    )
