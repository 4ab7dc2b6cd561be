"""Any conversation by any chat template: what the template cannot express is spelled into words.

Tools go into the system prompt, calls and reasoning into the reply's own text and results into the
user's, as the family spells them. What a template cannot place (a system turn in the middle, or any
at all) is folded into the neighbouring user text: moving it to the front would change the start of
the prompt, and with it every cached prefix, and dropping it would lose instructions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from senryu.core import Conversation, Prompt, Role, Segment
from senryu.errors import InvalidRequestError
from senryu.families.generic.probes import Probes
from senryu.families.generic.template import ChatTemplate, PlainTurn, TemplateRefusedError
from senryu.families.headed import Headed, paragraphs
from senryu.families.history import ReplyWriter
from senryu.families.turns import Turn, own_words, turns

__all__ = ["TemplateLayout"]

_MAX_OPENED = 8  # segments of an opening, which has two markers at most


@dataclass(frozen=True, slots=True)
class TemplateLayout:
    """Lays out conversations by a chat template.

    Arguments:
        template: the file's.
        words: how a family spells what is no plain words, in one conversation.
        probes: what the template can do.
    """

    template: ChatTemplate
    words: Callable[[Conversation], Headed]
    probes: Probes

    def render(self, conversation: Conversation) -> Prompt:
        """The prompt for the next turn of the model; see ``Family.render``.

        Raises:
            InvalidRequestError: the template refuses this order of roles, or leaves a picture out.
        """
        words = self.words(conversation)
        replies = ReplyWriter(words.thinking, words.calls)
        said = turns(conversation)
        begun = said.pop() if conversation.continue_last else None
        plain = [turn for turn in self._plain(said, words, conversation) if turn.words]
        try:
            prompt = self.template.render(_merged(plain), thinking=conversation.thinking)
        except TemplateRefusedError:
            what = "this order of roles" + (", or its pictures" if conversation.images else "")
            raise InvalidRequestError(
                f"messages: this model's chat template cannot express {what}"
            ) from None
        if begun is None:
            opening = replies.opening(conversation)
        else:
            opening = replies.reply(begun, conversation)
        segments = [*prompt.segments, *_unopened(prompt.segments, opening)]
        if len(_blocks(segments)) < len(conversation.blocks):
            segments = [Segment(s.text, s.special, image=s.image) for s in segments]
        return Prompt(tuple(segments))

    def _plain(
        self, said: list[Turn], words: Headed, conversation: Conversation
    ) -> Iterator[PlainTurn]:
        system = [said.pop(0)] if said and said[0].speaker == "system" else []
        opening = words.opening(system, conversation)
        yield PlainTurn("system" if self.probes.system else "user", tuple(opening))
        replies = ReplyWriter(words.thinking, words.calls)
        for turn in said:
            match turn.speaker:
                case "assistant":
                    yield PlainTurn("assistant", tuple(replies.reply(turn, conversation)))
                case "tool":
                    yield PlainTurn("user", tuple(words.results(turn.parts)))
                case speaker:
                    is_placed = speaker == "user" or self.probes.late_system
                    role: Role = speaker if is_placed else "user"
                    yield PlainTurn(role, tuple(own_words(turn)))


def _merged(plain: Iterable[PlainTurn]) -> list[PlainTurn]:
    """Neighbours of one role as one turn: most templates want the roles to alternate."""
    merged: list[PlainTurn] = []
    for _, group in groupby(plain, key=lambda turn: turn.role):
        first, *rest = group
        words = paragraphs(turn.words for turn in (first, *rest))
        merged.append(PlainTurn(first.role, tuple(words)))
    return merged


def _unopened(prompt: Sequence[Segment], opening: list[Segment]) -> list[Segment]:
    """An opening without what the template has opened already, perhaps with other white space."""
    before = "".join(segment.text for segment in prompt[-_MAX_OPENED:])
    lead = "".join(s.text for s in takewhile(lambda segment: segment.block is None, opening))
    begun = max(n for n in range(len(lead) + 1) if _ends_with(before, lead[:n]))
    if not opening or begun < len(opening[0].text):
        return opening
    kept: list[Segment] = []
    for segment in opening:
        cut = min(begun, len(segment.text))
        begun -= cut
        if cut < len(segment.text) or segment.block is not None:
            kept.append(replace(segment, text=segment.text[cut:]))
    return kept


def _ends_with(text: str, end: str) -> bool:
    """Whether a text ends so, white space aside."""
    return _packed(text).endswith(_packed(end))


def _packed(text: str) -> str:
    return "".join(text.split())


def _blocks(segments: Iterable[Segment]) -> set[int]:
    return {segment.block for segment in segments if segment.block is not None}
