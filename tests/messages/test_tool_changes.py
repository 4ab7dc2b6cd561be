"""Tools that become callable in the middle of a conversation, or cease to be."""

from typing import Any

import pytest

from tests.contract.manifest import requirement
from tests.messages.asking import COMPAT, USER, call, problem, result, says, tool
from tests.messages.turns import Ran, run

CALL = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'


def added(name: str = "f", **fields: Any) -> dict[str, Any]:
    """A block that makes a tool callable."""
    return {"type": "tool_addition", "tool": {"type": "tool_reference", "name": name}} | fields


def removed(name: str = "f", **fields: Any) -> dict[str, Any]:
    """A block that takes it away."""
    return {"type": "tool_removal", "tool": {"type": "tool_reference", "name": name}} | fields


def prompt(ran: Ran) -> str:
    """What the model read."""
    assert not ran.error
    return bytes(token for token in ran.jobs[0].tokens if token < 256).decode()


def calls(ran: Ran) -> list[str]:
    """The tools that the reply calls."""
    return [block["name"] for block in ran.content if block["type"] == "tool_use"]


@requirement("tools.changes")
@pytest.mark.parametrize("role", ["user", "system"])
def test_a_deferred_tool_is_introduced_where_it_is_added(role: str) -> None:
    tools = [tool("g"), tool("f", defer_loading=True)]
    before = run([CALL], messages=[USER], tools=tools)
    assert before.error
    messages = [USER, says("assistant", "yes"), says("user", "more"), says(role, added())]
    after = run([CALL], messages=messages, tools=tools)
    assert calls(after) == ["f"]
    assert prompt(after).count("This tool can be called from now on") == 1


@requirement("tools.changes")
def test_a_tool_that_was_removed_cannot_be_called_until_it_is_added_again() -> None:
    tools = [tool("f"), tool("g")]
    messages = [USER, says("assistant", "yes"), says("user", removed(), "go on")]
    gone = run([CALL], messages=messages, tools=tools)
    assert gone.error
    back = [*messages, says("assistant", "yes"), says("user", added(), "go on")]
    ran = run([CALL], messages=back, tools=tools)
    assert calls(ran) == ["f"]
    assert "The tool `f` cannot be called from now on." in prompt(ran)
    assert "The tool `f` can be called from now on." in prompt(ran)


@requirement("tools.changes")
def test_what_was_said_before_stays_as_it_was() -> None:
    tools = [tool("g"), tool("f", defer_loading=True)]
    earlier = [USER, says("assistant", "yes"), says("user", added(), "go on")]
    later = [
        *earlier,
        says("assistant", call("f")),
        says("user", result(content="found"), removed()),
    ]
    first, second = (run(["ok"], messages=each, tools=tools) for each in (earlier, later))
    known = first.jobs[0].tokens
    assert second.jobs[0].tokens[: len(known)] == known


@requirement("tools.changes")
def test_changes_have_rules() -> None:
    asked: Any = {"tools": [tool("f"), tool("g")]}
    assert problem(COMPAT, USER, says("system", removed()), **asked) == ""
    assert problem(COMPAT, USER, says("user", added("h")), **asked) == (
        "messages.1.content.0.tool: Tool reference 'h' has no corresponding tool definition"
    )
    assert problem(COMPAT, USER, says("assistant", added()), USER, **asked) == (
        "messages.1.content.0: `tool_addition` blocks are not allowed in assistant messages"
    )
    inline = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": tool()}}
    assert "`tool_definition` is not supported" in problem(COMPAT, USER, says("user", inline))
    forced = asked | {"tool_choice": {"type": "tool", "name": "f"}}
    assert "was removed" in problem(COMPAT, USER, says("user", removed()), **forced)
