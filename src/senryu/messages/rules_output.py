"""Rules of the answer: its limits, its sampling and its form."""

from senryu.messages.betas import STRUCTURED_OUTPUTS
from senryu.messages.caller import Caller
from senryu.messages.walk import prefill
from senryu.wire.requests import CountTokensRequest, MessagesRequest, ThinkingEnabled

__all__ = [
    "features_are_built",
    "format_is_whole",
    "no_container",
    "no_sampling",
    "no_thread",
    "nothing_to_generate",
    "one_format",
    "temperature_or_top_p",
    "visible_stop_sequences",
]


def one_format(request: CountTokensRequest, caller: Caller) -> str | None:
    """The older field says the same as the newer, and in strict mode is a beta."""
    older = request.output_format
    if older is None:
        return None
    if caller.strict and STRUCTURED_OUTPUTS not in caller.betas:
        return "output_format: Extra inputs are not permitted"
    newer = request.output_config and request.output_config.format
    if newer and newer != older:
        return "output_format: differs from `output_config.format`; leave it out"
    return None


def format_is_whole(request: CountTokensRequest, caller: Caller) -> str | None:
    """An answer that has begun cannot be held to a schema."""
    if request.output_schema is not None and prefill(request):
        return "output_config.format: not supported with a final assistant message to continue"
    return None


def features_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    """Nothing known is dropped in silence."""
    if request.mcp_servers:
        return "mcp_servers: MCP servers are not supported by this server; leave it out"
    return None


def no_thread(request: CountTokensRequest, caller: Caller) -> str | None:
    """A conversation is not kept here, and what goes on with one is not whole."""
    if request.thread is None:
        return None
    return "thread: not supported by this server; leave it out and send the whole conversation"


def nothing_to_generate(request: MessagesRequest, caller: Caller) -> str | None:
    """A request that only fills the prompt cache asks for nothing that is generated."""
    if request.max_tokens > 0:
        return None
    asked = {
        "stream": bool(request.stream),
        "thinking.type `enabled`": isinstance(request.thinking, ThinkingEnabled),
        "tool_choice": bool(request.tool_choice and request.tool_choice.type in ("any", "tool")),
        "output_config.format": request.output_schema is not None,
    }
    for name, is_asked in asked.items():
        if is_asked:
            return f"max_tokens: must be at least 1 with {name}; 0 only fills the prompt cache"
    return None


def no_container(request: MessagesRequest, caller: Caller) -> str | None:
    """Nothing known is dropped in silence."""
    if request.container is None:
        return None
    return "container: containers are not supported by this server; leave it out"


def visible_stop_sequences(request: MessagesRequest, caller: Caller) -> str | None:
    """White space is no end."""
    for index, text in enumerate(request.stop_sequences or ()):
        if not text.strip():
            return f"stop_sequences.{index}: each stop sequence must contain non-whitespace"
    return None


def no_sampling(request: MessagesRequest, caller: Caller) -> str | None:
    """In the newer version sampling is the server's."""
    if caller.version < "2026-10-21":
        return None
    for name in ("temperature", "top_p", "top_k"):
        if getattr(request, name) is not None:
            return f"{name}: not accepted in API version {caller.version}; leave it out"
    return None


def temperature_or_top_p(request: MessagesRequest, caller: Caller) -> str | None:
    """In strict mode only one of them."""
    if caller.strict and request.temperature is not None and request.top_p is not None:
        return "temperature: `temperature` and `top_p` cannot both be specified for this model"
    return None
