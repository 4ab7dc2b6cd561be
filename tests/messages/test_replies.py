"""Replies come back as the tokens they were generated as."""

from typing import Any

import pytest

from senryu.core import Call, Conversation, Part, Passage, Picture, Result, Role, Thought, Utterance
from senryu.messages.replies import Replies, ReplyPart
from tests.contract.manifest import requirement

WHO: dict[str, Any] = {"workspace": "w", "model": "m"}


def says(role: Role, *texts: str) -> Utterance:
    """What someone says in passages."""
    return Utterance(role, tuple(Passage(text) for text in texts))


def answers(*parts: Part) -> Utterance:
    """What the model says."""
    return Utterance("assistant", parts)


def call(arguments: str = '{"a": 1}', name: str = "f", identifier: str = "toolu_1") -> Call:
    """A call without tokens."""
    return Call(identifier, name, arguments)


ASKED = Conversation((says("user", "hi"),))
GROWN = Conversation((says("user", "hi"), says("assistant", "Hello"), says("user", "more")))
REPLY: list[ReplyPart] = [
    Thought("hm", (1, 2)),
    Passage("Let me look.", tokens=(3, 4)),
    Call("toolu_0", "f", '{"a": 1}', tokens=(5, 6, 7)),
    Call("toolu_9", "g", "{}", tokens=(8,)),
]
SENT_BACK = (
    Thought("hm"),
    Passage("Let me look."),
    call(),
    call("{}", "g", "toolu_2"),
)


def tokens(of: Conversation) -> list[tuple[int, ...] | None]:
    """The tokens of what the assistant said."""
    return [
        part.tokens
        for utterance in of.utterances
        for part in utterance.parts
        if utterance.role == "assistant" and not isinstance(part, Result | Picture)
    ]


def remembered(*parts: ReplyPart, **options: Any) -> Replies:
    """A memory of one reply."""
    replies = Replies()
    replies.remember(options.pop("to", ASKED), parts, **options, **WHO)
    return replies


def restored(replies: Replies, *parts: Part) -> list[tuple[int, ...] | None]:
    """The tokens of a reply that came back like this."""
    results = Utterance("user", (Result("toolu_1", "f", "1"), Passage("more")))
    return tokens(
        replies.restored(Conversation((*ASKED.utterances, answers(*parts), results)), **WHO)
    )


HELLO = Passage("Hello", tokens=(7, 8))


@requirement("caching.byte_stable.replies")
def test_a_reply_is_given_its_tokens_back() -> None:
    again = remembered(HELLO).restored(GROWN, **WHO)
    assert tokens(again) == [(7, 8)]
    assert [u.text for u in again.utterances] == [u.text for u in GROWN.utterances]


@requirement("caching.byte_stable.replies", "caching.byte_stable.calls")
def test_reasoning_text_and_calls_are_each_given_their_own() -> None:
    assert restored(remembered(*REPLY), *SENT_BACK) == [(1, 2), (3, 4), (5, 6, 7), (8,)]


@requirement("caching.byte_stable.calls")
def test_what_was_said_after_dropped_reasoning_keeps_its_tokens() -> None:
    assert restored(remembered(*REPLY), *SENT_BACK[1:]) == [(3, 4), (5, 6, 7), (8,)]


def test_tokens_that_are_reasoning_and_text_at_once_need_both() -> None:
    replies = remembered(*REPLY, thoughts_end=False)
    assert restored(replies, *SENT_BACK) == [(1, 2), (3, 4), (5, 6, 7), (8,)]
    assert restored(replies, *SENT_BACK[1:]) == [None, None, None]


@pytest.mark.parametrize(
    "changed",
    [
        (Thought("no"), *SENT_BACK[1:]),
        (*SENT_BACK[:2], call('{"a": 2}'), SENT_BACK[3]),
        (*SENT_BACK[:2], call(name="h"), SENT_BACK[3]),
        (*SENT_BACK[:3],),
        (SENT_BACK[0], *SENT_BACK[2:]),
    ],
)
def test_a_reply_that_came_back_changed_is_not_known(changed: tuple[Part, ...]) -> None:
    assert set(restored(remembered(*REPLY), *changed)) == {None}


def test_what_tools_said_is_a_part_of_the_history() -> None:
    loop = (says("user", "hi"), answers(call()))
    results = [Utterance("user", (Result("toolu_1", "f", text),)) for text in ("1", "2")]
    replies = remembered(HELLO, to=Conversation((*loop, results[0])))
    for result, known in zip(results, [(7, 8), None], strict=True):
        whole = Conversation((*loop, result, says("assistant", "Hello"), says("user", "more")))
        assert tokens(replies.restored(whole, **WHO)) == [None, known]


@requirement("caching.tenants")
@pytest.mark.parametrize("other", [{"workspace": "v"}, {"model": "n"}])
def test_nobody_else_and_no_other_model_gets_them(other: dict[str, str]) -> None:
    assert tokens(remembered(HELLO).restored(GROWN, **(WHO | other))) == [None]


@pytest.mark.parametrize(
    "changed",
    [
        (says("user", "ho"), says("assistant", "Hello")),
        (says("system", "s"), says("user", "hi"), says("assistant", "Hello")),
        (says("user", "hi"), says("assistant", "Hello!")),
        (says("user", "h"), says("system", "i"), says("assistant", "Hello")),
    ],
)
def test_another_history_is_another_reply(changed: tuple[Utterance, ...]) -> None:
    assert tokens(remembered(HELLO).restored(Conversation(changed), **WHO)) == [None]


def test_the_first_reply_with_a_text_wins() -> None:
    replies = remembered(HELLO)
    replies.remember(ASKED, [Passage("Hello", tokens=(9,))], **WHO)
    assert tokens(replies.restored(GROWN, **WHO)) == [(7, 8)]


@requirement("caching.byte_stable.replies")
def test_a_continued_reply_comes_back_whole_or_in_its_two_parts() -> None:
    begun = Conversation((says("user", "hi"), says("assistant", "Once")), continue_last=True)
    upon = Passage(" upon", tokens=(8, 9))
    replies = remembered(upon, to=begun, prefill_tokens=[5, 6])
    whole = Conversation((says("user", "hi"), says("assistant", "Once upon")))
    assert tokens(replies.restored(whole, **WHO)) == [(5, 6, 8, 9)]
    parts = Conversation((says("user", "hi"), says("assistant", "Once", " upon")))
    assert tokens(replies.restored(parts, **WHO)) == [(5, 6), (8, 9)]
    elsewhere = Conversation((says("user", "hi"), says("assistant", "Once u", "pon")))
    assert tokens(replies.restored(elsewhere, **WHO)) == [None, None]


def test_a_reply_that_continues_one_is_known_by_both() -> None:
    replies = remembered(HELLO)
    begun = Conversation((says("user", "hi"), says("assistant", "Hello")), continue_last=True)
    replies.remember(begun, [Passage(" you", tokens=(9,))], prefill_tokens=[7, 8], **WHO)
    whole = Conversation((says("user", "hi"), says("assistant", "Hello", " you")))
    assert tokens(replies.restored(whole, **WHO)) == [(7, 8), (9,)]


def test_old_replies_are_forgotten() -> None:
    replies = Replies(max_tokens=200)
    for text in ("Hello", "Hi", "Yes"):
        replies.remember(ASKED, [Passage(text, tokens=tuple(range(20)))], **WHO)
    assert tokens(replies.restored(GROWN, **WHO)) == [None]
