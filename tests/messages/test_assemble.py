"""The order of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import TokenUsage
from senryu.messages.assemble import (
    TRANSITIONS,
    Assembler,
    IllegalEventError,
    State,
    next_state,
    state_diagram,
)
from tests.contract.manifest import requirement

EVENTS = sorted({event for _, event in TRANSITIONS} | {"unheard_of"})


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_what_the_table_does_not_list_raises(state: State, event: str) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(IllegalEventError, match=f"{event} may not follow in state {state}"):
            next_state(state, event)


@requirement("streaming.raw-events")
@given(st.lists(st.text()))
def test_any_reply_is_a_legal_stream(texts: list[str]) -> None:
    assembler = Assembler("msg_01test", "m")
    events = assembler.start(TokenUsage(1))
    for text in texts:
        events += assembler.text(text)
    events += assembler.end("end_turn", None, TokenUsage(1, 1))
    state = State.NOTHING_SENT
    for event in events:
        state = next_state(state, event.type)
    assert state is State.ENDED


def test_nothing_follows_the_end() -> None:
    assembler = Assembler("msg_01test", "m")
    assembler.start(TokenUsage(1))
    assembler.end("end_turn", None, TokenUsage(1, 1))
    with pytest.raises(IllegalEventError):
        assembler.text("more")


def test_the_diagram_shows_every_transition() -> None:
    lines = state_diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == len(TRANSITIONS) + 3
    assert "    in_block --> in_block: content_block_delta" in lines
