"""How much of a reply stood in its prompt, and which prompts are chosen for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.choose_edits import candidates, choose
from benchmarks.client import BadAnswerError, Reply
from benchmarks.edits import Edit, decode_rate, load_edits, pieces, repeated_share

WORDS = [f"w{n}" for n in range(24)]


def edit(name: str, repeated: float, output_tokens: int = 100) -> Edit:
    return Edit(name, "", repeated, output_tokens)


def test_pieces_are_words_and_single_marks() -> None:
    assert pieces("a_1 = f(x);\n\n-- done.") == [
        "a_1", "=", "f", "(", "x", ")", ";", "-", "-", "done", ".",
    ]  # fmt: skip


@given(st.text())
def test_a_text_repeats_all_of_itself_or_is_too_short(text: str) -> None:
    assert repeated_share(text, text) == (1.0 if len(pieces(text)) >= 8 else 0.0)


def test_one_changed_word_costs_the_eight_grams_around_it() -> None:
    changed = [*WORDS[:12], "other", *WORDS[13:]]
    grams = len(WORDS) - 7
    assert repeated_share(" ".join(WORDS), " ".join(changed)) == (grams - 8) / grams


def test_what_a_reply_repeats_of_itself_counts_only_if_it_stood_in_the_prompt() -> None:
    looping = " ".join(["again"] * 50)
    assert repeated_share(" ".join(WORDS), looping) == 0.0


def test_the_first_token_of_a_reply_is_not_decode() -> None:
    one = Reply(0.0, arrivals=[1.0, 2.0, 3.0], output_tokens=9)
    two = Reply(5.0, arrivals=[9.0, 10.0], output_tokens=5)
    assert decode_rate([one, two]) == (8 + 4) / (2 + 1)


def test_a_reply_in_one_piece_has_no_rate() -> None:
    with pytest.raises(BadAnswerError, match="fewer than two"):
        decode_rate([Reply(0.0, arrivals=[1.0, 2.0]), Reply(0.0, arrivals=[1.0])])


def test_edits_that_repeat_too_little_or_are_too_short_are_left_out() -> None:
    edits = [edit("heading a", 0.59), edit("heading b", 0.99, 63), edit("heading c", 0.6, 64)]
    assert [each.name for each in choose(edits)] == ["heading c"]


def test_each_text_is_chosen_once_and_a_change_goes_before_a_copy() -> None:
    edits = [edit("repeat a", 0.99), edit("replace a", 0.7), edit("repeat b", 0.8)]
    assert [each.name for each in choose(edits)] == ["replace a", "repeat b"]


def test_the_chosen_edits_are_candidates_and_good_enough() -> None:
    known = dict(candidates())
    edits = load_edits()
    assert len(edits) == 8
    assert all(known[each.name] == each.prompt for each in edits)
    assert choose(edits) == edits
