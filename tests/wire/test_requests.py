"""Request bodies: what is accepted, and the words of what is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.wire.parse import MalformedError, parse
from senryu.wire.requests import MessagesRequest
from tests.contract.manifest import requirement

GOOD: dict[str, Any] = {
    "model": "m",
    "max_tokens": 1,
    "messages": [{"role": "user", "content": "hi"}],
}


def problem(body: Any, *, drop_unknown: bool = True) -> str:
    """What is wrong with a body; empty if nothing is."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        parse(data, MessagesRequest, drop_unknown=drop_unknown)
    except MalformedError as error:
        return str(error)
    return ""


def with_block(block: Any) -> dict[str, Any]:
    """A body whose only content block is this one."""
    return GOOD | {"messages": [{"role": "user", "content": [block]}]}


PROBLEMS: list[tuple[Any, str]] = [
    ({}, "model: Field required (and 2 more)"),
    ([], "The body must be an object"),
    (GOOD | {"max_tokens": True}, "max_tokens: Input should be a valid integer"),
    (GOOD | {"max_tokens": 1.0}, "max_tokens: Input should be a valid integer"),
    (GOOD | {"max_tokens": "5"}, "max_tokens: Input should be a valid integer"),
    (
        GOOD | {"max_tokens": -1},
        "max_tokens: Input should be greater than or equal to 0",
    ),
    (GOOD | {"temperature": 2}, "temperature: Input should be less than or equal to 1"),
    (with_block({"type": "text"}), "messages.0.content.0.text.text: Field required"),
    (with_block({"text": "x"}), "messages.0.content.0.type: Field required"),
    (with_block("x"), "messages.0.content.0: Input should be an object"),
    (
        with_block({"type": "text", "text": "a\0b"}),
        "messages.0.content.0.text.text: text must not contain the NUL character",
    ),
    (
        with_block({"type": "text", "text": "a", "cache_control": {"type": "forever"}}),
        "messages.0.content.0.text.cache_control.type: Input should be 'ephemeral'",
    ),
    (
        with_block(
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "2h"}}
        ),
        "messages.0.content.0.text.cache_control.ttl: Input should be '5m' or '1h'",
    ),
    (
        GOOD | {"tools": [{"name": "f"}]},
        "tools.0.custom.input_schema: Field required",
    ),
    (
        GOOD | {"thinking": {"type": "enabled"}},
        "thinking.enabled.budget_tokens: Field required",
    ),
    (
        GOOD | {"thinking": {"type": "enabled", "budget_tokens": 1023}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        GOOD | {"tools": [{"name": "a b", "input_schema": {}}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    (
        GOOD | {"tools": [{"name": "a" * 129, "input_schema": {}}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    (
        GOOD | {"tools": [{"type": "bash_20250124", "name": "shell"}]},
        "tools.0.bash_20250124.name: Input should be 'bash'",
    ),
    (
        GOOD | {"tools": [{"type": "text_editor_20250124", "name": "editor"}]},
        "tools.0.text_editor_20250124.name: Input should be 'str_replace_editor'",
    ),
    (
        GOOD | {"tools": [{"type": "computer_20250124", "name": "computer"}]},
        "tools.0.computer_20250124.display_width_px: Field required (and 1 more)",
    ),
    (
        GOOD | {"tools": [{"name": "f", "input_schema": {}, "input_examples": [{}] * 65}]},
        "tools.0.custom.input_examples: List should have at most 64 items after validation, not 65",
    ),
    (GOOD | {"tool_choice": {"type": "tool"}}, "tool_choice.tool.name: Field required"),
    (
        with_block({"type": "tool_use", "id": "a b", "name": "f", "input": {}}),
        "messages.0.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    (
        with_block({"type": "tool_use", "id": "a", "name": "f"}),
        "messages.0.content.0.tool_use.input: Field required",
    ),
    (
        with_block({"type": "tool_use", "id": "a", "name": "f", "input": []}),
        "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    (
        with_block({"type": "tool_use", "id": "a", "name": "", "input": {}}),
        "messages.0.content.0.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'",
    ),
    (
        with_block({"type": "tool_result"}),
        "messages.0.content.0.tool_result.tool_use_id: Field required",
    ),
    (
        with_block({"type": "tool_result", "tool_use_id": "a" * 257}),
        "messages.0.content.0.tool_result.tool_use_id: String should have at most 256 characters",
    ),
    (
        with_block({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}),
        "messages.0.content.0.tool_result.content.0.text.text: Field required",
    ),
    (
        with_block({"type": "tool_result", "tool_use_id": "a", "content": "a\0"}),
        "messages.0.content.0.tool_result.content.0.text.text: text must not contain the NUL"
        " character",
    ),
    (
        GOOD | {"output_config": {"format": {"type": "json_schema"}}},
        "output_config.format.schema: Field required",
    ),
    (
        GOOD | {"output_config": {"format": {"type": "regex"}}},
        "output_config.format.type: Input should be 'json_schema' (and 1 more)",
    ),
]


@requirement("errors.path_style")
@pytest.mark.parametrize(("body", "expected"), PROBLEMS)
def test_a_problem_is_told_with_its_path(body: Any, expected: str) -> None:
    assert problem(body) == expected


@requirement("errors.malformed_json")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
    ],
)
def test_bytes_that_are_not_json_are_refused(body: bytes) -> None:
    assert problem(body).startswith("The request body is not valid JSON: ")


def test_infinite_numbers_are_refused() -> None:
    body = json.dumps(GOOD)[:-1].encode() + b', "temperature": 1e999}'
    assert problem(body) == "temperature: Input should be less than or equal to 1"


@requirement("errors.no_content")
def test_messages_do_not_repeat_what_the_request_said() -> None:
    secret = "the launch code is 0000"
    for body in (
        with_block({"type": secret}),
        with_block({"type": "text", "text": secret + "\0"}),
        GOOD | {"messages": [{"role": secret, "content": "x"}]},
        GOOD | {"max_tokens": secret},
    ):
        assert problem(body)
        assert secret not in problem(body)


@requirement("messages.unknown_fields.compat")
def test_unknown_fields_are_dropped_and_counted() -> None:
    body = GOOD | {"new": 1, "system": [{"type": "text", "text": "x", "cache": {"a": 1}}]}
    parsed = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=True)
    assert len(parsed.dropped) == 2
    assert parsed.value.system is not None


@requirement("caching.places")
@pytest.mark.parametrize("drop_unknown", [True, False])
@pytest.mark.parametrize(
    "block",
    [{"type": "thinking", "thinking": "x"}, {"type": "redacted_thinking", "data": "x"}],
    ids=lambda block: block["type"],
)
def test_thinking_takes_no_breakpoint(block: dict[str, Any], drop_unknown: bool) -> None:
    marked = block | {"cache_control": {"type": "ephemeral"}}
    path = f"messages.0.content.0.{block['type']}.cache_control"
    expected = f"{path}: Extra inputs are not permitted"
    assert problem(with_block(marked), drop_unknown=drop_unknown) == expected
    assert problem(with_block(block), drop_unknown=drop_unknown) == ""


def test_a_breakpoints_unknown_fields_are_dropped() -> None:
    control = {"type": "ephemeral", "scope": "global"}
    body = with_block({"type": "text", "text": "a", "cache_control": control})
    assert len(parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=True).dropped) == 1


@requirement("messages.unknown_fields.strict")
def test_unknown_fields_are_refused_in_strict_mode() -> None:
    assert problem(GOOD | {"new": 1}, drop_unknown=False) == ("new: Extra inputs are not permitted")


def test_an_unknown_field_does_not_hide_a_real_problem() -> None:
    assert problem(GOOD | {"a": 1, "max_tokens": None}) == (
        "max_tokens: Input should be a valid integer"
    )


def test_the_number_of_messages_is_bounded() -> None:
    messages = GOOD["messages"] * 100_001
    assert problem(GOOD | {"messages": messages}).startswith("messages: List should have at most")


def test_the_number_of_tools_is_bounded() -> None:
    tools = [{"type": "bash_20250124", "name": "bash"}] * 10_001
    assert problem(GOOD | {"tools": tools}).startswith("tools: List should have at most 10000")


@requirement("messages.content.string_is_one_block")
def test_a_string_is_one_text_block() -> None:
    blocks = with_block({"type": "text", "text": "hi"})
    short = parse(json.dumps(GOOD).encode(), MessagesRequest, drop_unknown=True)
    long = parse(json.dumps(blocks).encode(), MessagesRequest, drop_unknown=True)
    assert short == long


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
FIELDS = st.sampled_from([*MessagesRequest.model_fields, "unknown"])


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_parse_or_are_malformed(body: bytes) -> None:
    problem(body)


@given(st.dictionaries(FIELDS, JSON), st.booleans())
def test_any_fields_parse_or_are_malformed(fields: dict[str, Any], drop_unknown: bool) -> None:
    problem(GOOD | fields, drop_unknown=drop_unknown)
