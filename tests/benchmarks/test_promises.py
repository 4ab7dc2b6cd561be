"""How replies with calls and with thinking are judged, and what they are asked with."""

import asyncio
import re
from typing import Any

import jsonschema_rs
import pytest
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from benchmarks.constraint_cost import record_schema, text_schema
from benchmarks.sdk_client import Answer, Called, gather_bounded
from benchmarks.thinking_budgets import load_prompts, thinking_body
from benchmarks.thinking_budgets import tally as tally_thinking
from benchmarks.tool_data import Request, Tool, load_tools, make_tools, to_text
from benchmarks.tool_validity import Verdict, judge, tally, tool_body

SCHEMA = {"type": "object", "properties": {"day": {"format": "date", "type": "string"}}}
TOOLS = {"plan": Tool("plan", "Plans.", SCHEMA, ())}
EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def called(arguments: str, name: str = "plan", stop_reason: str = "tool_use") -> Answer:
    return Answer(calls=[Called(name, arguments)], stop_reason=stop_reason)


def test_the_tools_in_the_repository_are_those_of_the_seed() -> None:
    data = load_tools()
    assert make_tools() == data
    assert to_text(make_tools()) == to_text(data)
    assert to_text(make_tools(seed=5)) != to_text(data)


def test_there_are_200_requests_over_40_tools_that_show_every_feature() -> None:
    data = load_tools()
    assert len(data.tools) == len({tool.name for tool in data.tools}) == 40
    assert len(data.requests) == 200
    assert {feature for tool in data.tools for feature in tool.features} >= {
        "array", "bounds", "const", "enum", "format", "long", "map", "nested", "nullable",
        "optional", "pattern", "recursion", "tuple", "unicode", "union",
    }  # fmt: skip
    assert {request.choice for request in data.requests} == {"any", "auto"}
    assert {request.tools[0] for request in data.requests} == {tool.name for tool in data.tools}


def test_every_request_can_be_answered_and_names_its_tool() -> None:
    data = load_tools()
    schemas = {tool.name: tool.schema for tool in data.tools}
    for request in data.requests:
        schema = schemas[request.tools[0]]
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(request.wanted)
        assert request.tools[0] in request.text
        assert len(set(request.tools)) == len(request.tools)
        assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in request.tools)


def test_a_request_offers_its_tools_as_the_api_wants_them() -> None:
    body = tool_body(Request("Do it.", ("plan",), "any", {}), TOOLS)
    assert body["tools"] == [{"name": "plan", "description": "Plans.", "input_schema": SCHEMA}]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (called('{"day": "2026-03-14"}'), "valid"),
        (called(""), "valid"),
        (called('{"day": "soon"}'), "unsatisfied"),
        (called('{"day": 7}'), "unsatisfied"),
        (called("[]"), "unsatisfied"),
        (called('{"day": "2026'), "unparsed"),
        (called("{}", name="other"), "unknown tool"),
        (Answer(text="No.", stop_reason="end_turn"), "no call"),
        (Answer(calls=[Called("plan", "{}")], error="it broke"), "error"),
    ],
)
def test_a_reply_is_worth_what_its_calls_are(answer: Answer, outcome: str) -> None:
    assert judge(answer, TOOLS).outcome == outcome


def test_one_bad_call_spoils_a_reply() -> None:
    answer = Answer(calls=[Called("plan", "{}"), Called("plan", "{")], stop_reason="tool_use")
    assert judge(answer, TOOLS).outcome == "unparsed"


def test_a_call_that_max_tokens_cut_is_named_as_such() -> None:
    assert "max_tokens" in judge(called('{"day', stop_reason="max_tokens"), TOOLS).reason


def test_shares_of_calls_are_taken_of_replies_with_calls() -> None:
    requests = [Request("", ("plan",), choice, {}) for choice in ("any", "any", "auto", "auto")]
    answers = [called("{}"), called("{"), Answer(text="</think>"), Answer(error="e")]
    verdicts = [Verdict("valid"), Verdict("unparsed"), Verdict("no call"), Verdict("error")]
    figures = tally(requests, answers, verdicts)
    assert figures["calls_valid"] == 50
    assert figures["calls_with"] == 50
    assert figures["calls_forced"] == 50
    assert (figures["calls_unparsed"], figures["calls_errors"], figures["calls_leaks"]) == (1, 1, 1)


def test_without_calls_there_is_no_share_of_valid_ones() -> None:
    requests = [Request("", ("plan",), "any", {})]
    assert "calls_valid" not in tally(requests, [Answer()], [Verdict("no call")])


def test_an_answer_is_what_the_events_say() -> None:
    answer = Answer()
    start = {"type": "content_block_start", "index": 0}
    delta = {"type": "content_block_delta", "index": 0}
    events: tuple[dict[str, Any], ...] = (
        {**start, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
        {**delta, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {**delta, "delta": {"type": "signature_delta", "signature": "s"}},
        {**delta, "delta": {"type": "text_delta", "text": "Yes."}},
        {**start, "content_block": {"type": "tool_use", "id": "t", "name": "plan", "input": {}}},
        {**delta, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {**delta, "delta": {"type": "input_json_delta", "partial_json": " 1}"}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}},
        },
    )
    for event in events:
        answer.take(EVENT.validate_python(event))
    assert (answer.thinking, answer.text) == ("Hm.", "Yes.")
    assert answer.calls == [Called("plan", '{"a": 1}')]
    assert (answer.stop_reason, answer.output_tokens, answer.thinking_tokens) == ("tool_use", 9, 4)
    assert answer.leaks == 0


async def _number(value: int) -> int:
    return value


def test_results_come_in_the_order_of_what_was_asked() -> None:
    assert asyncio.run(gather_bounded(_number, [3, 1, 2], at_once=2)) == [3, 1, 2]


def test_there_are_50_questions_of_mixed_kinds() -> None:
    questions = load_prompts()
    assert len(questions) == len(set(questions)) == 50
    assert thinking_body(questions[0], 1024)["thinking"]["budget_tokens"] == 1024


def test_thinking_is_held_against_its_budget() -> None:
    answers = [
        Answer(thinking="a", text="b", thinking_tokens=1030),
        Answer(thinking="a", text=" ", thinking_tokens=700),
        Answer(text="<think>", thinking_tokens=1024),
        Answer(error="e"),
    ]
    figures = tally_thinking(answers, 1024)
    assert figures["thinking_1024_over"] == 6
    assert figures["thinking_1024_closed"] == 50
    assert figures["thinking_1024_answered"] == 50
    assert (figures["thinking_1024_leaks"], figures["thinking_1024_errors"]) == (1, 1)


def test_constrained_replies_cannot_end_early() -> None:
    for schema in (text_schema(), record_schema()):
        short: dict[str, Any] = {"story": "x" * 5000, "list": []}
        assert not jsonschema_rs.is_valid(schema, {key: short[key] for key in schema["required"]})
