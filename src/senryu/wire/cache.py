"""What the prompt cache keeps, as Senryu's own routes tell it; the API has no such thing."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel

__all__ = ["CacheCleared", "CacheList", "CacheQuery", "CachedPrefixInfo"]


class CacheQuery(WireModel):
    """Of which model; all of them if it is left out."""

    model: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class CachedPrefixInfo(WireModel):
    """A beginning of prompts that is kept.

    ``ttl`` and ``expires_in_seconds`` are null for one that no ``cache_control`` asked for: it goes
    when its room is needed.
    """

    model: str
    type: Literal["prefix"] = "prefix"
    tokens: int
    uses: int
    ttl: Literal["5m", "1h"] | None
    expires_in_seconds: float | None


class CacheList(WireModel):
    """Everything that is kept for one workspace."""

    data: list[CachedPrefixInfo]


class CacheCleared(WireModel):
    """How many prefixes were dropped."""

    deleted: int
