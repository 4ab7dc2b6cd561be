"""What a reply must keep to, token by token: reasoning and its budget, and constrained text.

A guide stands between the sampler and the reply. Each sampled token is shown to it, and it says
what the reply goes on with: that token, others in its place or behind it, or that another token has
to be chosen. Pure: it knows tokens and their bytes, and a grammar only as a ``Matcher``. Its work
for a token does not grow with the reply.

A marker ends its token: what a token would bring behind a marker that it completes is left out, so
that a grammar begins right behind its trigger, and a section's first and last tokens are its own.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from senryu.core import Constraint, Guide, Reasoning
from senryu.engine.llama.tokenizing import Vocabulary, tokenize_inserted

__all__ = ["GuideError", "Matcher", "ReplyGuide", "Rules", "Taken", "prepare"]

_WHITE_SPACE = b" \t\r\n"


class GuideError(Exception):
    """A grammar came to an end that nobody could foresee; the message says why."""


class Matcher(Protocol):
    """One match of a grammar. All of it may raise ``GuideError``."""

    @property
    def is_complete(self) -> bool:
        """Whether it is matched and nothing may follow."""
        ...

    def consume(self, tokens: Sequence[int]) -> None:
        """Go on by tokens that are allowed."""
        ...

    def forced(self) -> list[int]:
        """The tokens that come next whatever is chosen; none where there is a choice."""
        ...

    def allows(self, token: int) -> bool:
        """Whether a token may come next, unless ``mask`` knows better; quick."""
        ...

    def mask(self) -> bytes:
        """A bit for each token, lowest first, that is set if the token may come next."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """A guide made ready for a model.

    Arguments:
        guide: the guide.
        closing: the tokens of ``Reasoning.closing``.
        opening: those of ``Constraint.opening``, None where it is.
        start: begins a match of the grammar, None where there is none.
        refer: begins a match of the references' grammar, None where there are none.
    """

    guide: Guide
    closing: tuple[int, ...] = ()
    opening: tuple[int, ...] | None = None
    start: Callable[[], Matcher] | None = None
    refer: Callable[[], Matcher] | None = None


_Compile = Callable[[str, Sequence[str]], Callable[[], Matcher]]


def prepare(guide: Guide, vocabulary: Vocabulary, compile_grammar: _Compile) -> Rules:
    """Make a guide ready: see ``Rules``. What the compiler raises comes through.

    Arguments:
        guide: the guide.
        vocabulary: of the model.
        compile_grammar: makes of a grammar and its markers what begins a match of it.
    """
    opening = guide.constraint.opening if guide.constraint else None

    def start_of(constraint: Constraint | None) -> Callable[[], Matcher] | None:
        if constraint is None or not constraint.grammar:
            return None
        return compile_grammar(constraint.grammar, constraint.markers)

    return Rules(
        guide,
        tokenize_inserted(vocabulary, guide.reasoning.closing) if guide.reasoning else (),
        None if opening is None else tokenize_inserted(vocabulary, opening),
        start_of(guide.constraint),
        start_of(guide.references),
    )


@dataclass(slots=True)
class Taken:
    """What a reply goes on with.

    Arguments:
        tokens: the tokens; none that ends a reply.
        thinking: for each of them whether it is reasoning.
        is_done: whether the reply ends behind them.
    """

    tokens: list[int] = field(default_factory=list[int])
    thinking: list[bool] = field(default_factory=list[bool])
    is_done: bool = False

    def put(self, tokens: Sequence[int], *, thinking: bool = False) -> None:
        """Add tokens."""
        self.tokens += tokens
        self.thinking += [thinking] * len(tokens)


class _Phase(Enum):
    CHOICE = auto()  # the answer has to begin with its opening, unless a section begins here
    SECTION = auto()  # inside reasoning
    FREE = auto()  # free as long as nothing is to be matched


class ReplyGuide:
    """A guide at work in one reply.

    Attributes:
        matcher: what the next token must match, None where it is free.

    Arguments:
        rules: the guide.
        vocabulary: of the model.
        end_tokens: tokens that end a reply.
    """

    def __init__(self, rules: Rules, vocabulary: Vocabulary, end_tokens: Set[int]) -> None:
        reasoning = rules.guide.reasoning or Reasoning("", "", False, 0, ())
        constraint = rules.guide.constraint or Constraint("")
        self._rules = rules
        self._vocabulary = vocabulary
        self._end_tokens = end_tokens
        self._once = constraint.once
        self._budget = reasoning.max_tokens
        self._is_open = reasoning.is_open
        self._may_think = True  # until a section had to be closed
        self._owes_answer = False  # reasoning is over, and nothing was said yet
        self._begin, self._end = reasoning.begin.encode(), reasoning.end.encode()
        triggers = _encode(constraint.triggers)
        self._first_triggers = _encode(constraint.first_triggers)
        references = rules.guide.references
        self._references = _encode(references.triggers) if references else ()
        self._free_markers = (*triggers, *self._references, *_encode([reasoning.begin]))
        self._section_markers = (*triggers, *_encode([reasoning.end]))
        markers = (*self._free_markers, *self._section_markers)
        self._lookback = max((len(marker) - 1 for marker in markers), default=0)
        self._phase = _Phase.FREE
        self._tail = b""  # the last text, as far as a marker may have begun in it
        # The answer so far, as long as it may become a first trigger or a section's beginning.
        self._head: bytes | None = b"" if self._first_triggers else None
        self._opening = rules.opening  # None once the answer has begun
        self._num_opened = 0  # tokens of it that the reply has begun with
        self._ends_reply = False  # whether the reply ends where the matcher is complete
        self.matcher: Matcher | None = None

    def begin(self) -> Taken:
        """What the reply begins with before anything is sampled. To be called once, first."""
        taken = Taken()
        if self._is_open:
            self._phase = _Phase.SECTION
            self._close_if_spent(taken)
        elif self._opening is not None:
            if self._begin and self._budget > 0:
                self._phase = _Phase.CHOICE
            else:
                self._begin_answer(taken)
        return taken

    def take(self, token: int) -> Taken | None:
        """Show it the sampled token; None if another one has to be chosen.

        Raises:
            GuideError: the grammar cannot go on; this guide is of no use any more.
        """
        if self.matcher is not None:
            return self._match(self.matcher, token)
        if self._phase is _Phase.CHOICE:
            return self._choose(token)
        if token in self._end_tokens:
            return self._end_reply()
        return self._read(token)

    def _end_reply(self) -> Taken | None:
        """An end where nothing is to be matched: not inside a section, and not right behind it."""
        if self._owes_answer:
            return None
        taken = Taken(is_done=self._phase is _Phase.FREE)
        if not taken.is_done:
            self._close(taken)
        return taken

    # Text

    def _read(self, token: int) -> Taken | None:
        """A token of free text or of a section."""
        in_section = self._phase is _Phase.SECTION
        piece = self._vocabulary.piece(token)
        found = self._find(piece)
        tokens: Sequence[int] = (token,)
        if found is not None:
            end, marker = found
            if not self._may_pass(marker):
                return None
            if end < len(piece):
                piece = piece[:end]
                tokens = self._tokens_of(piece)
                if not tokens:
                    return None
        taken = Taken()
        taken.put(tokens, thinking=in_section)
        self._remember(piece)
        if in_section:
            self._budget -= len(tokens)
        elif piece.strip():
            self._owes_answer = False
        if found is not None:
            self._pass(found[1], taken)
        self._close_if_spent(taken)
        return taken

    def _find(self, piece: bytes) -> tuple[int, bytes] | None:
        """The first marker that ends in a piece of text, and where."""
        if self._phase is _Phase.SECTION:
            return _first_end(self._section_markers, self._tail, piece)
        found = _first_end(self._free_markers, self._tail, piece)
        if self._head is not None:
            head = (self._head + piece).lstrip(_WHITE_SPACE)
            for trigger in self._first_triggers:
                end = len(piece) - len(head) + len(trigger)
                if head.startswith(trigger) and (found is None or end < found[0]):
                    found = end, trigger
        return found

    def _remember(self, piece: bytes) -> None:
        if self._lookback:
            self._tail = (self._tail + piece)[-self._lookback :]
        if self._head is not None and self._phase is _Phase.FREE:
            head = (self._head + piece).lstrip(_WHITE_SPACE)
            beginnings = (*self._first_triggers, self._begin)
            self._head = head if any(text.startswith(head) for text in beginnings) else None

    def _may_pass(self, marker: bytes) -> bool:
        """Whether a marker may be completed."""
        in_section = self._phase is _Phase.SECTION
        if marker == (self._end if in_section else self._begin):
            return in_section or self._may_think
        return not in_section and self._start_of(marker) is not None

    def _pass(self, marker: bytes, taken: Taken) -> None:
        """Go on behind a marker."""
        self._tail = b""
        if self._phase is _Phase.SECTION:
            self._begin_answer(taken)
        elif marker == self._begin:
            self._phase = _Phase.SECTION
            if self._head is not None:
                self._head = self._head.removesuffix(marker)
        elif start := self._start_of(marker):
            self._begin_match(start(), taken, once=self._once and marker not in self._references)

    def _start_of(self, trigger: bytes) -> Callable[[], Matcher] | None:
        return self._rules.refer if trigger in self._references else self._rules.start

    def _tokens_of(self, text: bytes) -> list[int]:
        """Tokens of a part of a token, none if it has none of its own."""
        try:
            tokens = self._vocabulary.tokenize(text.decode(), special=False, continues=True)
        except UnicodeDecodeError:
            return []
        spelled = b"".join(self._vocabulary.piece(token) for token in tokens)
        return tokens if spelled == text else []

    # Sections

    def _close_if_spent(self, taken: Taken) -> None:
        if self._phase is _Phase.SECTION and self._budget <= 0:
            self._close(taken)

    def _close(self, taken: Taken) -> None:
        """End a section: with what its end marker lacks if it has begun, else with the closing.

        No other is opened behind it, or closings could add up to more than the budget.
        """
        self._may_think = False
        missing: Sequence[int] = ()
        for length in range(len(self._end) - 1, 1, -1):
            if self._tail.endswith(self._end[:length]):
                missing = self._tokens_of(self._end[length:])
                break
        taken.put(missing or self._rules.closing, thinking=True)
        self._begin_answer(taken)

    def _begin_answer(self, taken: Taken) -> None:
        """Go on behind a section, or at the beginning without one."""
        self._owes_answer = self._phase is _Phase.SECTION
        self._phase = _Phase.FREE
        self._tail = b""
        opening, self._opening = self._opening, None
        if opening is not None:
            taken.put(opening[self._num_opened :])
            if self._rules.start is not None:
                self._begin_match(self._rules.start(), taken, once=self._once)

    def _choose(self, token: int) -> Taken:
        """Whether a section begins or the answer, as long as both may begin alike."""
        assert self._opening is not None
        text = self._tail + self._vocabulary.piece(token)
        taken = Taken()
        begins_both = self._begin.startswith(text) and text != self._begin
        if begins_both and self._opening[self._num_opened :][:1] == (token,):
            taken.put((token,))
            self._tail = text
            self._num_opened += 1
        elif beginning := self._beginning(token, text):
            taken.put(beginning)
            self._phase = _Phase.SECTION
            self._tail = b""
            self._num_opened = 0
        else:
            self._begin_answer(taken)
        return taken

    def _beginning(self, token: int, text: bytes) -> Sequence[int]:
        """How a section is begun with a token after which the reply is ``text``; empty if not."""
        if text == self._begin:
            return (token,)
        if text.startswith(self._begin):
            return self._tokens_of(self._begin[len(self._tail) :])
        if text and self._begin.startswith(text):
            missing = self._tokens_of(self._begin[len(text) :])
            return (token, *missing) if missing else ()
        return ()

    # Matching

    def _begin_match(self, matcher: Matcher, taken: Taken, *, once: bool) -> None:
        self._head = None
        self._owes_answer = False
        self.matcher = matcher
        self._ends_reply = once
        self._force(matcher, taken)

    def _match(self, matcher: Matcher, token: int) -> Taken:
        matcher.consume((token,))
        taken = Taken()
        if token in self._end_tokens:
            taken.is_done = True
        else:
            taken.put((token,))
            self._force(matcher, taken)
        return taken

    def _force(self, matcher: Matcher, taken: Taken) -> None:
        """Put what comes without choice, and go on behind the match if that completes it."""
        while not matcher.is_complete:
            forced = matcher.forced()
            if not forced:
                return
            matcher.consume(forced)
            for token in forced:
                if token in self._end_tokens:
                    taken.is_done = True
                    return
                taken.put((token,))
        self.matcher = None
        self._tail = b""
        taken.is_done = self._ends_reply


def _encode(markers: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(marker.encode() for marker in markers if marker)


def _first_end(markers: Sequence[bytes], tail: bytes, piece: bytes) -> tuple[int, bytes] | None:
    """The marker that ends first in ``piece``, which comes after ``tail``, and where it ends."""
    text = tail + piece
    found: tuple[int, bytes] | None = None
    for marker in markers:
        place = text.find(marker, max(0, len(tail) + 1 - len(marker)))
        if place >= 0:
            end = place + len(marker) - len(tail)
            if found is None or end < found[0]:
                found = end, marker
    return found
