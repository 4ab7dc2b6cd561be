"""Why the prompt cache could not reuse an earlier request's prefix. Shapes follow the SDK's
``Diagnostics`` and its ``CacheMiss...`` types."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel

__all__ = ["CacheDiagnostics", "CacheMissReason", "ChangedPart", "PrefixChanged", "PrefixUnknown"]

ChangedPart = Literal["model_changed", "system_changed", "tools_changed", "messages_changed"]


class PrefixChanged(WireModel):
    """The first part of the prompt that differs from the earlier request's."""

    type: ChangedPart
    cache_missed_input_tokens: int


class PrefixUnknown(WireModel):
    """Nothing was compared, which does not mean that the request changed."""

    type: Literal["previous_message_not_found", "unavailable"]


CacheMissReason = Annotated[PrefixChanged | PrefixUnknown, Field(discriminator="type")]


class CacheDiagnostics(WireModel):
    """What a comparison with the earlier request found."""

    cache_miss_reason: CacheMissReason | None
