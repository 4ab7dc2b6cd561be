"""Edits of the context: what the model reads afterwards, what the client is told."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.documents.reader import Reader
from senryu.messages.cache_control import CacheRules
from senryu.messages.caller import Caller
from senryu.messages.count import count_tokens
from senryu.messages.fetching import Intake
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, ServedModel
from senryu.wire.parse import parse
from senryu.wire.requests import CountTokensRequest
from senryu.wire.usage import TokenCount
from tests.contract.manifest import requirement
from tests.messages.asking import COMPAT, STRICT, call, problem, result, says
from tests.messages.asking import tool as custom_tool
from tests.messages.turns import WIDE, Ran, Scripts, run, thinking

BETA = "context-management-2025-06-27"
TOOL = custom_tool("look") | {"input_schema": {"type": "object"}}
OTHER = custom_tool("keep")
PLACEHOLDER = "[This result was cleared to save room in the context.]"
CLEAR_RESULTS = "clear_tool_uses_20250919"
CLEAR_THINKING = "clear_thinking_20251015"


def results_edit(**fields: Any) -> dict[str, Any]:
    """An edit of results that is made at once and keeps one."""
    always = {
        "trigger": {"type": "tool_uses", "value": 0},
        "keep": {"type": "tool_uses", "value": 1},
    }
    return {"type": CLEAR_RESULTS} | always | fields


def loop(num_calls: int, name: str = "look", size: int = 100) -> list[dict[str, Any]]:
    """A conversation of calls, each answered with a long text."""
    messages: list[dict[str, Any]] = [says("user", "go")]
    for number in range(num_calls):
        messages += [
            says("assistant", call(name, f"toolu_{number}", place=number)),
            says("user", result(f"toolu_{number}", content=f"found {number}: " + "x" * size)),
        ]
    return messages


def asked(messages: list[dict[str, Any]], *edits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A request with edits."""
    body: dict[str, Any] = {"messages": messages, "tools": [TOOL, OTHER]} | fields
    return body | {"context_management": {"edits": list(edits)}}


def prompt(ran: Ran) -> str:
    """What the model read."""
    assert not ran.error
    return bytes(token for token in ran.jobs[0].tokens if token < 256).decode()


def told(ran: Ran) -> list[dict[str, Any]]:
    """What the client was told of the edits."""
    made = ran.message.model_dump(mode="json")["context_management"]
    delta = next(e for e in ran.events if e.type == "message_delta").model_dump(mode="json")
    assert delta["context_management"] == made
    return made["applied_edits"]


def counted(fields: dict[str, Any]) -> TokenCount:
    """What ``count_tokens`` says of a request."""
    engine = Scripts(["x"], info=WIDE)
    served = ServedModel("m", "m", datetime(2026, 1, 1, tzinfo=UTC), engine, CacheRules(1))
    body = json.dumps({"model": "m"} | fields).encode()
    request = parse(body, CountTokensRequest, drop_unknown=False).value
    catalog, memory = Catalog([served], {}), Memory()
    counting = count_tokens(
        request, catalog=catalog, caller=Caller(), memory=memory, intake=Intake(Reader())
    )
    return asyncio.run(counting)


@requirement("context.results")
def test_results_of_old_calls_give_way_to_a_placeholder() -> None:
    whole = run(["ok"], messages=loop(3), tools=[TOOL, OTHER])
    edited = run(["ok"], **asked(loop(3), results_edit()))
    text = prompt(edited)
    assert "found 0" not in text
    assert "found 1" not in text
    assert "found 2" in text
    assert text.count(PLACEHOLDER) == 2
    saved = len(whole.jobs[0].tokens) - len(edited.jobs[0].tokens)
    assert told(edited) == [
        {"type": CLEAR_RESULTS, "cleared_tool_uses": 2, "cleared_input_tokens": saved}
    ]
    assert edited.message.usage.input_tokens == len(edited.jobs[0].tokens)


@requirement("context.results")
def test_the_trigger_is_exceeded_by_tokens_or_by_calls() -> None:
    size = len(run(["ok"], messages=loop(2), tools=[TOOL, OTHER]).jobs[0].tokens)
    for trigger, is_made in (
        ({"type": "input_tokens", "value": size - 1}, True),
        ({"type": "input_tokens", "value": size}, False),
        ({"type": "tool_uses", "value": 1}, True),
        ({"type": "tool_uses", "value": 2}, False),
    ):
        assert bool(told(run(["ok"], **asked(loop(2), results_edit(trigger=trigger))))) == is_made
    by_default = run(["ok"], **asked(loop(9), {"type": CLEAR_RESULTS}))
    assert told(by_default) == []  # 100,000 tokens


@requirement("context.results")
def test_too_little_is_not_cleared() -> None:
    for least, is_made in ((50, True), (500, False)):
        at_least = {"type": "input_tokens", "value": least}
        ran = run(["ok"], **asked(loop(2, size=200), results_edit(clear_at_least=at_least)))
        assert bool(told(ran)) == is_made
        assert ("found 0" in prompt(ran)) != is_made
    longer = run(["ok"], **asked(loop(2, size=0), results_edit()))
    assert told(longer) == []  # the placeholder would be longer


@requirement("context.results")
@pytest.mark.parametrize("keep", range(6))
def test_the_last_results_are_kept_also_if_there_are_fewer(keep: int) -> None:
    edit = results_edit(keep={"type": "tool_uses", "value": keep})
    text = prompt(run(["ok"], **asked(loop(3), edit)))
    kept = [number for number in range(3) if f"found {number}" in text]
    assert kept == list(range(max(0, 3 - keep), 3))


@requirement("context.results")
def test_excluded_tools_keep_their_results() -> None:
    ran = run(["ok"], **asked(loop(3, "keep"), results_edit(exclude_tools=["keep"])))
    assert told(ran) == []
    assert "found 0" in prompt(ran)


@requirement("context.results")
@pytest.mark.parametrize(
    ("inputs", "is_cleared"), [(True, True), (["look"], True), (["keep"], False), (False, False)]
)
def test_inputs_of_cleared_calls_can_go_too(inputs: Any, is_cleared: bool) -> None:
    text = prompt(run(["ok"], **asked(loop(2), results_edit(clear_tool_inputs=inputs))))
    assert ('"place": 0' not in text) == is_cleared
    assert '"place": 1' in text


@requirement("context.results")
def test_a_result_that_made_a_tool_callable_stays() -> None:
    deferred = custom_tool("late", defer_loading=True)
    reference = {"type": "tool_reference", "tool_name": "late"}
    messages = [
        says("user", "go"),
        says("assistant", call("look", "toolu_0")),
        says("user", result("toolu_0", content=[reference])),
        says("assistant", call("late", "toolu_1")),
        says("user", result("toolu_1", content="found 1: " + "x" * 200)),
        says("assistant", call("late", "toolu_2")),
        says("user", result("toolu_2", content="found 2")),
    ]
    ran = run(["ok"], **asked(messages, results_edit(), tools=[TOOL, deferred]))
    assert "This tool can be called from now on" in prompt(ran)
    assert told(ran)[0]["cleared_tool_uses"] == 1


def thinking_talk(memory: Memory, *, edits: list[dict[str, Any]] | None = None) -> list[Ran]:
    """Three questions, each thought about before it was answered."""
    messages: list[dict[str, Any]] = []
    rans: list[Ran] = []
    for number in range(3):
        messages.append(says("user", f"question {number}"))
        script = [f"thought {number}\n</think>\n\nanswer {number}"]
        fields: dict[str, Any] = {"messages": messages, "thinking": thinking()}
        if edits is not None:
            fields["context_management"] = {"edits": edits}
        rans.append(run(script, memory=memory, **fields))
        assert not rans[-1].error
        messages.append({"role": "assistant", "content": rans[-1].content})
    return rans


@requirement("context.thinking")
def test_reasoning_of_all_turns_can_be_kept_and_the_prompt_only_grows() -> None:
    keep_all = [{"type": CLEAR_THINKING, "keep": "all"}]
    rans = thinking_talk(Memory(), edits=keep_all)
    text = prompt(rans[2])
    assert "thought 0" in text
    assert "thought 1" in text
    assert told(rans[2]) == []
    for earlier, later in zip(rans, rans[1:], strict=False):
        known = earlier.jobs[0].tokens
        assert later.jobs[0].tokens[: len(known)] == known


@requirement("context.thinking")
@pytest.mark.parametrize("keep", [None, {"type": "thinking_turns", "value": 1}])
def test_reasoning_of_older_turns_is_cleared(keep: Any) -> None:
    edit = {"type": CLEAR_THINKING} | ({"keep": keep} if keep else {})
    ran = thinking_talk(Memory(), edits=[edit])[2]
    text = prompt(ran)
    assert "thought 0" not in text
    assert "thought 1" in text
    (applied,) = told(ran)
    assert applied["cleared_thinking_turns"] == 1
    assert applied["cleared_input_tokens"] > len("thought 0")


@requirement("context.thinking")
def test_without_the_edit_reasoning_of_earlier_turns_is_no_part_of_the_prompt() -> None:
    ran = thinking_talk(Memory())[2]
    assert "thought" not in prompt(ran).replace("thoughts", "")
    assert "context_management" not in ran.message.model_dump(mode="json")


@requirement("context.count")
def test_a_count_tells_both_sizes() -> None:
    fields = asked(loop(3), results_edit())
    whole = counted({"messages": loop(3), "tools": [TOOL, OTHER]})
    edited = counted(fields)
    assert edited.context_management
    assert edited.context_management.original_input_tokens == whole.input_tokens
    assert edited.input_tokens == len(run(["ok"], **fields).jobs[0].tokens)
    assert "context_management" not in whole.model_dump(mode="json")


@requirement("context.results")
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 400))
def test_what_is_told_is_what_was_saved(num_calls: int, keep: int, size: int) -> None:
    edit = results_edit(keep={"type": "tool_uses", "value": keep})
    whole = counted({"messages": loop(num_calls, size=size), "tools": [TOOL, OTHER]})
    ran = run(["ok"], **asked(loop(num_calls, size=size), edit))
    saved = sum(each["cleared_input_tokens"] for each in told(ran))
    assert len(ran.jobs[0].tokens) + saved == whole.input_tokens
    assert saved >= 0


@requirement("context.rules")
def test_edits_have_rules() -> None:
    beta = Caller(mode="strict", betas=frozenset({BETA}))

    def refused(caller: Caller, *edits: dict[str, Any], **fields: Any) -> str:
        return problem(caller, context_management={"edits": list(edits)}, **fields)

    thinks: dict[str, Any] = {"thinking": thinking(), "max_tokens": 5000}
    clearing = {"type": CLEAR_THINKING}
    assert refused(STRICT, results_edit()) == "context_management: Extra inputs are not permitted"
    assert refused(beta, results_edit()) == ""
    assert refused(beta, clearing) == (
        "context_management.edits.0: clear_thinking_20251015 requires `thinking` to be enabled"
    )
    assert refused(beta, clearing, **thinks) == ""
    assert refused(COMPAT, clearing) == ""
    assert refused(COMPAT, results_edit(), clearing, **thinks) == (
        "context_management.edits.1: clear_thinking_20251015 must be the first edit"
    )
    assert refused(COMPAT, results_edit(), results_edit()) == (
        "context_management.edits.1: clear_tool_uses_20250919 is listed twice"
    )
    assert "compact_20260112 is not supported" in refused(COMPAT, {"type": "compact_20260112"})
