"""Wire messages to conversations."""

import json
from typing import Any

from senryu.core import Conversation, Utterance
from senryu.messages.conversation import to_conversation
from senryu.wire.parse import parse
from senryu.wire.requests import CountTokensRequest
from tests.contract.manifest import requirement


def conversation(*messages: tuple[str, Any], system: Any = None) -> Conversation:
    """What these (role, content) pairs become."""
    body = {
        "model": "m",
        "system": system,
        "messages": [{"role": role, "content": content} for role, content in messages],
    }
    parsed = parse(json.dumps(body).encode(), CountTokensRequest, drop_unknown=False)
    return to_conversation(parsed.value)


def blocks(*texts: str, **fields: Any) -> list[dict[str, Any]]:
    """Text blocks."""
    return [{"type": "text", "text": text, **fields} for text in texts]


@requirement("messages.roles.merged")
def test_neighbours_of_one_role_become_one_utterance() -> None:
    assert conversation(("user", "a"), ("user", blocks("b", "c")), ("assistant", "d")) == (
        Conversation(
            (Utterance("user", "a\n\nb\n\nc"), Utterance("assistant", "d")), continue_last=True
        )
    )


def test_the_models_own_text_is_joined_without_a_gap() -> None:
    utterances = conversation(("user", "a"), ("assistant", blocks("b", "c")), ("user", "d"))
    assert utterances.utterances[1] == Utterance("assistant", "bc")


@requirement("messages.system.in_place")
def test_system_messages_stay_where_they_are() -> None:
    made = conversation(("user", "a"), ("system", "s"), ("user", "b"), system="top")
    assert [u.role for u in made.utterances] == ["system", "user", "system", "user"]


@requirement("messages.content.cache_control_ignored")
def test_cache_marks_and_block_form_make_no_difference() -> None:
    marked = blocks("s", cache_control={"type": "ephemeral", "ttl": "1h"})
    assert conversation(("user", "a"), ("system", marked)) == (
        conversation(("user", blocks("a")), ("system", "s"))
    )


@requirement("messages.system.billing_header")
def test_the_accounting_line_is_dropped() -> None:
    header = "x-anthropic-billing-header: cc_version=2.1; cch=1f2e3;"
    assert conversation(("user", "a"), system=blocks(header, "rules")) == (
        conversation(("user", "a"), system="rules")
    )
    assert conversation(("user", "a"), system=f"{header}\nrules") == (
        conversation(("user", "a"), system="rules")
    )


@requirement("messages.thinking.dropped_from_history")
def test_thinking_of_earlier_turns_is_left_out() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": ""}
    made = conversation(("user", "a"), ("assistant", [thinking, *blocks("b")]), ("user", "c"))
    assert [u.text for u in made.utterances] == ["a", "b", "c"]


def test_an_empty_last_assistant_message_asks_for_a_new_turn() -> None:
    assert conversation(("user", "a"), ("assistant", "")) == conversation(("user", "a"))
