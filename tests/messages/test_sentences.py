"""Texts cut into what can be cited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.messages.sentences import spans
from tests.contract.manifest import requirement

WORDS = st.text("ab 3.!?\n\"'。」。؟।", max_size=80) | st.text(max_size=60)
LONG = st.text("ab ", min_size=1, max_size=3000)


def cut(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in spans(text)]


@requirement("citations.parts")
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The grass is green. The sky is blue.", ["The grass is green.", "The sky is blue."]),
        ("Pi is 3.14, about. So?", ["Pi is 3.14, about.", "So?"]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("# Title\n\nBody without an end", ["# Title", "Body without an end"]),
        ("草是绿的。天是蓝的！", ["草是绿的。", "天是蓝的！"]),
        ("「はい。」と言った。", ["「はい。」", "と言った。"]),
        ("यह घास है। वह नीला है।", ["यह घास है।", "वह नीला है।"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_as_their_language_ends_them(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


@requirement("citations.parts")
@pytest.mark.parametrize("mark", [".", "?!", '."', "。", "。」", "\n", " ", '"'])
def test_a_text_of_nothing_but_marks_takes_no_longer(mark: str) -> None:
    assert cut(mark * 300_000 + "x")[-1].endswith("x")


@requirement("citations.parts")
@given(WORDS | LONG)
def test_sentences_hold_all_of_a_text_but_white_space(text: str) -> None:
    found = list(spans(text))
    assert "".join("".join(cut(text)).split()) == "".join(text.split())
    assert all(start < end for start, end in found)
    assert all(one[1] <= other[0] for one, other in zip(found, found[1:], strict=False))
    assert all(part == part.strip() and len(part) <= 600 for part in cut(text))
