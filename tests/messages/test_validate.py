"""The rules of meaning, one case each: request, caller, and the client's words."""

from typing import Any

import pytest

from tests.contract.manifest import requirement
from tests.messages.asking import COMPAT, NEWER, STRICT, USER, problem, says, tool


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
            [USER, says("system", {"type": "image", "source": {"type": "url", "url": "x"}})],
            "messages.1.content: a system message takes text blocks only",
        ),
        (
            [says("user", {"type": "container_upload"})],
            "messages.0.content.0: `container_upload` blocks are not supported by this server",
        ),
        (
            [USER, says("assistant", {"type": "image", "source": {"type": "url", "url": "x"}})],
            "messages.1.content.0: `image` blocks are only allowed in user messages",
        ),
    ],
)
def test_a_wrong_conversation_is_told_in_the_apis_words(messages: list[Any], start: str) -> None:
    assert problem(COMPAT, *messages).startswith(start)


def test_an_empty_list_of_messages_is_refused() -> None:
    assert problem(COMPAT, messages=[]) == "messages: at least one message is required"


def marked(ttl: str | None = None, text: str = "x") -> dict[str, Any]:
    """A text block with a breakpoint."""
    control = {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})
    return {"type": "text", "text": text, "cache_control": control}


def marked_tool(ttl: str, name: str = "f") -> dict[str, Any]:
    """A tool with a breakpoint."""
    return tool(name, cache_control={"type": "ephemeral", "ttl": ttl})


FIVE = "A maximum of 4 blocks with cache_control may be provided. Found 5."
ORDER = (
    "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block."
    " Note that blocks are processed in the following order: `tools`, `system`, `messages`."
)
AUTOMATIC = {"type": "ephemeral"}


@requirement("caching.breakpoints.at_most_four")
@pytest.mark.parametrize(
    ("messages", "fields"),
    [
        ([says("user", *[marked()] * 5)], {}),
        ([says("user", marked())], {"system": [marked()] * 4}),
        (
            [says("user", marked())],
            {"tools": [marked_tool("1h"), marked_tool("1h", "g")], "system": [marked()] * 2},
        ),
        ([says("user", "x")], {"system": [marked()] * 4, "cache_control": AUTOMATIC}),
    ],
)
def test_a_fifth_breakpoint_is_refused(messages: list[Any], fields: dict[str, Any]) -> None:
    assert problem(COMPAT, *messages, **fields) == FIVE


@requirement("caching.automatic")
def test_an_automatic_breakpoint_where_one_is_already_takes_no_place() -> None:
    messages = [says("user", *[marked()] * 4)]
    assert problem(COMPAT, *messages, cache_control=AUTOMATIC) == ""
    assert problem(COMPAT, *messages, cache_control=AUTOMATIC | {"ttl": "5m"}) == ""
    assert problem(COMPAT, *messages, cache_control=AUTOMATIC | {"ttl": "1h"}).startswith(
        "cache_control.ttl: the last block already has"
    )


@requirement("caching.breakpoints.longer_first")
@pytest.mark.parametrize(
    ("messages", "fields", "path"),
    [
        ([says("user", marked("5m"), marked("1h"))], {}, "messages.0.content.1.cache_control"),
        (
            [says("user", marked("1h"))],
            {"system": [marked()]},
            "messages.0.content.0.cache_control",
        ),
        (
            [USER],
            {"tools": [marked_tool("5m")], "system": [marked("1h")]},
            "system.0.cache_control",
        ),
        (
            [USER],
            {"system": [marked()], "cache_control": AUTOMATIC | {"ttl": "1h"}},
            "cache_control",
        ),
    ],
)
def test_a_longer_lifetime_after_a_shorter_is_refused(
    messages: list[Any], fields: dict[str, Any], path: str
) -> None:
    assert problem(COMPAT, *messages, **fields) == f"{path}.ttl: {ORDER}"


def test_longer_lifetimes_may_come_first() -> None:
    system = [marked("1h"), marked("1h"), marked("5m")]
    assert problem(COMPAT, says("user", marked()), system=system) == ""


@requirement("caching.places")
def test_an_empty_text_takes_no_breakpoint() -> None:
    words = "cache_control cannot be set for empty text blocks"
    assert problem(COMPAT, says("user", marked(text=""))) == f"messages.0.content.0.text: {words}"
    assert problem(COMPAT, USER, system=[marked(text="")]) == f"system.0.text: {words}"


@requirement("caching.prewarm.limits")
def test_a_prewarming_request_cannot_be_streamed() -> None:
    assert problem(COMPAT, max_tokens=0) == problem(COMPAT, max_tokens=0, stream=False) == ""
    assert problem(COMPAT, max_tokens=0, stream=True).startswith("max_tokens: must be at least 1")


@requirement("caching.prewarm.limits")
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking.type `enabled`"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
            "output_config.format",
        ),
        ({"tools": [tool()], "tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [tool()], "tool_choice": {"type": "tool", "name": "f"}}, "tool_choice"),
    ],
)
def test_a_prewarming_request_cannot_ask_for_output(fields: dict[str, Any], named: str) -> None:
    assert problem(COMPAT, max_tokens=0, **fields) == (
        f"max_tokens: must be at least 1 with {named}; 0 only fills the prompt cache"
    )


@requirement("messages.unbuilt_features")
@pytest.mark.parametrize(
    ("field", "value"),
    [("mcp_servers", [{"type": "url"}]), ("container", "c"), ("thread", {"type": "create"})],
)
def test_a_feature_that_is_not_built_is_refused_by_name(field: str, value: Any) -> None:
    assert problem(COMPAT, **{field: value}).startswith(f"{field}: ")


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
    document = {"type": "document", "source": {"type": "content", "content": "x"}}
    messages = [USER, says("assistant", document), USER]
    assert problem(COMPAT, *messages) == ""
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
