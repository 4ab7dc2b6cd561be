"""Golden transcripts: conversation to prompt, reply to pieces. A case is a file in ``cases``."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Conversation, TextPiece, TurnEnd, Utterance
from senryu.families.smollm2 import SmolLM2
from tests.contract.manifest import requirement

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    """A case."""
    return json.loads(path.read_text(encoding="utf-8"))


def conversation_of(case: dict[str, Any]) -> Conversation:
    """A case's conversation."""
    utterances = tuple(Utterance(role, text) for role, text in case["conversation"])
    return Conversation(utterances, case.get("continue_last", False))


@requirement("messages.markers_cannot_be_forged", "messages.prefill")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_prompt_is_the_golden_one(path: Path) -> None:
    case = load(path)
    prompt = SmolLM2().render(conversation_of(case))
    assert "".join(segment.text for segment in prompt.segments) == case["prompt"]
    assert [segment.text for segment in prompt.segments if segment.special] == case["special"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@given(data=st.data())
def test_the_reply_is_the_golden_one_however_it_is_cut(path: Path, data: st.DataObject) -> None:
    case = load(path)
    reply: str = case["reply"]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=len(reply))))
    parser = SmolLM2().parser()
    pieces = [
        piece
        for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)
        for piece in parser.feed(reply[start:end])
    ]
    pieces += parser.close()
    visible = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    assert (visible, TurnEnd() in pieces) == (case["visible"], case["ended"])


@given(st.text())
def test_user_text_never_becomes_a_marker(text: str) -> None:
    prompt = SmolLM2().render(Conversation((Utterance("user", text),)))
    assert sum(segment.special for segment in prompt.segments) == 5
    assert prompt.segments[-5].text == f"user\n{text}"
