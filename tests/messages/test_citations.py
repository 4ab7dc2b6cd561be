"""Replies that cite: blocks, citations and what comes back, over a scripted model."""

from typing import Any

import pytest

from senryu.core import Chunk
from senryu.messages.memory import Memory
from tests.contract.manifest import requirement
from tests.messages.turns import run, thinking, tool

TEXT = "The grass is green. The sky is blue. The lake is 12 m deep."
DOCUMENT: dict[str, Any] = {
    "type": "document",
    "title": "Colours",
    "source": {"type": "text", "media_type": "text/plain", "data": TEXT},
    "citations": {"enabled": True},
}
ASKED: dict[str, Any] = {
    "role": "user",
    "content": [DOCUMENT, {"type": "text", "text": "What is green?"}],
}


def cited(text: str, *spans: tuple[int, int]) -> dict[str, Any]:
    """A block of a reply that rests on parts of the document."""
    places = [
        {
            "type": "char_location",
            "cited_text": TEXT[start:end],
            "document_index": 0,
            "document_title": "Colours",
            "start_char_index": start,
            "end_char_index": end,
            "file_id": None,
        }
        for start, end in spans
    ]
    return {"type": "text", "text": text, "citations": places}


def plain(text: str) -> dict[str, Any]:
    """A block of a reply that rests on nothing."""
    return {"type": "text", "text": text}


@requirement("citations.blocks", "citations.delta")
def test_a_cited_sentence_is_a_block_of_its_own() -> None:
    script = ["So: ", "Grass is", " green.<ci", "te:1> Al", "l is well. Sky is blue<cite:2,3>."]
    ran = run(script, messages=[ASKED])
    assert ran.content == [
        cited("So: Grass is green.", (0, 19)),
        plain(" All is well. "),
        cited("Sky is blue", (20, 59)),
        plain("."),
    ]
    assert ran.labels[1:6] == [
        "content_block_start text",
        "text_delta",
        "citations_delta",
        "content_block_stop",
        "content_block_start text",
    ]


@requirement("citations.exact")
def test_numbers_of_nothing_cite_nothing() -> None:
    assert run(["Grass is green.<cite:9>"], messages=[ASKED]).content == [plain("Grass is green.")]


@requirement("citations.usage")
def test_what_is_cited_is_not_counted_as_output() -> None:
    ran = run([Chunk((1, 2, 3), "Green.<cite:1>")], messages=[ASKED])
    assert ran.content == [cited("Green.", (0, 19))]
    assert ran.message.usage.output_tokens == 3


@requirement("citations.blocks")
def test_without_enabled_citations_references_are_text() -> None:
    asked = {"role": "user", "content": [DOCUMENT | {"citations": {"enabled": False}}]}
    assert run(["a<cite:1>"], messages=[asked]).content == [plain("a<cite:1>")]


@requirement("citations.told")
def test_the_model_is_told_numbers_and_held_to_them() -> None:
    ran = run(["x"], messages=[ASKED])
    job = ran.jobs[0]
    prompt = bytes(token for token in job.tokens if token < 256).decode()
    assert "The grass is green.<cite:1> The sky is blue.<cite:2>" in prompt
    assert "[Document: Colours]" in prompt
    assert job.guide is not None
    assert job.guide.references is not None
    assert job.guide.references.triggers == ("<cite",)
    assert '"maximum": 3' in job.guide.references.grammar


@requirement("citations.blocks")
@pytest.mark.parametrize(
    ("stop", "content"),
    [
        ("All", [cited("Grass is green.", (0, 19))]),
        ("is g", [cited("Grass ", (0, 19))]),
        ("blue", [cited("Grass is green.", (0, 19)), plain(" All is well. Sky is ")]),
    ],
)
def test_a_stop_sequence_ends_the_reply_and_shows_nothing_behind_it(
    stop: str, content: list[Any]
) -> None:
    script = ["Grass is green.<cite:1> All is well. Sky is blue."]
    ran = run(script, messages=[ASKED], stop_sequences=[stop])
    assert ran.content == content
    assert ran.message.stop_sequence == stop


@requirement("citations.blocks")
def test_calls_and_reasoning_come_between_cited_texts() -> None:
    script = [
        "<think>Which?</think>Grass is green.<cite:1>",
        '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>',
    ]
    ran = run(script, messages=[ASKED], thinking=thinking(), tools=[tool()])
    assert [block["type"] for block in ran.content] == ["thinking", "text", "tool_use"]
    assert ran.content[1] == cited("Grass is green.", (0, 19))


@requirement("citations.history")
def test_a_reply_that_comes_back_is_the_tokens_that_it_was_made_of() -> None:
    memory = Memory()
    ran = run(["Grass is green.", "<cite:1>", " Yes."], messages=[ASKED], memory=memory)
    made = ran.jobs[0].tokens
    again = {"role": "assistant", "content": ran.content}
    more = run(["ok"], messages=[ASKED, again, {"role": "user", "content": "And?"}], memory=memory)
    prompt = bytes(token for token in more.jobs[0].tokens if token < 256).decode()
    assert more.jobs[0].tokens[: len(made)] == made
    assert "Grass is green.<cite:1> Yes." in prompt
