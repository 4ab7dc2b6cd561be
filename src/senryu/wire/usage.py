"""Token counts as replies report them. Field names and nulls follow the SDK's ``Usage``."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel
from senryu.wire.context_management import OriginalTokens

__all__ = [
    "CacheCreation",
    "DeltaUsage",
    "OutputTokensDetails",
    "ServiceTier",
    "TokenCount",
    "Usage",
]

ServiceTier = Literal["standard", "priority"]


class CacheCreation(WireModel):
    """Tokens written to the prompt cache, by lifetime."""

    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class OutputTokensDetails(WireModel):
    """How the reply's tokens were spent; markers around reasoning count as reasoning."""

    thinking_tokens: int = 0


class Usage(WireModel):
    """A message's token counts; prompt tokens in all are the sum of the three input figures."""

    input_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation: CacheCreation = CacheCreation()
    output_tokens: int
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()
    service_tier: ServiceTier = "standard"
    inference_geo: None = None
    server_tool_use: None = None


class DeltaUsage(WireModel):
    """The counts at the end of a stream, cumulative."""

    input_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()


class TokenCount(WireModel):
    """The reply of ``POST /v1/messages/count_tokens``; the context's edits are made already."""

    input_tokens: int
    context_management: Annotated[
        OriginalTokens | None, Field(exclude_if=lambda value: value is None)
    ] = None
