"""One reply as it grows: the pieces that the model says become events, and parts to remember.

Text is shown as soon as no stop sequence can begin in it, reasoning as the request wants it, and a
call when it is complete and valid. Knows no engine and no tokens: chunks are numbers here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from senryu.core import (
    Call,
    CallEnd,
    CallPiece,
    CallStart,
    FinishReason,
    Passage,
    Piece,
    TextPiece,
    Thought,
    ThoughtPiece,
    TurnEnd,
)
from senryu.messages.assemble import Assembler
from senryu.messages.calls import CallRules, InvalidCallError
from senryu.messages.citable import Citable
from senryu.messages.record import num_said
from senryu.messages.references import ReferenceReader, Stretch
from senryu.messages.replies import ReplyPart
from senryu.messages.seals import Seals
from senryu.messages.stops import StopMatcher
from senryu.messages.thinking import Display
from senryu.wire.citations import Citation
from senryu.wire.events import StreamEvent
from senryu.wire.ids import new_tool_use_id
from senryu.wire.messages import StopReason

__all__ = ["InvalidCall", "Manner", "Reply", "Said"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request wants its reply.

    Arguments:
        stops: its stop sequences.
        calls: what calls must be.
        display: how reasoning is shown.
        seals: what vouches for it.
        out_of_tokens: how a reply ends that has no tokens left.
        citable: what it may cite.
    """

    stops: StopMatcher
    calls: CallRules
    display: Display
    seals: Seals
    out_of_tokens: StopReason
    citable: Citable = Citable()


@dataclass(slots=True)
class Said:
    """A part of the reply, and the chunks in which it came.

    Arguments:
        first: number of the chunk that began it.
        last: number of the last chunk that added to it.
        texts: what it says, or a call's arguments.
        is_thought: whether it is reasoning.
        call: whose arguments they are, if they are a call's.
    """

    first: int
    last: int
    texts: list[str]
    is_thought: bool = False
    call: Call | None = None

    def part(self, tokens: tuple[int, ...]) -> ReplyPart:
        """The part as it may come back, with its tokens."""
        text = "".join(self.texts)
        if self.call:
            return replace(self.call, arguments=text, tokens=tokens)
        return Thought(text, tokens) if self.is_thought else Passage(text, tokens=tokens)


@dataclass(frozen=True, slots=True)
class InvalidCall:
    """A call that the client must not see.

    Arguments:
        problem: what is wrong with it, without any of it.
        first: number of the chunk in which it turned out to be a call.
    """

    problem: str
    first: int


@dataclass(slots=True)
class _Pending:
    """A call that is being made, since some chunk."""

    id: str
    name: str
    is_eager: bool
    first: int
    texts: list[str] = field(default_factory=list[str])


class Reply:
    """Makes events of pieces.

    Arguments:
        assembler: writes the events.
        manner: how the request wants them.

    Attributes:
        parts: what was said so far, in order.
        end: why the reply ended, and by which stop sequence; None while it goes on.
        invalid: the call that was just made, where the client must not see it. Once this is set to
            None again, the reply may go on with another call in its place.
        is_whole: whether all that the model said is in ``parts``.
        num_said: characters of text and reasoning so far, as ``record.num_said`` counts.
        num_needed: how many chunks it took to say what was said so far.
    """

    def __init__(self, assembler: Assembler, manner: Manner) -> None:
        self._assembler = assembler
        self._manner = manner
        self._pending: _Pending | None = None
        self._references = ReferenceReader() if manner.citable.parts else None
        self._blank = ""  # white space that no block was begun for
        self._open: Said | None = None  # what more text or reasoning may belong to
        self._is_cited = False  # whether what was said last is text that rests on sources
        self.parts: list[Said] = []
        self.end: tuple[StopReason, str | None] | None = None
        self.invalid: InvalidCall | None = None
        self.is_whole = True
        self.num_said = 0
        self.num_needed = 0

    def take(
        self, pieces: Sequence[Piece], chunk: int, finish: FinishReason | None
    ) -> list[StreamEvent]:
        """Take what a chunk brought. None may follow once there is an ``end``.

        Arguments:
            pieces: what the model says.
            chunk: the chunk's number.
            finish: why the engine ended the reply with it, if it did.
        """
        events: list[StreamEvent] = []
        for number, piece in enumerate(pieces, start=1):
            events += self._say(piece, chunk)
            if self.end or self.invalid:
                self.is_whole = self.is_whole and number == len(pieces)
                break
        if finish is FinishReason.LENGTH and not self.end:
            self.end = self._manner.out_of_tokens, None
            self.is_whole = self.is_whole and not self.invalid
        elif finish and not self.end and not self.invalid:
            self.end = self._own_end()
        return events + self._close(chunk) if self.end else events

    def _say(self, piece: Piece, chunk: int) -> list[StreamEvent]:
        match piece:
            case TextPiece(text):
                self._note(piece, chunk)
                return self._read(text, chunk)
            case ThoughtPiece(text):
                self._note(piece, chunk)
                return self._think(text, chunk)
            case CallStart(name):
                return self._begin_call(name, chunk)
            case CallPiece(text):
                return self._grow_call(text)
            case CallEnd(is_whole):
                return self._end_call(chunk) if is_whole else self._cut_call()
            case TurnEnd():
                self.end, self.is_whole = self._own_end(), False
                return []

    def _note(self, piece: Piece, chunk: int) -> None:
        self.num_said += num_said([piece])
        self.num_needed = chunk + 1

    def _read(self, text: str, chunk: int) -> list[StreamEvent]:
        """Text, which refers to sources if there are any."""
        if self._references is None:
            return self._show(self._until_stop(text), chunk)
        return self._tell(self._references.feed(text), chunk)

    def _tell(self, stretches: Sequence[Stretch], chunk: int) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for stretch in stretches:
            citations = self._manner.citable.citations(stretch.numbers)
            if citations:
                events += self._cite(stretch.text, citations, chunk=chunk)
            else:
                events += self._show(self._until_stop(stretch.text), chunk)
            if self._references is None:  # a stop sequence: nothing follows
                break
        return events

    def _cite(self, text: str, citations: list[Citation], *, chunk: int) -> list[StreamEvent]:
        """A block of its own for a text and what it rests on; without text, the last one's."""
        if not text:
            return self._assembler.cite(citations) if self._is_cited else []
        events = self._show(self._manner.stops.close(), chunk)
        shown = self._until_stop(text) + self._manner.stops.close()
        if shown:
            shown = self._blank + shown
            events += [*self._begin(shown, chunk), *self._assembler.cited_text(shown, citations)]
            self._open, self._is_cited = None, True
        return events

    def _until_stop(self, text: str) -> str:
        """The text that can be shown; the reply ends behind it at a stop sequence."""
        shown, stop_sequence = self._manner.stops.feed(text)
        if stop_sequence is not None:
            self.end = "stop_sequence", stop_sequence
            self.is_whole = False
            self._references = None
        return shown

    def _flush(self, chunk: int) -> list[StreamEvent]:
        """A run of text is over: show what was held back of it."""
        stretches = self._references.close() if self._references else []
        events = self._tell(stretches, chunk)
        return events + self._show(self._manner.stops.close(), chunk)

    def _show(self, text: str, chunk: int) -> list[StreamEvent]:
        """Visible text; white space alone begins no block."""
        if not self._grows(text, chunk, is_thought=False):
            text = self._blank + text
            self._blank = "" if text.strip() else text
            if not text or self._blank:
                return []
            return [*self._begin(text, chunk), *self._assembler.text(text)]
        return self._assembler.text(text)

    def _think(self, text: str, chunk: int) -> list[StreamEvent]:
        events = self._flush(chunk)
        if not self._grows(text, chunk, is_thought=True):
            events += self._begin(text, chunk, is_thought=True)
        if self._manner.display == "redacted":
            return events
        return events + self._assembler.thinking(text if self._manner.display == "shown" else "")

    def _begin_call(self, name: str, chunk: int) -> list[StreamEvent]:
        events = self._flush(chunk)
        is_eager = self._manner.calls.is_eager(name)
        self._pending = _Pending(new_tool_use_id(), name, is_eager, chunk)
        return [*events, *self._announce(self._pending)] if is_eager else events

    def _announce(self, pending: _Pending) -> list[StreamEvent]:
        return [*self._leave(), *self._assembler.tool_use(pending.id, pending.name)]

    def _grow_call(self, text: str) -> list[StreamEvent]:
        assert self._pending
        self._pending.texts.append(text)
        return self._assembler.input_json(text) if self._pending.is_eager else []

    def _end_call(self, chunk: int) -> list[StreamEvent]:
        assert self._pending
        pending, self._pending = self._pending, None
        text = "".join(pending.texts)
        events: list[StreamEvent] = []
        try:
            arguments = self._manner.calls.arguments(pending.name, text)
        except InvalidCallError as error:
            if not pending.is_eager:
                self.invalid = InvalidCall(str(error), pending.first)
                return []
            arguments, self.is_whole = "{}", False  # the client has it already, as it asked
        if not pending.is_eager:
            events += [*self._announce(pending), *self._assembler.input_json(text or "{}")]
        call = Call(pending.id, pending.name, arguments)
        self.parts.append(Said(pending.first, chunk, [arguments], call=call))
        self._blank = ""
        self.num_needed = chunk + 1
        if not self._manner.calls.parallel:
            self.end = "tool_use", None
        return events

    def _cut_call(self) -> list[StreamEvent]:
        """A call that the reply ended inside."""
        assert self._pending
        pending, self._pending = self._pending, None
        if pending.is_eager:
            self.is_whole = False
        else:
            tool = f" of `{pending.name}`" if pending.name else ""
            problem = f"the model's call{tool} is not complete"
            self.invalid = InvalidCall(problem, pending.first)
        return []

    def _grows(self, text: str, chunk: int, *, is_thought: bool) -> bool:
        """Add to the open part, if it is one of this kind."""
        if self._open is None or self._open.is_thought is not is_thought:
            return False
        self._open.texts.append(text)
        self._open.last = chunk
        return True

    def _begin(self, text: str, chunk: int, *, is_thought: bool = False) -> list[StreamEvent]:
        """A new part begins; the last one is complete."""
        events = self._leave()
        self._is_cited = False
        self._open = Said(chunk, chunk, [text], is_thought)
        self.parts.append(self._open)
        self._blank = ""
        return events

    def _leave(self) -> list[StreamEvent]:
        """The open part is complete; reasoning is signed."""
        left, self._open = self._open, None
        if left is None or not left.is_thought:
            return []
        reasoning, display = "".join(left.texts), self._manner.display
        shown = reasoning if display == "shown" else ""
        signature = self._manner.seals.sign(reasoning, shown=shown)
        if display == "redacted":
            return self._assembler.redacted_thinking(signature)
        return self._assembler.signature(signature)

    def _own_end(self) -> tuple[StopReason, None]:
        """Why a reply ends that nothing cut."""
        return ("tool_use" if any(said.call for said in self.parts) else "end_turn"), None

    def _close(self, chunk: int) -> list[StreamEvent]:
        """Show what was held back, now that there is an ``end``."""
        events = self._flush(chunk)
        if self._blank and not self.parts:
            blank = self._blank
            events += [*self._begin(blank, chunk), *self._assembler.text(blank)]
        return events + self._leave()
