"""Stop sequences against the obvious implementation, however the text is cut."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.messages.stops import StopMatcher
from tests.contract.manifest import requirement

LETTERS = st.text(alphabet="abc", max_size=30)
SEQUENCES = st.lists(st.text(alphabet="abc", min_size=1, max_size=5), max_size=4)


def naive(text: str, sequences: list[str]) -> tuple[str, str | None]:
    """Read letter by letter; at the first end of a sequence, take the longest that ends there."""
    for end in range(len(text) + 1):
        ended = [sequence for sequence in sequences if text[:end].endswith(sequence)]
        if ended:
            longest = max(ended, key=len)
            return text[: end - len(longest)], longest
    return text, None


def incremental(parts: list[str], sequences: list[str]) -> tuple[str, str | None]:
    """What a matcher shows for text in these parts."""
    matcher = StopMatcher(sequences)
    shown = ""
    for part in parts:
        text, sequence = matcher.feed(part)
        shown += text
        if sequence is not None:
            return shown, sequence
    return shown + matcher.close(), None


@requirement("messages.stop_sequences.spans_tokens")
@given(LETTERS, SEQUENCES, st.data())
def test_any_cut_gives_what_the_whole_text_gives(
    text: str, sequences: list[str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    expected = naive(text, sequences)
    assert incremental(parts, sequences) == expected
    assert incremental(list(text), sequences) == expected


@given(LETTERS, SEQUENCES)
def test_nothing_of_a_match_is_ever_shown(text: str, sequences: list[str]) -> None:
    shown, _ = incremental(list(text), sequences)
    assert not any(sequence in shown for sequence in sequences)
