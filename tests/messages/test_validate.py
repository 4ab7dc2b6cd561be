"""The rules of meaning, one case each: request, caller, and the client's words."""

import json
from typing import Any

import pytest

from senryu.errors import InvalidRequestError
from senryu.messages.caller import Caller
from senryu.messages.validate import check_generation
from senryu.wire.parse import parse
from senryu.wire.requests import MessagesRequest
from tests.contract.manifest import requirement

COMPAT = Caller()
STRICT = Caller(mode="strict")
NEWER = Caller(version="2026-10-21")
USER = {"role": "user", "content": "hi"}


def problem(caller: Caller, *messages: Any, **fields: Any) -> str:
    """What a caller is told; empty if the request passes."""
    body = {"model": "m", "max_tokens": 1, "messages": messages or [USER]} | fields
    parsed = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=True)
    try:
        check_generation(parsed.value, caller)
    except InvalidRequestError as error:
        return error.message
    return ""


def says(role: str, *content: Any) -> dict[str, Any]:
    """A message of blocks; a string is a text block."""
    blocks = [{"type": "text", "text": c} if isinstance(c, str) else c for c in content]
    return {"role": role, "content": blocks}


@requirement("messages.validation.texts")
@pytest.mark.parametrize(
    ("messages", "start"),
    [
        ([says("assistant", "x")], 'messages: first message must use the "user" role'),
        ([says("system", "x")], 'messages: first message must use the "user" role'),
        ([says("user")], "messages.0: all messages must have non-empty content"),
        ([says("user", "")], "messages.0.content.0.text: text content blocks must be non-empty"),
        (
            [USER, says("assistant", "x ")],
            "messages: final assistant content cannot end with trailing whitespace",
        ),
        (
            [says("user", {"type": "thinking", "thinking": "x"})],
            "messages.0.content.0: `thinking` blocks are only allowed in assistant messages",
        ),
        (
            [USER, says("system", {"type": "image"})],
            "messages.1.content: a system message takes text blocks only",
        ),
        (
            [says("user", {"type": "image", "source": {}})],
            "messages.0.content.0: `image` blocks are not supported by this server",
        ),
    ],
)
def test_a_wrong_conversation_is_told_in_the_apis_words(messages: list[Any], start: str) -> None:
    assert problem(COMPAT, *messages).startswith(start)


def test_an_empty_list_of_messages_is_refused() -> None:
    assert problem(COMPAT, messages=[]) == "messages: at least one message is required"


UNBUILT: list[tuple[str, Any]] = [
    ("tools", [{"name": "f", "input_schema": {}}]),
    ("tool_choice", {"type": "any"}),
    ("thinking", {"type": "enabled", "budget_tokens": 1024}),
    ("output_config", {"format": {"type": "json_schema", "schema": {}}}),
    ("output_format", {"type": "json_schema", "schema": {}}),
    ("mcp_servers", [{"type": "url"}]),
    ("container", "c"),
]


@requirement("messages.unbuilt_features")
@pytest.mark.parametrize(("field", "value"), UNBUILT)
def test_a_feature_that_is_not_built_is_refused_by_name(field: str, value: Any) -> None:
    assert (
        problem(COMPAT, **{field: value})
        .partition(".")[0]
        .startswith("output_config" if field == "output_format" else field)
    )


@requirement("messages.harmless_fields")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", []),
        ("tool_choice", {"type": "auto"}),
        ("tool_choice", {"type": "none"}),
        ("thinking", {"type": "disabled"}),
        ("thinking", {"type": "adaptive", "display": "updates"}),
        ("thinking", {"type": "between_tools"}),
        ("output_config", {"effort": "high"}),
        ("cache_control", {"type": "ephemeral", "ttl": "1h"}),
        ("metadata", {"user_id": '{"device": "' + "x" * 600 + '"}'}),
        ("service_tier", "auto"),
        ("context_management", {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
        ("diagnostics", {"previous_message_id": None}),
        ("inference_geo", "eu"),
        ("speed", "standard"),
        ("mcp_servers", []),
    ],
)
def test_fields_that_change_nothing_here_are_accepted(field: str, value: Any) -> None:
    assert problem(COMPAT, **{field: value}) == ""


def test_stop_sequences_must_be_visible() -> None:
    assert problem(COMPAT, stop_sequences=["ok", " \n"]).startswith("stop_sequences.1: ")


@requirement("messages.version.2026-10-21")
@pytest.mark.parametrize(
    ("message", "fields", "path"),
    [
        (USER, {"temperature": 1.0}, "temperature: "),
        (USER, {"top_p": 1.0}, "top_p: "),
        (USER, {"top_k": 0}, "top_k: "),
        (
            says("user", {"type": "text", "text": "a", "citations": [{"type": "x"}]}),
            {},
            "messages.0.content.0.citations: ",
        ),
    ],
)
def test_the_newer_version_refuses_what_the_older_takes(
    message: Any, fields: dict[str, Any], path: str
) -> None:
    assert problem(COMPAT, message, **fields) == ""
    assert problem(NEWER, message, **fields).startswith(path)


def test_the_newer_version_names_documents_of_the_assistant() -> None:
    messages = [USER, says("assistant", {"type": "document"}), USER]
    assert "assistant messages" in problem(NEWER, *messages)


@requirement("messages.strict")
@pytest.mark.parametrize(
    ("messages", "fields"),
    [
        ([USER, says("system", "s")], {}),
        ([says("user", " ")], {}),
        ([USER], {"temperature": 0.5, "top_p": 0.9}),
        ([USER, says("assistant", {"type": "thinking", "thinking": "x"}, "a"), USER], {}),
    ],
)
def test_strict_mode_refuses_what_compat_mode_takes(
    messages: list[Any], fields: dict[str, Any]
) -> None:
    assert problem(COMPAT, *messages, **fields) == ""
    assert problem(STRICT, *messages, **fields)
