"""The rules of tools, calls and results, with the API's words."""

from typing import Any

import pytest

from senryu.messages.caller import Caller
from tests.contract.manifest import requirement
from tests.messages.asking import COMPAT, STRICT, USER, call, problem, result, says, tool

UNANSWERED = (
    "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}."
    " Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)
UNEXPECTED = (
    "messages.{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result`"
    " block must have a corresponding `tool_use` block in the previous message."
)
REMINDER = says("system", "10 tokens left")


@requirement("rules.tools.pairs")
@pytest.mark.parametrize(
    "messages",
    [
        [USER, says("assistant", call()), says("user", result())],
        [USER, says("assistant", "so", call()), says("user", result(), "and?")],
        [
            USER,
            says("assistant", call(call_id="a"), call(call_id="b")),
            says("user", result("b"), result("a")),
        ],
        [
            USER,
            says("assistant", call(call_id="a")),
            says("assistant", call(call_id="b")),
            says("user", result("b")),
            says("user", result("a"), "and?"),
        ],
        [USER, says("assistant", call()), says("user", result()), REMINDER],
        [
            USER,
            says("assistant", call(call_id="a")),
            says("user", result("a")),
            REMINDER,
            says("assistant", call(call_id="b")),
            says("user", result("b")),
        ],
    ],
)
def test_calls_with_their_results_pass(messages: list[Any]) -> None:
    assert problem(COMPAT, *messages, tools=[tool()]) == ""


@requirement("rules.tools.pairs")
@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([USER, says("assistant", call())], UNANSWERED.format(1, "toolu_1")),
        ([USER, says("assistant", call()), USER], UNANSWERED.format(1, "toolu_1")),
        (
            [USER, says("assistant", call()), says("user", "wait", result())],
            UNANSWERED.format(1, "toolu_1"),
        ),
        (
            [
                USER,
                says("assistant", call(call_id="a"), call(call_id="b"), call(call_id="c")),
                says("user", result("b")),
            ],
            UNANSWERED.format(1, "a, c"),
        ),
        (
            [USER, says("assistant", call()), REMINDER, says("user", result())],
            UNANSWERED.format(1, "toolu_1"),
        ),
        (
            [
                USER,
                says("assistant", call(call_id="a"), call(call_id="b")),
                says("user", result("a")),
                REMINDER,
                says("user", result("b")),
            ],
            UNANSWERED.format(1, "b"),
        ),
        ([says("user", result("x"))], UNEXPECTED.format("0.content.0", "x")),
        (
            [USER, says("assistant", call()), says("user", result(), result("x"))],
            UNEXPECTED.format("2.content.1", "x"),
        ),
        (
            [
                USER,
                says("assistant", call()),
                says("user", result()),
                says("assistant", "ok"),
                says("user", result()),
            ],
            UNEXPECTED.format("4.content.0", "toolu_1"),
        ),
        (
            [USER, says("assistant", call()), says("user", result(), result())],
            "messages.2.content.1: each tool_use must have a single result. Found multiple"
            " `tool_result` blocks with id: toolu_1",
        ),
        (
            [USER, says("assistant", call(), call())],
            "messages.1.content.1: `tool_use` ids must be unique",
        ),
        (
            [
                USER,
                says("assistant", call()),
                says("user", result()),
                says("assistant", call()),
                says("user", result()),
            ],
            "messages.3.content.0: `tool_use` ids must be unique",
        ),
        (
            [says("user", call())],
            "messages.0: `tool_use` blocks can only be in `assistant` messages",
        ),
        (
            [USER, says("assistant", result())],
            "messages.1: `tool_result` blocks can only be in `user` messages",
        ),
    ],
)
def test_calls_and_results_that_do_not_belong_together_are_refused(
    messages: list[Any], expected: str
) -> None:
    assert problem(COMPAT, *messages, tools=[tool()]) == expected


@requirement("rules.tools.results")
def test_a_result_may_be_empty_but_strict_mode_wants_to_know_why_a_call_failed() -> None:
    def asked(**fields: Any) -> tuple[Any, ...]:
        return USER, says("assistant", call()), says("user", result(**fields))

    assert problem(STRICT, *asked()) == problem(STRICT, *asked(content="")) == ""
    assert problem(COMPAT, *asked(is_error=True)) == ""
    assert problem(STRICT, *asked(is_error=True)) == (
        "messages.2.content.0.tool_result: content cannot be empty if `is_error` is true"
    )
    empty = [{"type": "text", "text": ""}]
    assert problem(COMPAT, *asked(content=empty)) == ""
    assert problem(STRICT, *asked(content=empty)) == (
        "messages.2.content.0.tool_result.content.0.text: text content blocks must be non-empty"
    )


@requirement("messages.unbuilt_features")
@pytest.mark.parametrize(
    ("block", "start"),
    [
        ({"type": "browser_state"}, ": `browser_state` blocks are not supported"),
    ],
)
def test_what_is_not_built_is_refused_in_results_too(block: dict[str, Any], start: str) -> None:
    messages = [USER, says("assistant", call()), says("user", result(content=[block]))]
    told = problem(COMPAT, *messages)
    assert told.startswith(f"messages.2.content.0.tool_result.content.0{start}")


@requirement("messages.unbuilt_features")
@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        (
            [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
            "tools.0: `web_search_20250305` tools are not supported by this server; leave it out",
        ),
        (
            [{"type": "Ünknown kind", "name": "x"}],
            "tools.0: such tools are not supported by this server; leave it out",
        ),
        (
            [tool(allowed_callers=["code_execution_20250825"])],
            "tools.0.allowed_callers: tools that only code may call are not supported by this"
            " server; add `direct`",
        ),
    ],
)
def test_tools_that_are_not_built_are_refused(tools: list[Any], expected: str) -> None:
    assert problem(COMPAT, tools=tools) == expected


@requirement("messages.unbuilt_features")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caller", {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}),
        ("toolset_name", "browser"),
    ],
)
def test_calls_of_other_tools_than_ours_are_refused(field: str, value: Any) -> None:
    messages = [USER, says("assistant", call() | {field: value}), says("user", result())]
    assert problem(COMPAT, *messages).startswith(f"messages.1.content.0.{field}: ")


def test_a_direct_caller_is_what_every_call_has() -> None:
    direct = {"caller": {"type": "direct"}}
    assert problem(COMPAT, USER, says("assistant", call() | direct), says("user", result())) == ""
    assert problem(COMPAT, tools=[tool(allowed_callers=["direct"])]) == ""


@requirement("rules.tools.names")
def test_names_of_tools_are_unique() -> None:
    bash = {"type": "bash_20250124", "name": "bash"}
    assert problem(COMPAT, tools=[tool("f"), tool("g"), bash]) == ""
    assert problem(COMPAT, tools=[tool("f"), tool("f")]) == "tools: Tool names must be unique."
    assert problem(COMPAT, tools=[bash, tool("bash")]) == "tools: Tool names must be unique."


@requirement("rules.tools.choice")
@pytest.mark.parametrize(
    ("choice", "tools", "expected"),
    [
        ({"type": "any"}, [tool()], ""),
        ({"type": "tool", "name": "f"}, [tool()], ""),
        (
            {"type": "any"},
            [],
            "tool_choice: may only be `any` or `tool` while `tools` are given",
        ),
        (
            {"type": "tool", "name": "g"},
            [tool()],
            "tool_choice.tool.name: Tool 'g' not found in provided tools",
        ),
        (
            {"type": "tool", "name": "g"},
            [tool(), tool("g", defer_loading=True)],
            "tool_choice: the tool was removed, or it is deferred and nothing has named it",
        ),
        (
            {"type": "any"},
            [tool(defer_loading=True)],
            "tool_choice: the tool was removed, or it is deferred and nothing has named it",
        ),
    ],
)
def test_what_is_forced_can_be_called(choice: Any, tools: list[Any], expected: str) -> None:
    assert problem(COMPAT, tools=tools, tool_choice=choice) == expected
    assert problem(COMPAT, is_count=True, tools=tools, tool_choice=choice) == expected


def found(name: str) -> tuple[dict[str, Any], ...]:
    """A conversation in which a search named a tool."""
    reference = {"type": "tool_reference", "tool_name": name}
    return (
        USER,
        says("assistant", call("search")),
        says("user", result(content=[reference])),
    )


@requirement("rules.tools.deferred")
def test_a_deferred_tool_can_be_forced_once_a_result_has_named_it() -> None:
    tools = [tool("search"), tool("g", defer_loading=True)]
    choice = {"type": "tool", "name": "g"}
    assert problem(COMPAT, *found("g"), tools=tools, tool_choice=choice) == ""
    assert problem(COMPAT, *found("h"), tools=tools) == (
        "messages.2.content.0.tool_result.content.0:"
        " Tool reference 'h' has no corresponding tool definition"
    )


@requirement("rules.tools.deferred")
def test_strict_mode_wants_a_tool_that_is_not_deferred() -> None:
    tools = [tool(defer_loading=True)]
    assert problem(COMPAT, tools=tools) == ""
    assert problem(STRICT, tools=tools) == (
        "At least one tool must have defer_loading=false. All tools cannot be deferred."
    )


@requirement("messages.strict")
def test_strict_mode_wants_the_beta_of_a_tool() -> None:
    screen = {"type": "computer_20250124", "name": "computer"}
    tools = [screen | {"display_width_px": 800, "display_height_px": 600}]
    named = Caller(mode="strict", betas=frozenset({"computer-use-2025-01-24"}))
    assert problem(COMPAT, tools=tools) == problem(named, tools=tools) == ""
    assert problem(STRICT, tools=tools) == (
        "tools.0: `computer_20250124` requires the `computer-use-2025-01-24` beta"
    )
