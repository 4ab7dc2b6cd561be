"""Request bodies: their fields and types, and how JSON bytes become them.

Fields of the API that Senryu does not serve yet are listed too: a known field is never dropped in
silence. What a request may mean is not decided here.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from senryu.wire.base import PlainText, WireModel
from senryu.wire.blocks import CacheControl, Content, SystemPrompt
from senryu.wire.context_management import ContextEdits
from senryu.wire.tools import Tool, ToolChoice

__all__ = [
    "CountTokensRequest",
    "Diagnostics",
    "InputMessage",
    "JsonOutputFormat",
    "MessagesRequest",
    "Metadata",
    "OutputConfig",
    "Thinking",
    "ThinkingAdaptive",
    "ThinkingBetweenTools",
    "ThinkingDisabled",
    "ThinkingEnabled",
]

_MAX_MESSAGES = 100_000  # API reference, `messages`
_MAX_TOOLS = 10_000  # API: tool search, the most tools of a catalogue
_MAX_STOP_SEQUENCES = 64  # ours: bounds the matcher's memory
_MAX_STOP_SEQUENCE_LENGTH = 256  # ours, likewise, in characters
_MAX_USER_ID_LENGTH = 4096  # ours; agents send a JSON document here

_Display = Literal["summarized", "omitted", "updates"]


class InputMessage(WireModel):
    """One message of the conversation. Agents also send ``system`` ones in between."""

    role: Literal["user", "assistant", "system"]
    content: Content


class ThinkingEnabled(WireModel):
    """Reasoning with a budget in tokens."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]
    display: _Display | None = None


class ThinkingDisabled(WireModel):
    """No reasoning."""

    type: Literal["disabled"]


class ThinkingAdaptive(WireModel):
    """The model decides whether to reason."""

    type: Literal["adaptive"]
    display: _Display | None = None


class ThinkingBetweenTools(WireModel):
    """No reasoning but progress notes between tool calls."""

    type: Literal["between_tools"]


Thinking = Annotated[
    ThinkingEnabled | ThinkingDisabled | ThinkingAdaptive | ThinkingBetweenTools,
    Field(discriminator="type"),
]


class JsonOutputFormat(WireModel):
    """The reply must be JSON that satisfies a schema."""

    type: Literal["json_schema"]
    json_schema: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(WireModel):
    """How hard to try, and which shape the reply must have."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonOutputFormat | None = None
    task_budget: dict[str, Any] | None = None


class Metadata(WireModel):
    """Who the request is for; opaque, never logged."""

    user_id: Annotated[str, Field(max_length=_MAX_USER_ID_LENGTH)] | None = None


class Diagnostics(WireModel):
    """Asks why the prompt cache missed."""

    previous_message_id: str | None = None


class CountTokensRequest(WireModel):
    """The body of ``POST /v1/messages/count_tokens``: everything that shapes the prompt."""

    model: Annotated[str, Field(min_length=1, max_length=256)]
    messages: Annotated[list[InputMessage], Field(max_length=_MAX_MESSAGES)]
    system: SystemPrompt | None = None
    tools: Annotated[list[Tool], Field(max_length=_MAX_TOOLS)] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: JsonOutputFormat | None = None
    cache_control: CacheControl | None = None
    context_management: ContextEdits | None = None
    mcp_servers: list[dict[str, Any]] | None = None
    thread: dict[str, Any] | None = None
    speed: Literal["standard", "fast"] | None = None

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """The schema that the whole answer must satisfy, whichever field brought it."""
        asked = (self.output_config and self.output_config.format) or self.output_format
        return asked.json_schema if asked else None


class MessagesRequest(CountTokensRequest):
    """The body of ``POST /v1/messages``. ``max_tokens`` 0 only fills the prompt cache."""

    max_tokens: Annotated[int, Field(ge=0, le=2**31 - 1)]
    stream: bool | None = None
    stop_sequences: (
        Annotated[
            list[Annotated[PlainText, Field(max_length=_MAX_STOP_SEQUENCE_LENGTH)]],
            Field(max_length=_MAX_STOP_SEQUENCES),
        ]
        | None
    ) = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    container: Any = None
    diagnostics: Diagnostics | None = None
    user_profile_id: str | None = None
