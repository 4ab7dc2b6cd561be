"""Wire messages to a ``Conversation``: the same history always gives the same utterances.

String and block forms, the order of keys, moved ``cache_control`` marks and merged turns make no
difference to what is said, or a cached prefix would be lost. Expects a request that ``validate.py``
passed.
"""

from itertools import groupby

from senryu.canonical import as_written, canonical
from senryu.core import Call, Conversation, Part, Passage, Picture, Result, Role, Thought, Utterance
from senryu.messages.cache_control import lifetime_s
from senryu.messages.context_edits import keeps_old_thinking
from senryu.messages.references import HOW_TO_CITE
from senryu.messages.seals import Seals
from senryu.messages.thinking import effort_of, thinks
from senryu.messages.told import Told, lifetime_within
from senryu.messages.tools import change
from senryu.messages.walk import speaks_for_itself
from senryu.wire.blocks import (
    ContentBlock,
    DocumentBlockParam,
    ImageBlockParam,
    RedactedThinkingBlockParam,
    SearchResultBlockParam,
    TextBlockParam,
    ThinkingBlockParam,
    ToolAdditionBlockParam,
    ToolRemovalBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
)
from senryu.wire.requests import CountTokensRequest, InputMessage

__all__ = ["asked_form", "count_system_passages", "to_conversation"]

# An agent puts a line of accounting first into its system prompt. It changes with every request,
# says nothing to a model, and would keep any prefix from ever being found in the cache.
_BILLING_HEADER = "x-anthropic-billing-header:"
_ANSWER_IN_JSON = "Answer with nothing but JSON that satisfies this JSON schema:\n"


def to_conversation(request: CountTokensRequest, seals: Seals, told: Told) -> Conversation:
    """What was said, by whom, with which tools, and whether the last one is to be continued.

    Arguments:
        request: what the client sent.
        seals: what opens reasoning that comes back. It is kept inside the tool loop in progress;
            that of earlier turns is left out, for models read replies, not what led to them, unless
            the client says itself how much of it is to be cleared.
        told: its tools, and how its images, documents and results are told.
    """
    spoken = _said_by("system", _system_passages(request))
    if form := asked_form(request, told):
        spoken += _said_by("system", [Passage(form)])
    reader = _Reader(request, seals, told)
    parts: list[Part] = []
    for number, message in enumerate(request.messages):
        parts = [part for block in message.content for part in reader.parts(number, block)]
        if any(isinstance(part, Picture) for part in parts):  # those of results come behind them
            parts.sort(key=lambda part: not isinstance(part, Result))
        spoken += _said_by(message.role, parts)
    utterances = tuple(
        Utterance(role, tuple(part for _, part in group))
        for role, group in groupby(spoken, key=_role)
    )
    return Conversation(
        utterances,
        continue_last=request.messages[-1].role == "assistant" and bool(parts),
        tools=told.offer.first,
        thinking=thinks(request),
        effort=effort_of(request),
    )


def asked_form(request: CountTokensRequest, told: Told) -> str:
    """What the model is told of the form that its answer must have; empty if of none."""
    if request.output_schema is not None:
        return _ANSWER_IN_JSON + as_written(request.output_schema)
    return HOW_TO_CITE if told.citable.parts else ""


def count_system_passages(request: CountTokensRequest) -> int:
    """How many of the conversation's first passages come from the system prompt.

    Where the answer's form is asked for, one that says so follows them.
    """
    return len(_system_passages(request))


class _Reader:
    """Makes parts of blocks, which must be given in their order."""

    def __init__(self, request: CountTokensRequest, seals: Seals, told: Told) -> None:
        self._seals = seals
        self._thoughts_from = _thoughts_from(request)
        self._told = told
        self._later = {tool.name: tool for tool in told.offer.later}
        self._called: dict[str, str] = {}  # a call's id -> its tool

    def parts(self, number: int, block: ContentBlock) -> list[Part]:
        """What a block says: one part or none, or several where there are pictures in it.

        Arguments:
            number: its message's.
            block: the block.
        """
        match block:
            case TextBlockParam():
                return _passages(block)
            case ThinkingBlockParam() | RedactedThinkingBlockParam():
                kept = number >= self._thoughts_from
                reasoning = self._seals.reasoning(block) if kept else None
                return [Thought(reasoning)] if reasoning else []
            case ToolUseBlockParam():
                self._called[block.id] = block.name
                lifetime = lifetime_s(block.cache_control)
                return [Call(block.id, block.name, canonical(block.input), lifetime)]
            case ToolResultBlockParam():
                return [self._result(block), *self._told.pictures(block)]
            case ImageBlockParam() | DocumentBlockParam() | SearchResultBlockParam():
                return self._told.parts(block)
            case ToolAdditionBlockParam() | ToolRemovalBlockParam():
                return [Passage(change(block, self._later), lifetime_s(block.cache_control))]
            case _:
                return []

    def _result(self, block: ToolResultBlockParam) -> Result:
        return Result(
            block.tool_use_id,
            self._called[block.tool_use_id],
            self._told.text(block),
            is_error=bool(block.is_error),
            lifetime_s=lifetime_within(block),
        )


def _thoughts_from(request: CountTokensRequest) -> int:
    """The number of the first message whose reasoning is kept."""
    if not thinks(request):
        return len(request.messages)
    return 0 if keeps_old_thinking(request) else _loop_start(request.messages)


def _loop_start(messages: list[InputMessage]) -> int:
    """The number of the first message of the tool loop in progress.

    It begins behind the last message in which the user says anything but what tools said.
    """
    return max(
        (number + 1 for number, message in enumerate(messages) if speaks_for_itself(message)),
        default=0,
    )


def _said_by(role: Role, parts: list[Part]) -> list[tuple[Role, Part]]:
    return [(role, part) for part in parts]


def _role(spoken: tuple[Role, Part]) -> Role:
    return spoken[0]


def _passages(block: TextBlockParam) -> list[Part]:
    return [Passage(block.text, lifetime_s(block.cache_control))] if block.text else []


def _system_passages(request: CountTokensRequest) -> list[Part]:
    return [passage for block in request.system or () for passage in _system_text(block)]


def _system_text(block: TextBlockParam) -> list[Part]:
    if not block.text.startswith(_BILLING_HEADER):
        return _passages(block)
    rest = block.text.partition("\n")[2]
    return [Passage(rest, lifetime_s(block.cache_control))] if rest.strip() else []
