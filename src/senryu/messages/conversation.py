"""Wire messages to a ``Conversation``: the same history always gives the same utterances.

String and block forms, moved ``cache_control`` marks and merged turns make no difference to what is
said, or a cached prefix would be lost. Expects a request that ``validate.py`` passed.
"""

from itertools import groupby

from senryu.core import Conversation, Passage, Role, Utterance
from senryu.wire.blocks import CacheControl, ContentBlock, TextBlockParam
from senryu.wire.requests import CountTokensRequest

__all__ = ["count_system_passages", "lifetime_s", "to_conversation"]

# An agent puts a line of accounting first into its system prompt. It changes with every request,
# says nothing to a model, and would keep any prefix from ever being found in the cache.
_BILLING_HEADER = "x-anthropic-billing-header:"
_LIFETIMES_S = {None: 300, "5m": 300, "1h": 3600}


def to_conversation(request: CountTokensRequest) -> Conversation:
    """The request's texts, who says each, and whether the last one is to be continued.

    Thinking of earlier turns is left out: models read replies, not what led to them.
    """
    spoken = _said_by("system", _system_passages(request))
    for message in request.messages:
        for block in message.content:
            spoken += _said_by(message.role, _passages(block))
    utterances = tuple(
        Utterance(role, tuple(passage for _, passage in group))
        for role, group in groupby(spoken, key=_role)
    )
    last = request.messages[-1]
    prefilled = last.role == "assistant" and any(_passages(block) for block in last.content)
    return Conversation(utterances, continue_last=prefilled)


def count_system_passages(request: CountTokensRequest) -> int:
    """How many of the conversation's first passages come from the system prompt."""
    return len(_system_passages(request))


def lifetime_s(control: CacheControl | None) -> int | None:
    """Seconds that an entry lives where a breakpoint asks for one."""
    return _LIFETIMES_S[control.ttl] if control else None


def _said_by(role: Role, passages: list[Passage]) -> list[tuple[Role, Passage]]:
    return [(role, passage) for passage in passages]


def _role(spoken: tuple[Role, Passage]) -> Role:
    return spoken[0]


def _passages(block: ContentBlock) -> list[Passage]:
    if not isinstance(block, TextBlockParam) or not block.text:
        return []
    return [Passage(block.text, lifetime_s(block.cache_control))]


def _system_passages(request: CountTokensRequest) -> list[Passage]:
    return [passage for block in request.system or () for passage in _system_text(block)]


def _system_text(block: TextBlockParam) -> list[Passage]:
    if not block.text.startswith(_BILLING_HEADER):
        return _passages(block)
    rest = block.text.partition("\n")[2]
    return [Passage(rest, lifetime_s(block.cache_control))] if rest.strip() else []
