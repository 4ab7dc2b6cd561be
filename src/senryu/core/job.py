"""One generation for an engine, and the chunks that it answers with."""

from dataclasses import dataclass
from enum import StrEnum

from senryu.core.guide import Guide
from senryu.core.image import Image
from senryu.core.prompt import CachePoint

__all__ = [
    "CacheUse",
    "CachedPrefix",
    "Chunk",
    "FinishReason",
    "Job",
    "Sampling",
]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    Arguments:
        temperature: 0 picks the most likely token (greedy); otherwise the softmax temperature.
        top_p: nucleus mass, 1 keeps everything.
        top_k: how many of the most likely tokens to keep, 0 keeps all.
        seed: makes a sampled reply repeatable; None draws a fresh one.
    """

    temperature: float
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One generation for an engine.

    Arguments:
        id: unique among the jobs in flight.
        tokens: the prompt, at least one token.
        max_tokens: how many tokens may be generated; 0 only computes the prompt. The caller has
            checked that ``len(tokens) + max_tokens`` fits the engine's window.
        sampling: how tokens are chosen.
        workspace: whose job it is; engines are fair between workspaces and never share cached
            state between them.
        cache_points: where the prompt should be kept in the cache, positions ascending.
        block_ends: where its content blocks end, positions ascending: what a later prompt that
            begins alike most likely shares.
        priority: whether it goes before jobs that have none.
        guide: what its tokens must keep to.
        images: the pictures that the prompt shows, each once, in any order.
    """

    id: str
    tokens: tuple[int, ...]
    max_tokens: int
    sampling: Sampling
    workspace: str = "default"
    cache_points: tuple[CachePoint, ...] = ()
    block_ends: tuple[int, ...] = ()
    priority: bool = False
    guide: Guide | None = None
    images: tuple[Image, ...] = ()


class FinishReason(StrEnum):
    """Why an engine stopped generating by itself."""

    # the model emitted an end-of-generation token (which no chunk contains), or its guide was done
    END = "end"
    LENGTH = "length"  # max_tokens were generated


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What the prompt cache did for a job, known when its prefill begins.

    Arguments:
        cached: prompt tokens that need no prefill, whatever kept them.
        read: of the prompt, the tokens up to the living entry that a cache point found, else 0.
    """

    cached: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class CachedPrefix:
    """A beginning of prompts that an engine keeps.

    Arguments:
        num_tokens: its length.
        num_uses: how many prompts were begun with it since it is kept.
        lifetime_s: how long it lives after each use, None where no request asked for it and it goes
            when its room is needed.
        expires_in_s: seconds until its lifetime ends unless it is used before, None likewise.
    """

    num_tokens: int
    num_uses: int
    lifetime_s: int | None = None
    expires_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What an engine generated since its last chunk.

    ``text`` is the decoded text of ``tokens``, held back while it ends inside a UTF-8 character,
    so a chunk can have tokens and no text. The first chunk, and no other, has ``cache``; it comes
    when the prompt's prefill begins and may have nothing else. The last chunk, and no other, has
    ``finish``; it may have no tokens. ``num_thinking`` of the tokens are reasoning, which only a
    job with a guide can tell.
    """

    tokens: tuple[int, ...]
    text: str
    finish: FinishReason | None = None
    cache: CacheUse | None = None
    num_thinking: int = 0
