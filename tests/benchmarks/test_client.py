"""The load client's parsers give the same wherever the bytes are cut."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.client import ChunkDecoder, EventSplitter, Reply, prompt_tokens

BODY = b'event: ping\ndata: {"type": "ping"}\n\nevent: message_stop\ndata: {}\n\n'
EVENTS = [(b"ping", b'{"type": "ping"}'), (b"message_stop", b"{}")]
CHUNKED = (
    b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


@given(st.lists(st.integers(0, 1000), max_size=8))
def test_chunks_are_decoded_wherever_they_are_cut(places: list[int]) -> None:
    decoder = ChunkDecoder()
    assert b"".join(decoder.feed(part) for part in cut(CHUNKED, places)) == BODY
    assert decoder.done


@given(st.lists(st.integers(0, 1000), max_size=8))
def test_events_are_found_wherever_they_are_cut(places: list[int]) -> None:
    splitter = EventSplitter()
    assert [event for part in cut(BODY, places) for event in splitter.feed(part)] == EVENTS


def test_a_prompt_is_as_long_as_all_its_parts_whether_cached_or_not() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 70, "cache_creation_input_tokens": None}
    assert prompt_tokens(usage) == 75


def test_a_replys_text_is_that_of_its_deltas() -> None:
    deltas = [b'{"delta": {"type": "text_delta", "text": "%s"}}' % part for part in (b"He", b"y")]
    assert Reply(0.0, deltas=deltas).text == "Hey"
