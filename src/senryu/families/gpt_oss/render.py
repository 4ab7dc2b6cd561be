"""gpt-oss prompts: harmony messages.

Sources: the harmony format's documentation (github.com/openai/harmony, docs/format.md) and the chat
template of gpt-oss-120b. What a model said before a call of the same reply was a preamble, in the
commentary channel; what it said last, an answer.
"""

from collections.abc import Iterator

from senryu.core import Call, Conversation, Passage, Picture, Prompt, Segment, Thought
from senryu.families.gpt_oss.profile import IDENTITY
from senryu.families.gpt_oss.typescript import declaration
from senryu.families.headed import paragraphs, results_of
from senryu.families.history import error_marked
from senryu.families.spell import spelled
from senryu.families.turns import Numbered, Turn, block_of, own_words, turns

__all__ = ["MARKERS", "answers_at_once", "message_header", "render"]

MARKERS = (
    *("<|start|>", "<|channel|>", "<|constrain|>", "<|message|>"),
    *("<|end|>", "<|return|>", "<|call|>", "<|startoftext|>", "<|endoftext|>"),
)
_CHANNELS = (
    "# Valid channels: analysis, commentary, final. Channel must be included for every message."
)
_TOOL_CHANNEL = "\nCalls to these tools must go to the commentary channel: 'functions'."
_END = Segment("<|end|>", special=True)
_CALL = Segment("<|call|>", special=True)


def message_header(channel: str) -> list[Segment]:
    """The beginning of a message of the model's."""
    return spelled(f"<|start|>assistant<|channel|>{channel}<|message|>", MARKERS)


def answers_at_once(conversation: Conversation) -> bool:
    """Whether the prompts of a conversation end inside the message that is the answer.

    Otherwise they end inside the reasoning, or behind an empty one: the model then says itself
    whether it answers or calls a tool.
    """
    return not (conversation.thinking or conversation.tools)


def render(conversation: Conversation) -> Prompt:
    """See ``Family.render``."""
    said = turns(conversation)
    first = [said.pop(0)] if said and said[0].speaker == "system" else []
    segments = _system(conversation) + _developer(first, conversation)
    for turn in said:
        match turn.speaker:
            case "assistant":
                segments += _reply(turn, conversation)
            case "tool":
                segments += _results(turn)
            case "system":
                segments += _instructions([list(own_words(turn))])
            case _:
                segments += [*spelled("<|start|>user<|message|>", MARKERS), *own_words(turn), _END]
    if not conversation.continue_last:
        segments += _lead(conversation, thinks=conversation.thinking)
    return Prompt(tuple(segments))


def _system(conversation: Conversation) -> list[Segment]:
    effort = conversation.effort or ("medium" if conversation.thinking else "low")
    text = f"{IDENTITY}Reasoning: {effort}\n\n{_CHANNELS}"
    text += _TOOL_CHANNEL if conversation.tools else ""
    return [*spelled("<|start|>system<|message|>", MARKERS), Segment(text), _END]


def _developer(first: list[Turn], conversation: Conversation) -> list[Segment]:
    """What the API calls the system prompt, and the tools."""
    sections = [[Segment("# Instructions\n\n"), *own_words(turn)] for turn in first]
    if conversation.tools:
        tools = [Segment("# Tools\n\n## functions\n\nnamespace functions {\n\n")]
        for block, tool in enumerate(conversation.tools):
            tools += [Segment(declaration(tool), block=block), Segment("\n\n")]
        sections.append([*tools, Segment("} // namespace functions")])
    return _message("developer", paragraphs(sections)) if sections else []


def _instructions(words: list[list[Segment]]) -> list[Segment]:
    return _message("developer", paragraphs([[Segment("# Instructions")], *words]))


def _message(role: str, words: list[Segment]) -> list[Segment]:
    return [*spelled(f"<|start|>{role}<|message|>", MARKERS), *words, _END]


def _lead(conversation: Conversation, *, thinks: bool) -> list[Segment]:
    """What a reply is begun with."""
    if thinks:
        return message_header("analysis")
    if answers_at_once(conversation):
        return message_header("final")
    return [*message_header("analysis"), _END]


def _results(turn: Turn) -> list[Segment]:
    written: list[Segment] = []
    for numbered, result in results_of(turn.parts):
        header = f"<|start|>functions.{result.name} to=assistant<|channel|>commentary<|message|>"
        text = error_marked(result.text, is_error=result.is_error)
        written += [*spelled(header, MARKERS), Segment(text, block=numbered.block), _END]
    return written


def _reply(turn: Turn, conversation: Conversation) -> list[Segment]:
    """A reply in history, begun as its prompt began it.

    Where the model's own tokens are known they hold all that it generated behind that. Those of a
    reply whose reasoning was dropped begin with the header of the message that came after it.
    """
    thinks = isinstance(turn.parts[0].part, Thought)
    has_tokens = all(getattr(said.part, "tokens", None) is not None for said in turn.parts)
    written: list[Segment] = []
    if thinks and has_tokens:
        written += _lead(conversation, thinks=True)
    elif not thinks and not conversation.thinking:
        is_message = answers_at_once(conversation) and not has_tokens
        written += [] if is_message else _lead(conversation, thinks=False)
    if not has_tokens:
        return [*written, *_messages(turn)]
    written += [block_of(said, _text(said)) for said in turn.parts]
    if turn.is_begun:
        return written
    return [*written, _CALL if isinstance(turn.parts[-1].part, Call) else _END]


def _messages(turn: Turn) -> Iterator[Segment]:
    """A reply's parts as messages of their own; passages beside each other are one."""
    last_call = max((i for i, n in enumerate(turn.parts) if isinstance(n.part, Call)), default=-1)
    for index, said in enumerate(turn.parts):
        part = said.part
        after = turn.parts[index + 1].part if index + 1 < len(turn.parts) else None
        before = turn.parts[index - 1].part if index else None
        match part:
            case Thought():
                yield from [*message_header("analysis"), Segment(part.text, block=said.block), _END]
            case Call():
                header = (
                    f"<|start|>assistant<|channel|>commentary to=functions.{part.name}"
                    " <|constrain|>json<|message|>"
                )
                yield from spelled(header, MARKERS)
                yield Segment(part.arguments, block=said.block)
                yield _CALL
            case _:
                if not isinstance(before, Passage):
                    yield from message_header("commentary" if index < last_call else "final")
                yield Segment(_text(said), block=said.block)
                if not isinstance(after, Passage) and not (turn.is_begun and after is None):
                    yield _END


def _text(said: Numbered) -> str:
    part = said.part
    assert not isinstance(part, Picture)  # pictures are the user's
    return part.arguments if isinstance(part, Call) else part.text
