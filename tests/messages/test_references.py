"""References in generated text: what is shown, and what it rests on."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.messages.references import ReferenceReader, Stretch
from tests.contract.manifest import requirement

PIECES = st.lists(
    st.sampled_from(
        ["It is.", " ", "So", "\n", "3.5", "<cite:1>", "<cite:2, 3>", "<cite:>", "<", "<cite", "。"]
    ),
    max_size=14,
)


def read(*texts: str) -> list[Stretch]:
    """What comes of a text that arrives in pieces."""
    reader = ReferenceReader()
    return [stretch for text in texts for stretch in reader.feed(text)] + reader.close()


def told(stretches: list[Stretch]) -> list[tuple[str, tuple[int, ...]]]:
    """The stretches, neighbours without numbers as one."""
    joined: list[tuple[str, tuple[int, ...]]] = []
    for stretch in stretches:
        if joined and not joined[-1][1] and not stretch.numbers:
            joined[-1] = joined[-1][0] + stretch.text, ()
        elif stretch.text or stretch.numbers:
            joined.append((stretch.text, stretch.numbers))
    return joined


@requirement("citations.blocks")
def test_the_sentence_before_a_reference_rests_on_it() -> None:
    text = "Look. The grass is green.<cite:1> The sky is blue, <cite:2,3> and wide."
    assert told(read(text)) == [
        ("Look. ", ()),
        ("The grass is green.", (1,)),
        (" ", ()),
        ("The sky is blue,", (2, 3)),
        (" and wide.", ()),
    ]


@requirement("citations.blocks")
def test_a_second_reference_adds_to_the_first() -> None:
    assert read("It is.<cite:1> <cite:2>") == [Stretch("It is.", (1,)), Stretch("", (2,))]


@requirement("citations.blocks")
def test_what_looks_like_a_reference_and_is_none_is_shown() -> None:
    assert told(read("a <b> <cit")) == [("a <b> <cit", ())]
    assert told(read("a <cite>b</cite>")) == [("a <cite>b</cite>", ())]


@requirement("citations.blocks")
def test_an_unfinished_reference_is_dropped() -> None:
    assert told(read("It is. <cite:1")) == [("It is.", ())]
    assert told(read("It is. <cite")) == [("It is.", ())]


@requirement("citations.blocks")
@given(PIECES)
def test_the_cut_does_not_matter(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert told(read(*text)) == told(read(text)) == told(read(*pieces))


@requirement("citations.blocks")
@given(PIECES)
def test_no_reference_is_ever_shown(pieces: list[str]) -> None:
    shown = "".join(text for text, _ in told(read("".join(pieces))))
    assert "<cite:" not in shown


@requirement("citations.blocks")
def test_text_without_an_end_is_not_held_back_for_ever() -> None:
    reader = ReferenceReader()
    shown = "".join(stretch.text for _ in range(300) for stretch in reader.feed("word "))
    assert len(shown) > 800
