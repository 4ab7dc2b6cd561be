"""What a reply says to wire events in a legal order, which is the table below and nowhere else.

Knows no HTTP: pings and the error event, which belong to a connection, are in the table so that it
is complete, and are written by ``api/sse.py``.
"""

from collections.abc import Sequence
from enum import StrEnum

from senryu.core import TokenUsage
from senryu.wire.citations import Citation
from senryu.wire.context_management import AppliedEdits
from senryu.wire.diagnostics import CacheDiagnostics
from senryu.wire.events import (
    CitationsDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Delta,
    InputJsonDelta,
    MessageDelta,
    MessageEnd,
    MessageStart,
    MessageStop,
    SignatureDelta,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from senryu.wire.messages import Message, StopReason
from senryu.wire.reply_blocks import (
    RedactedThinkingBlock,
    ReplyBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from senryu.wire.usage import (
    CacheCreation,
    DeltaUsage,
    OutputTokensDetails,
    ServiceTier,
    Usage,
)

__all__ = [
    "TRANSITIONS",
    "Assembler",
    "IllegalEventError",
    "State",
    "label",
    "next_state",
    "state_diagram",
]


class State(StrEnum):
    """Where a stream is."""

    NOTHING_SENT = "nothing_sent"
    BETWEEN_BLOCKS = "between_blocks"
    IN_TEXT = "in_text"
    CITED = "cited"
    IN_THINKING = "in_thinking"
    SIGNED = "signed"
    IN_REDACTED_THINKING = "in_redacted_thinking"
    IN_TOOL_USE = "in_tool_use"
    ENDING = "ending"
    ENDED = "ended"


TRANSITIONS: dict[tuple[State, str], State] = {
    (State.NOTHING_SENT, "message_start"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "content_block_start text"): State.IN_TEXT,
    (State.IN_TEXT, "text_delta"): State.IN_TEXT,
    (State.IN_TEXT, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.IN_TEXT, "citations_delta"): State.CITED,
    (State.CITED, "citations_delta"): State.CITED,
    (State.CITED, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "content_block_start thinking"): State.IN_THINKING,
    (State.IN_THINKING, "thinking_delta"): State.IN_THINKING,
    (State.IN_THINKING, "signature_delta"): State.SIGNED,
    (State.SIGNED, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "content_block_start redacted_thinking"): State.IN_REDACTED_THINKING,
    (State.IN_REDACTED_THINKING, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "content_block_start tool_use"): State.IN_TOOL_USE,
    (State.IN_TOOL_USE, "input_json_delta"): State.IN_TOOL_USE,
    (State.IN_TOOL_USE, "content_block_stop"): State.BETWEEN_BLOCKS,
    (State.BETWEEN_BLOCKS, "message_delta"): State.ENDING,
    (State.ENDING, "message_stop"): State.ENDED,
}
"""Where an event leads; starts and deltas are named by what they start and add (``label``)."""

for _state in State:
    if _state not in (State.ENDING, State.ENDED):
        TRANSITIONS[_state, "ping"] = _state
        TRANSITIONS[_state, "error"] = State.ENDED

_IN_BLOCK = {
    TextBlock: State.IN_TEXT,
    ThinkingBlock: State.IN_THINKING,
    RedactedThinkingBlock: State.IN_REDACTED_THINKING,
    ToolUseBlock: State.IN_TOOL_USE,
}


class IllegalEventError(Exception):
    """An event in a place where the table has none: a mistake in Senryu."""


def label(event: StreamEvent) -> str:
    """An event's name in the table."""
    match event:
        case ContentBlockStart():
            return f"content_block_start {event.content_block.type}"
        case ContentBlockDelta():
            return event.delta.type
        case _:
            return event.type


def next_state(state: State, event: str) -> State:
    """Where a stream is after an event.

    Arguments:
        state: where it was.
        event: its ``label``.

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
    """Makes the events of one reply. A block ends where the next one begins.

    Arguments:
        message_id: the reply's id.
        model: the name that the request used.
        tier: how the request is served.
        diagnostics: what a comparison with an earlier request found.
        edits: what became of the edits of the context that the client asked for.
    """

    def __init__(
        self,
        message_id: str,
        model: str,
        *,
        tier: ServiceTier = "standard",
        diagnostics: CacheDiagnostics | None = None,
        edits: AppliedEdits | None = None,
    ) -> None:
        self._message_id = message_id
        self._model = model
        self._tier: ServiceTier = tier
        self._diagnostics = diagnostics
        self._edits = edits
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
        """More visible text, in the open text block or in a new one."""
        return self._within(TextBlock(text=""), TextDelta(text=text)) if text else []

    def cited_text(self, text: str, citations: Sequence[Citation]) -> list[StreamEvent]:
        """Visible text in a block of its own, and what it rests on; more of that may follow."""
        opening = self._begin(TextBlock(text="", citations=[]))
        return [*opening, *self._grow(TextDelta(text=text)), *self.cite(citations)]

    def cite(self, citations: Sequence[Citation]) -> list[StreamEvent]:
        """More of what the last cited text rests on; nothing if that block is over."""
        if self._state not in (State.IN_TEXT, State.CITED):
            return []
        return [event for each in citations for event in self._grow(CitationsDelta(citation=each))]

    def thinking(self, text: str) -> list[StreamEvent]:
        """More reasoning; a block is opened for it even if none of it is shown."""
        return self._within(
            ThinkingBlock(thinking="", signature=""), ThinkingDelta(thinking=text) if text else None
        )

    def signature(self, signature: str) -> list[StreamEvent]:
        """What vouches for the open block's reasoning, which is complete with it."""
        return [*self._grow(SignatureDelta(signature=signature)), *self._stop()]

    def redacted_thinking(self, data: str) -> list[StreamEvent]:
        """Sealed reasoning, all of it."""
        return [*self._begin(RedactedThinkingBlock(data=data)), *self._stop()]

    def tool_use(self, tool_use_id: str, name: str) -> list[StreamEvent]:
        """A call begins."""
        return self._begin(ToolUseBlock(id=tool_use_id, name=name, input={}))

    def input_json(self, text: str) -> list[StreamEvent]:
        """More of the open call's input."""
        return self._grow(InputJsonDelta(partial_json=text))

    def end(
        self, reason: StopReason, stop_sequence: str | None, usage: TokenUsage
    ) -> list[StreamEvent]:
        """The end, with the open block closed."""
        closing = self._stop()
        end = MessageEnd(stop_reason=reason, stop_sequence=stop_sequence)
        counts = DeltaUsage(
            input_tokens=usage.uncached_input,
            cache_creation_input_tokens=usage.cache_written_5m + usage.cache_written_1h,
            cache_read_input_tokens=usage.cache_read,
            output_tokens=usage.output,
            output_tokens_details=OutputTokensDetails(thinking_tokens=usage.thinking),
        )
        delta = MessageDelta(delta=end, usage=counts, context_management=self._edits)
        return closing + self._checked(delta, MessageStop())

    def _within(self, block: ReplyBlock, delta: Delta | None) -> list[StreamEvent]:
        """Growth of the open block, if it is one of this kind, else of a new one."""
        is_open = self._state is _IN_BLOCK[type(block)]
        opening = [] if is_open else self._begin(block)
        return opening + self._grow(delta) if delta else opening

    def _begin(self, block: ReplyBlock) -> list[StreamEvent]:
        closing = self._stop()
        self._num_blocks += 1
        start = ContentBlockStart(index=self._num_blocks - 1, content_block=block)
        return closing + self._checked(start)

    def _grow(self, delta: Delta) -> list[StreamEvent]:
        return self._checked(ContentBlockDelta(index=self._num_blocks - 1, delta=delta))

    def _stop(self) -> list[StreamEvent]:
        if (self._state, "content_block_stop") not in TRANSITIONS:
            return []
        return self._checked(ContentBlockStop(index=self._num_blocks - 1))

    def _checked(self, *events: StreamEvent) -> list[StreamEvent]:
        for event in events:
            self._state = next_state(self._state, label(event))
        return list(events)
