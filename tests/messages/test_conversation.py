"""Wire messages to conversations."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import (
    Call,
    Conversation,
    Part,
    Passage,
    Result,
    Role,
    Thought,
    Utterance,
)
from senryu.messages.conversation import count_system_passages, to_conversation
from senryu.messages.seals import Seals
from senryu.messages.told import Told
from senryu.messages.tools import offer_of
from senryu.store.key_ring import KeyRing
from senryu.wire.parse import parse
from senryu.wire.requests import CountTokensRequest
from tests.contract.manifest import requirement

CONTROL = {"type": "ephemeral", "ttl": "1h"}
SEALS = Seals(KeyRing.fresh(), workspace="w", model="m")
THINKS = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def request(*messages: tuple[str, Any], **fields: Any) -> CountTokensRequest:
    """A request with these (role, content) pairs."""
    body = {
        "model": "m",
        "messages": [{"role": role, "content": content} for role, content in messages],
    }
    return parse(json.dumps(body | fields).encode(), CountTokensRequest, drop_unknown=False).value


def conversation(*messages: tuple[str, Any], **fields: Any) -> Conversation:
    """What these (role, content) pairs become."""
    asked = request(*messages, **fields)
    return to_conversation(asked, SEALS, Told(offer_of(asked)))


def parts(*messages: tuple[str, Any], **fields: Any) -> list[list[Part]]:
    """What each speaker says in them."""
    return [list(u.parts) for u in conversation(*messages, **fields).utterances]


def says(role: Role, *texts: str) -> Utterance:
    """What someone says in passages."""
    return Utterance(role, tuple(Passage(text) for text in texts))


def blocks(*texts: str, **fields: Any) -> list[dict[str, Any]]:
    """Text blocks."""
    return [{"type": "text", "text": text, **fields} for text in texts]


@requirement("messages.roles.merged")
def test_neighbours_of_one_role_become_one_utterance() -> None:
    assert conversation(("user", "a"), ("user", blocks("b", "c")), ("assistant", "d")) == (
        Conversation((says("user", "a", "b", "c"), says("assistant", "d")), continue_last=True)
    )


def test_the_models_own_text_is_joined_without_a_gap() -> None:
    made = conversation(("user", blocks("a", "b")), ("assistant", blocks("c", "d")), ("user", "e"))
    assert [utterance.text for utterance in made.utterances] == ["a\n\nb", "cd", "e"]


@requirement("messages.system.in_place")
def test_system_messages_stay_where_they_are() -> None:
    made = conversation(("user", "a"), ("system", "s"), ("user", "b"), system="top")
    assert [u.role for u in made.utterances] == ["system", "user", "system", "user"]


@requirement("messages.content.cache_control_ignored")
def test_cache_marks_and_block_form_make_no_difference_to_what_is_said() -> None:
    marked = conversation(("user", "a"), ("system", blocks("s", cache_control=CONTROL)))
    plain = conversation(("user", blocks("a")), ("system", "s"))
    assert [u.text for u in marked.utterances] == [u.text for u in plain.utterances]
    assert marked.utterances[0] == plain.utterances[0]


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        (None, None),
        ({"type": "ephemeral"}, 300),
        ({"type": "ephemeral", "ttl": "5m"}, 300),
        ({"type": "ephemeral", "ttl": "1h"}, 3600),
    ],
)
def test_a_breakpoint_is_its_passages_lifetime(control: Any, seconds: int | None) -> None:
    made = conversation(
        ("user", blocks("a", cache_control=control)), system=blocks("s", cache_control=control)
    )
    assert [u.parts for u in made.utterances] == [
        (Passage("s", lifetime_s=seconds),),
        (Passage("a", lifetime_s=seconds),),
    ]


@requirement("messages.system.billing_header")
def test_the_accounting_line_is_dropped() -> None:
    header = "x-anthropic-billing-header: cc_version=2.1; cch=1f2e3;"
    assert conversation(("user", "a"), system=blocks(header, "rules")) == (
        conversation(("user", "a"), system="rules")
    )
    assert conversation(("user", "a"), system=f"{header}\nrules") == (
        conversation(("user", "a"), system="rules")
    )


def thinking(text: str, *, shown: bool = True) -> dict[str, Any]:
    """A block as a reply had it."""
    visible = text if shown else ""
    return {
        "type": "thinking",
        "thinking": visible,
        "signature": SEALS.sign(text, shown=visible),
    }


def redacted(text: str) -> dict[str, Any]:
    """A sealed block as a reply had it."""
    return {"type": "redacted_thinking", "data": SEALS.sign(text, shown="")}


def use(identifier: str, name: str = "f", **given: Any) -> dict[str, Any]:
    """A call."""
    return {"type": "tool_use", "id": identifier, "name": name, "input": given}


def result(identifier: str, content: Any = "1", **fields: Any) -> dict[str, Any]:
    """What it came to."""
    return {"type": "tool_result", "tool_use_id": identifier, "content": content} | fields


def tool(name: str, **fields: Any) -> dict[str, Any]:
    """A tool."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    return {"name": name, "description": f"Does {name}.", "input_schema": schema} | fields


ASKED = ("user", "a")
LOOP = [
    ASKED,
    ("assistant", [thinking("first"), *blocks("b"), use("toolu_1")]),
    ("user", [result("toolu_1")]),
    ("assistant", [thinking("second", shown=False), redacted("third"), use("toolu_2")]),
    ("user", [result("toolu_2")]),
]


def thoughts(*messages: tuple[str, Any], **fields: Any) -> list[str]:
    """The reasoning that is kept."""
    found = [part for said in parts(*messages, **fields) for part in said]
    return [part.text for part in found if isinstance(part, Thought)]


@requirement("thinking.history.loop", "thinking.display.omitted", "thinking.redacted")
def test_reasoning_is_kept_inside_a_tool_loop_also_where_it_was_not_shown() -> None:
    assert thoughts(*LOOP, **THINKS) == ["first", "second", "third"]
    assert parts(*LOOP, **THINKS)[1][0] == Thought("first")


@requirement("messages.thinking.dropped_from_history")
@pytest.mark.parametrize(
    "later",
    [
        [("assistant", "c"), ("user", "d")],
        [("user", "d")],
        [
            ("assistant", [thinking("fourth"), use("toolu_3")]),
            ("user", [result("toolu_3"), *blocks("and")]),
        ],
    ],
)
def test_reasoning_of_earlier_turns_is_left_out(later: list[tuple[str, Any]]) -> None:
    assert thoughts(*LOOP, *later, **THINKS) == []


@requirement("thinking.history.loop")
@pytest.mark.parametrize("off", [{}, {"thinking": {"type": "disabled"}}])
def test_reasoning_is_left_out_where_none_is_asked_for(off: dict[str, Any]) -> None:
    assert thoughts(*LOOP, **off) == []


@requirement("thinking.history.loop")
def test_a_system_message_does_not_end_a_loop() -> None:
    assert thoughts(*LOOP, ("system", "s"), **THINKS) == ["first", "second", "third"]


@requirement("thinking.signature.compat")
@pytest.mark.parametrize("signature", ["", "EqMDCkYIARABGAIqQ", SEALS.sign("x", shown="x")])
def test_reasoning_that_this_server_did_not_make_is_left_out(signature: str) -> None:
    foreign = {"type": "thinking", "thinking": "hm", "signature": signature}
    loop = [ASKED, ("assistant", [foreign, use("toolu_1")]), ("user", [result("toolu_1")])]
    assert thoughts(*loop, **THINKS) == []


@requirement("tools.history")
def test_calls_and_results_stay_where_they_are_and_know_each_other() -> None:
    made = parts(
        ASKED,
        ("assistant", [*blocks("b"), use("toolu_1", "f", b=1, a=2.0), use("toolu_2", "g")]),
        ("user", [result("toolu_2", "two"), result("toolu_1", "one", is_error=True)]),
        ("user", "c"),
    )
    assert made[1:] == [
        [Passage("b"), Call("toolu_1", "f", '{"a": 2, "b": 1}'), Call("toolu_2", "g", "{}")],
        [
            Result("toolu_2", "g", "two"),
            Result("toolu_1", "f", "one", is_error=True),
            Passage("c"),
        ],
    ]


@requirement("tools.results")
@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("one", "one"),
        (blocks("one"), "one"),
        (blocks("one", "two"), "one\n\ntwo"),
        ("", ""),
        ([], ""),
        (None, ""),
        (blocks("", "one"), "one"),
        (
            [
                {
                    "type": "document",
                    "title": "T",
                    "context": "C",
                    "source": {"type": "text", "media_type": "text/plain", "data": "D"},
                }
            ],
            "[Document: T]\nC\nD\n[End of the document]",
        ),
        (
            [
                {"type": "document", "source": {"type": "content", "content": blocks("x", "y")}},
                *blocks("z"),
            ],
            "[Document]\nx\n\ny\n[End of the document]\n\nz",
        ),
        (
            [
                {"type": "document", "source": {"type": "content", "content": "x"}},
                {"type": "search_result", "title": "T", "source": "S", "content": blocks("y")},
            ],
            "[Document]\nx\n[End of the document]\n\n"
            "[Search result: T]\nS\ny\n[End of the search result]",
        ),
        ([{"type": "browser_state"}], ""),
        ([{"type": "tool_reference", "tool_name": "DeferredToolPlaceholder"}], ""),
    ],
)
def test_what_a_tool_says_is_one_text(content: Any, text: str) -> None:
    made = parts(ASKED, ("assistant", [use("toolu_1")]), ("user", [result("toolu_1", content)]))
    assert made[-1] == [Result("toolu_1", "f", text)]


@requirement("tools.results")
@pytest.mark.parametrize(
    "marked",
    [
        result("toolu_1", cache_control=CONTROL),
        result("toolu_1", blocks("1", cache_control=CONTROL)),
        result(
            "toolu_1",
            [
                {
                    "type": "document",
                    "source": {"type": "content", "content": blocks("1", cache_control=CONTROL)},
                }
            ],
        ),
    ],
)
def test_a_breakpoint_on_or_in_a_result_is_the_results(marked: dict[str, Any]) -> None:
    made = parts(ASKED, ("assistant", [use("toolu_1")]), ("user", [marked]))
    (told,) = made[-1]
    assert isinstance(told, Result)
    assert "1" in told.text
    assert told.lifetime_s == 3600


def test_a_breakpoint_on_a_call_or_a_tool_is_its_own() -> None:
    call = use("toolu_1") | {"cache_control": CONTROL}
    made = conversation(
        ASKED,
        ("assistant", [call]),
        ("user", [result("toolu_1")]),
        tools=[tool("f", cache_control=CONTROL), tool("g")],
    )
    assert made.utterances[1].parts == (Call("toolu_1", "f", "{}", 3600),)
    assert [tool.lifetime_s for tool in made.tools] == [3600, None]


@requirement("tools.custom")
def test_a_tool_is_told_in_its_canonical_form() -> None:
    schema: dict[str, Any] = {"properties": {"b": {}, "a": {}}, "type": "object"}
    custom = tool("f", input_schema=schema, input_examples=[{"b": 1.0, "a": []}])
    (made,) = conversation(ASKED, tools=[custom]).tools
    assert (made.name, made.description) == ("f", "Does f.")
    assert made.schema == '{"type": "object", "properties": {"a": {}, "b": {}}}'
    assert made.examples == ('{"a": [], "b": 1}',)


@requirement("tools.custom")
def test_what_a_grammar_cannot_enforce_is_told_and_not_enforced() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "not": {"const": 3}}}}
    (made,) = conversation(ASKED, tools=[tool("f", input_schema=schema)]).tools
    assert '"not"' in made.schema
    assert made.enforced
    assert '"not"' not in made.enforced


@requirement("tools.typed")
def test_the_apis_own_tools_come_with_their_schema() -> None:
    (made,) = conversation(ASKED, tools=[{"type": "bash_20250124", "name": "bash"}]).tools
    assert made.name == "bash"
    assert "command" in json.loads(made.schema)["properties"]
    assert made.description


@requirement("tools.choice.none")
def test_tools_are_told_also_where_none_may_be_used() -> None:
    asked = conversation(ASKED, tools=[tool("f")], tool_choice={"type": "none"})
    assert [tool.name for tool in asked.tools] == ["f"]


def found(*names: str) -> list[tuple[str, Any]]:
    """A loop in which a search finds tools."""
    references = [{"type": "tool_reference", "tool_name": name} for name in names]
    return [
        ASKED,
        ("assistant", [use("toolu_1", "search")]),
        ("user", [result("toolu_1", references)]),
    ]


DEFERRED = [
    tool("x", defer_loading=True),
    tool("search"),
    tool("y", defer_loading=True),
    tool("DeferredToolPlaceholder", defer_loading=True),
]


@requirement("tools.deferred")
def test_a_deferred_tool_is_told_where_it_is_first_named() -> None:
    def names(*messages: tuple[str, Any]) -> list[str]:
        return [tool.name for tool in offer_of(request(*messages, tools=DEFERRED)).all]

    assert names(ASKED) == ["search"]
    assert names(*found("y", "x", "y")) == ["search", "y", "x"]
    assert names(*found("DeferredToolPlaceholder")) == ["search"]
    before = conversation(ASKED, tools=DEFERRED)
    after = conversation(*found("y"), tools=DEFERRED)
    assert after.tools == before.tools
    assert after.utterances[-1].parts[0] == Result(
        "toolu_1",
        "search",
        "This tool can be called from now on:\n"
        '{"name": "y", "description": "Does y.", "parameters":'
        ' {"type": "object", "properties": {"a": {"type": "integer"}}}}',
    )


FORM = {"type": "json_schema", "schema": {"required": ["a"], "type": "object"}}


@requirement("output.format.told")
@pytest.mark.parametrize(
    "fields", [{"output_config": {"format": FORM}}, {"output_format": FORM}], ids=["new", "old"]
)
def test_the_form_of_the_answer_is_told_behind_the_system_prompt(fields: dict[str, Any]) -> None:
    told = Passage(
        "Answer with nothing but JSON that satisfies this JSON schema:\n"
        '{"required": ["a"], "type": "object"}'
    )
    assert parts(ASKED, system="s", **fields) == [[Passage("s"), told], [Passage("a")]]
    assert parts(ASKED, **fields) == [[told], [Passage("a")]]
    assert count_system_passages(request(ASKED, system="s", **fields)) == 1


@given(st.permutations(["type", "properties", "required", "additionalProperties"]))
def test_the_order_of_a_tools_keys_makes_no_difference(order: list[str]) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    shuffled = {key: schema[key] for key in order}
    made = [
        conversation(ASKED, tools=[tool("f", input_schema=given)]) for given in (schema, shuffled)
    ]
    assert made[0] == made[1]


def test_blocks_that_are_not_served_say_nothing() -> None:
    unserved = {"type": "web_search_tool_result"}
    assert parts(("user", [unserved, *blocks("a")])) == [[Passage("a")]]


def test_an_empty_last_assistant_message_asks_for_a_new_turn() -> None:
    assert conversation(("user", "a"), ("assistant", "")) == conversation(("user", "a"))
