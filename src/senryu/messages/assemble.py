"""Visible text to wire events in a legal order, which is the table below and nowhere else.

Knows no HTTP: pings and the error event, which belong to a connection, are in the table so that it
is complete, and are written by ``api/sse.py``.
"""

from enum import StrEnum

from senryu.core import TokenUsage
from senryu.wire.blocks import TextBlock
from senryu.wire.diagnostics import CacheDiagnostics
from senryu.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    MessageDelta,
    MessageEnd,
    MessageStart,
    MessageStop,
    StreamEvent,
    TextDelta,
)
from senryu.wire.messages import Message, StopReason
from senryu.wire.usage import CacheCreation, DeltaUsage, ServiceTier, Usage

__all__ = ["TRANSITIONS", "Assembler", "IllegalEventError", "State", "next_state", "state_diagram"]


class State(StrEnum):
    """Where a stream is."""

    NOTHING_SENT = "nothing_sent"
    BETWEEN_BLOCKS = "between_blocks"
    IN_BLOCK = "in_block"
    ENDING = "ending"
    ENDED = "ended"


TRANSITIONS: dict[tuple[State, str], State] = {
    (State.NOTHING_SENT, "ping"): State.NOTHING_SENT,
    (State.NOTHING_SENT, "error"): State.ENDED,
    (State.NOTHING_SENT, "message_start"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "content_block_start"): State.IN_BLOCK,
    (State.BETWEEN_BLOCKS, "message_delta"): State.ENDING,
    (State.BETWEEN_BLOCKS, "ping"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "error"): State.ENDED,
    (State.IN_BLOCK, "content_block_delta"): State.IN_BLOCK,
    (State.IN_BLOCK, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.IN_BLOCK, "ping"): State.IN_BLOCK,
    (State.IN_BLOCK, "error"): State.ENDED,
    (State.ENDING, "message_stop"): State.ENDED,
}


class IllegalEventError(Exception):
    """An event in a place where the table has none: a mistake in Senryu."""


def next_state(state: State, event: str) -> State:
    """Where a stream is after an event.

    Raises:
        IllegalEventError: the event may not come here.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalEventError(f"{event} may not follow in state {state}") from None


def state_diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = [f"    {old} --> {new}: {event}" for (old, event), new in TRANSITIONS.items()]
    first, last = f"    [*] --> {State.NOTHING_SENT}", f"    {State.ENDED} --> [*]"
    return "\n".join(["stateDiagram-v2", first, *lines, last, ""])


class Assembler:
    """Makes the events of one reply.

    Arguments:
        message_id: the reply's id.
        model: the name that the request used.
        tier: how the request is served.
        diagnostics: what a comparison with an earlier request found.
    """

    def __init__(
        self,
        message_id: str,
        model: str,
        *,
        tier: ServiceTier = "standard",
        diagnostics: CacheDiagnostics | None = None,
    ) -> None:
        self._message_id = message_id
        self._model = model
        self._tier: ServiceTier = tier
        self._diagnostics = diagnostics
        self._state = State.NOTHING_SENT
        self._num_blocks = 0

    def start(self, usage: TokenUsage) -> list[StreamEvent]:
        """The beginning. The API counts one output token here before there is any."""
        counts = Usage(
            input_tokens=usage.uncached_input,
            cache_creation_input_tokens=usage.cache_written_5m + usage.cache_written_1h,
            cache_read_input_tokens=usage.cache_read,
            cache_creation=CacheCreation(
                ephemeral_5m_input_tokens=usage.cache_written_5m,
                ephemeral_1h_input_tokens=usage.cache_written_1h,
            ),
            output_tokens=1,
            service_tier=self._tier,
        )
        message = Message(
            id=self._message_id, model=self._model, diagnostics=self._diagnostics, usage=counts
        )
        return self._checked(MessageStart(message=message))

    def text(self, text: str) -> list[StreamEvent]:
        """More visible text; a block is opened for the first of it."""
        if not text:
            return []
        events: list[StreamEvent] = []
        if self._state is State.BETWEEN_BLOCKS:
            block = ContentBlockStart(index=self._num_blocks, content_block=TextBlock(text=""))
            events += self._checked(block)
            self._num_blocks += 1
        delta = ContentBlockDelta(index=self._num_blocks - 1, delta=TextDelta(text=text))
        return events + self._checked(delta)

    def end(
        self, reason: StopReason, stop_sequence: str | None, usage: TokenUsage
    ) -> list[StreamEvent]:
        """The end, with the open block closed."""
        events: list[StreamEvent] = []
        if self._state is State.IN_BLOCK:
            events += self._checked(ContentBlockStop(index=self._num_blocks - 1))
        end = MessageEnd(stop_reason=reason, stop_sequence=stop_sequence)
        counts = DeltaUsage(
            input_tokens=usage.uncached_input,
            cache_creation_input_tokens=usage.cache_written_5m + usage.cache_written_1h,
            cache_read_input_tokens=usage.cache_read,
            output_tokens=usage.output,
        )
        return events + self._checked(MessageDelta(delta=end, usage=counts), MessageStop())

    def _checked(self, *events: StreamEvent) -> list[StreamEvent]:
        for event in events:
            self._state = next_state(self._state, event.type)
        return list(events)
