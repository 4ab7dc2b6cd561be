"""Pieces do not depend on how the text is cut, and hold no part of a marker."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Piece, TextPiece, TurnEnd
from senryu.families.chatml import MARKERS
from senryu.families.parse import MarkerParser

FRAGMENTS = st.sampled_from([*MARKERS, "<|im_", "end|>", "<", "<|", "hello", " ", "wörld", "|>"])
TEXTS = st.lists(FRAGMENTS, max_size=8).map("".join)


def read(parts: list[str]) -> tuple[str, bool]:
    """Visible text, and whether a marker ended the turn."""
    parser = MarkerParser(MARKERS)
    pieces: list[Piece] = []
    for part in parts:
        pieces += parser.feed(part)
    pieces += parser.close()
    texts = [piece.text for piece in pieces if isinstance(piece, TextPiece)]
    assert all(texts)
    return "".join(texts), any(isinstance(piece, TurnEnd) for piece in pieces)


@given(TEXTS, st.data())
def test_any_cut_gives_the_same_reply(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = read([text])
    assert read(parts) == whole
    assert read(list(text)) == whole
    assert not any(marker in whole[0] for marker in MARKERS)


def test_without_markers_everything_is_text() -> None:
    assert MarkerParser([]).feed("<|im_end|>") == [TextPiece("<|im_end|>")]
