"""Folding events to a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import TokenUsage
from senryu.messages.assemble import Assembler
from senryu.wire.events import StreamEvent
from senryu.wire.fold import fold
from tests.contract.manifest import requirement


def events(texts: list[str]) -> list[StreamEvent]:
    """A whole stream with these deltas."""
    assembler = Assembler("msg_01test", "m")
    made = assembler.start(TokenUsage(7))
    for text in texts:
        made += assembler.text(text)
    return made + assembler.end("stop_sequence", "END", TokenUsage(7, 3))


@requirement("messages.non_streaming_is_folded_stream")
@given(st.lists(st.text()))
def test_the_folded_message_holds_all_text_and_the_final_counts(texts: list[str]) -> None:
    message = fold(events(texts))
    assert "".join(block.text for block in message.content) == "".join(texts)
    assert len(message.content) == bool("".join(texts))
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "END")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (7, 3)


def test_a_stream_without_its_end_is_no_message() -> None:
    with pytest.raises(ValueError, match="no message"):
        fold(events(["a"])[:-2])
