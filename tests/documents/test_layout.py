"""Lines in a picture to text."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.documents.layout import Line, lay_out
from tests.contract.manifest import requirement


def line(text: str, left: float, top: float, width: float | None = None) -> Line:
    """A line of 10 pixels' height."""
    return Line(text, left, top, left + (width or 5 * len(text)), top + 10)


@requirement("images.read")
def test_lines_are_read_from_top_to_bottom() -> None:
    assert lay_out([line("b", 0, 12), line("a", 0, 0)]) == "a\nb"


@requirement("images.read")
def test_a_gap_ends_a_paragraph() -> None:
    assert lay_out([line("a", 0, 0), line("b", 0, 12), line("c", 0, 60)]) == "a\nb\n\nc"


@requirement("images.read")
def test_a_line_that_is_cut_in_two_is_one_line() -> None:
    assert lay_out([line("left", 0, 0), line("right", 90, 1)]) == "left  right"


@requirement("images.read")
def test_cells_in_common_columns_are_a_table() -> None:
    lines = [
        line("Station", 0, 0),
        line("Level", 100, 1),
        line("North", 2, 20),
        line("3|4", 110, 19),
        line("South", 0, 40),
    ]
    lines += [line("2", 105, 40), line("Sum of all", 0, 80)]
    assert lay_out(lines) == (
        "| Station | Level |\n| --- | --- |\n| North | 3\\|4 |\n| South | 2 |\n\nSum of all"
    )


@requirement("images.read")
def test_an_empty_cell_stays_empty() -> None:
    lines = [line("a", 0, 0), line("b", 50, 0), line("c", 100, 0)]
    lines += [line("d", 0, 20), line("e", 100, 20)]
    assert lay_out(lines) == "| a | b | c |\n| --- | --- | --- |\n| d |  | e |"


@requirement("images.read")
def test_text_in_columns_is_read_column_by_column() -> None:
    words = "a whole line of running text"
    lines = [line(f"{words} {n}", 300 * (n % 2), 20 * (n // 2), 200) for n in range(4)]
    assert lay_out(lines) == f"{words} 0\n{words} 2\n\n{words} 1\n{words} 3"


@requirement("images.read")
def test_what_is_written_from_right_to_left_is_read_so() -> None:
    lines = [line("شاي", 100, 0), line("4.38", 0, 0), line("خبز", 102, 20), line("2.10", 0, 20)]
    assert lay_out(lines) == "| شاي | 4.38 |\n| --- | --- |\n| خبز | 2.10 |"
    assert lay_out([line("قهوة", 200, 0), line("مياه", 0, 1)]) == "قهوة  مياه"
    assert lay_out([line("قهوة", 60, 0), line("coffee", 0, 0), line("tea", 0, 12)]) == (
        "coffee  قهوة\n\ntea"
    )


LINES = st.builds(
    Line,
    st.sampled_from(["a", "bb", "c c", "long words in a row"]),
    st.floats(0, 500),
    st.floats(0, 500),
    st.floats(501, 900),
    st.floats(501, 520),
) | st.builds(line, st.sampled_from(["x", "yy"]), st.floats(0, 300), st.floats(0, 300))


@requirement("images.read")
@given(st.lists(LINES, max_size=12))
def test_no_line_is_lost(lines: list[Line]) -> None:
    text = lay_out(lines)
    found = text.replace("|", " ").replace("---", " ").split()
    assert sorted(found) == sorted(word for each in lines for word in each.text.split())
