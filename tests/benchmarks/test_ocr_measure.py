"""What part of a drawn text comes through."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ocr_measure import compare
from tests.contract.manifest import requirement

LINES = st.lists(st.text("abcdefgh .", min_size=1).filter(str.strip), min_size=1, max_size=5)


@requirement("images.languages")
def test_lost_and_added_characters_are_told_apart() -> None:
    found = compare(["The total is", "42 EUR"], "Tbe total is\n\n| 42 EUR | xy |")
    assert (found.drawn, found.through, found.added) == (15, 14, 2)


@requirement("images.languages")
def test_what_was_found_once_is_not_found_again() -> None:
    found = compare(["12.50", "12.50"], "12.50")
    assert (found.drawn, found.through, found.added) == (10, 5, 0)


@requirement("images.languages")
def test_a_line_of_which_most_is_lost_is_lost() -> None:
    assert compare(["abcdef"], "ab").through == 0
    assert compare(["abcdef"], "abcd").through == 4


@requirement("images.languages")
@given(st.data(), LINES)
def test_the_order_of_lines_does_not_count(data: st.DataObject, lines: list[str]) -> None:
    found = compare(lines, "\n".join(data.draw(st.permutations(lines))))
    assert found.drawn >= found.through
    assert found.drawn - found.through == found.added
