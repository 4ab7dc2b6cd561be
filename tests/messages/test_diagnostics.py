"""What differs between two requests, and how many tokens that costs."""

import json
from typing import Any

import pytest

from senryu.messages.conversation import to_conversation
from senryu.messages.diagnostics import Fingerprint, Fingerprints, fingerprint
from senryu.messages.seals import Seals
from senryu.messages.told import Told
from senryu.messages.tools import offer_of
from senryu.store.key_ring import KeyRing
from senryu.wire.parse import parse
from senryu.wire.requests import MessagesRequest
from tests.contract.manifest import requirement

TOOL: dict[str, Any] = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
FIRST: dict[str, Any] = {
    "system": [{"type": "text", "text": "s1"}, {"type": "text", "text": "s2"}],
    "tools": [TOOL],
    "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ],
}
SEALS = Seals(KeyRing.fresh(), workspace="w", model="m")
BILLING = {"type": "text", "text": "x-anthropic-billing-header: cch=1f2e3;"}
MARKED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}


def made(model: str = "m", *, known: bool = True, **fields: Any) -> Fingerprint:
    """The fingerprint of a request, its prompt having ten tokens a block."""
    body = {"model": "m", "max_tokens": 1} | FIRST | fields
    request = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=False).value
    conversation = to_conversation(request, SEALS, Told(offer_of(request)))
    ends = tuple(range(10, 10 * len(conversation.blocks) + 1, 10)) if known else ()
    return fingerprint(
        request, conversation, ends, model=model, has_form=bool(request.output_schema)
    )


def told(second: Fingerprint, first: Fingerprint | None = None) -> dict[str, Any] | None:
    """The diagnostics of a second request that names the first."""
    prints = Fingerprints()
    prints.keep("msg_1", first or made(), workspace="w")
    found = prints.compare("msg_1", second, workspace="w")
    return found.model_dump()["cache_miss_reason"] if found else None


def changed(part: str, num_tokens: int) -> dict[str, Any]:
    """A reason."""
    return {"type": f"{part}_changed", "cache_missed_input_tokens": num_tokens}


def with_messages(*texts: str) -> list[dict[str, str]]:
    """Messages of both sides in turn."""
    return [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(texts)
    ]


@requirement("caching.diagnostics")
def test_a_request_that_goes_on_where_the_other_ended_has_nothing_to_tell() -> None:
    assert told(made()) is None
    assert told(made(messages=with_messages("a", "b", "c", "d", "e"))) is None


@requirement("caching.diagnostics")
@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (made("n"), changed("model", 60)),
        (made(speed="fast"), changed("model", 60)),
        (made(tools=[]), changed("tools", 60)),
        (made(tools=[], system="other"), changed("tools", 60)),
        (made(system="s1"), changed("system", 40)),
        (made(system="now"), changed("system", 50)),
        (made(system="now", tool_choice={"type": "none"}), changed("system", 50)),
        (made(messages=with_messages("a", "B", "c")), changed("messages", 20)),
        (made(messages=with_messages("a")), changed("messages", 20)),
        (made(tool_choice={"type": "none"}), {"type": "unavailable"}),
        (made(output_config={"effort": "low"}), {"type": "unavailable"}),
    ],
)
def test_the_first_difference_is_told(second: Fingerprint, reason: dict[str, Any]) -> None:
    assert told(second) == reason


@pytest.mark.parametrize(
    "same",
    [
        made(max_tokens=5, temperature=0.5),
        made(system=[BILLING, *FIRST["system"]]),
        made(tools=[{"input_schema": {"properties": {}, "type": "object"}, "name": "f"}]),
        made(tools=[TOOL | {"cache_control": {"type": "ephemeral"}}]),
        made(messages=[{"role": "user", "content": [MARKED]}, *FIRST["messages"][1:]]),
        made(thinking=None),
        made(tools=[TOOL | {"eager_input_streaming": True}]),
        made(tools=[TOOL, TOOL | {"name": "g", "defer_loading": True}]),
    ],
)
def test_what_is_not_in_the_prompt_makes_no_difference(same: Fingerprint) -> None:
    assert told(same) is None


def test_a_continued_reply_is_no_difference_to_its_beginning() -> None:
    begun = made(messages=with_messages("a", "Once"))
    assert told(made(messages=with_messages("a", "Once upon", "c")), begun) is None


THINKS = {"type": "enabled", "budget_tokens": 1024}
FORM = {"format": {"type": "json_schema", "schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({}, {"thinking": THINKS}, {"type": "unavailable"}),
        (
            {"thinking": THINKS},
            {"thinking": THINKS | {"budget_tokens": 2048}},
            {"type": "unavailable"},
        ),
        ({"thinking": THINKS}, {"thinking": THINKS | {"display": "omitted"}}, None),
        ({}, {"output_config": FORM}, {"type": "unavailable"}),
        ({"output_config": FORM}, {"output_config": FORM}, None),
        ({"output_config": FORM}, {"output_config": FORM, "system": "now"}, changed("system", 60)),
        (
            {"output_config": FORM},
            {"output_config": FORM, "messages": with_messages("a", "B", "c")},
            changed("messages", 20),
        ),
    ],
)
def test_what_thinking_and_the_answers_form_add_to_a_prompt_is_theirs(
    first: dict[str, Any], second: dict[str, Any], reason: dict[str, Any] | None
) -> None:
    assert told(made(**second), made(**first)) == reason


def loop(*, arguments: Any = 1, said: str = "1", identifier: str = "toolu_1") -> list[Any]:
    """A tool loop."""
    call = {"type": "tool_use", "id": identifier, "name": "f", "input": {"a": arguments, "b": 2}}
    result = {"type": "tool_result", "tool_use_id": identifier, "content": said}
    return [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (loop(), None),
        (loop(arguments=1.0, identifier="toolu_2"), None),
        (loop(arguments=2), changed("messages", 20)),
        (loop(said="2"), changed("messages", 10)),
    ],
)
def test_calls_and_results_are_parts_of_a_prompt(
    second: list[Any], reason: dict[str, Any] | None
) -> None:
    assert told(made(messages=second), made(messages=loop())) == reason


def test_reasoning_that_is_dropped_changes_the_prompt() -> None:
    first = loop()
    signature = SEALS.sign("hm", shown="hm")
    first[1]["content"].insert(0, {"type": "thinking", "thinking": "hm", "signature": signature})
    later = [*first, {"role": "user", "content": "more"}]
    thinks: dict[str, Any] = {"thinking": THINKS}
    assert told(made(messages=first, **thinks), made(messages=first, **thinks)) is None
    changes = told(made(messages=later, **thinks), made(messages=first, **thinks))
    assert changes == changed("messages", 30)


def test_a_system_prompt_that_stands_before_the_tools_keeps_nothing_when_it_changes() -> None:
    def before_tools(system: str) -> Fingerprint:
        body = {"model": "m", "max_tokens": 1} | FIRST | {"system": system}
        request = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=False).value
        return fingerprint(
            request,
            to_conversation(request, SEALS, Told(offer_of(request))),
            (20, 20, 30, 40, 50),
            model="m",
            has_form=False,
        )

    assert told(before_tools("b"), before_tools("a")) == changed("system", 50)


def test_without_token_positions_there_is_no_diagnosis() -> None:
    assert told(made(system="now"), made(known=False)) == {"type": "unavailable"}


@requirement("caching.diagnostics.not_found", "caching.tenants")
def test_a_reply_of_another_workspace_or_of_long_ago_is_not_found() -> None:
    prints = Fingerprints(max_parts=20)
    prints.keep("msg_1", made(), workspace="w")
    reasons: list[Any] = []
    for name, workspace in (("msg_1", "v"), ("msg_2", "w")):
        found = prints.compare(name, made(), workspace=workspace)
        reasons.append(found.model_dump() if found else None)
    prints.keep("msg_2", made(), workspace="w")
    found = prints.compare("msg_1", made(), workspace="w")
    reasons.append(found.model_dump() if found else None)
    assert reasons == [{"cache_miss_reason": {"type": "previous_message_not_found"}}] * 3
