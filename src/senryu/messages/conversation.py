"""Wire messages to a ``Conversation``: the same history always gives the same utterances.

String and block forms, moved ``cache_control`` marks and merged turns make no difference, or a
cached prefix would be lost. Expects a request that ``validate.py`` passed.
"""

from itertools import groupby

from senryu.core import Conversation, Role, Utterance
from senryu.wire.blocks import ContentBlock, TextBlockParam
from senryu.wire.requests import CountTokensRequest

__all__ = ["to_conversation"]

# An agent puts a line of accounting first into its system prompt. It changes with every request,
# says nothing to a model, and would keep any prefix from ever being found in the cache.
_BILLING_HEADER = "x-anthropic-billing-header:"
# A model's own text may come back in pieces that belong together; what others write are paragraphs.
_SEPARATORS: dict[Role, str] = {"assistant": "", "user": "\n\n", "system": "\n\n"}


def to_conversation(request: CountTokensRequest) -> Conversation:
    """The request's texts, who says each, and whether the last one is to be continued.

    Thinking of earlier turns is left out: models read replies, not what led to them.
    """
    spoken = [Utterance("system", text) for b in request.system or () for text in _system_text(b)]
    for message in request.messages:
        spoken += [Utterance(message.role, text) for b in message.content for text in _text(b)]
    utterances = tuple(
        Utterance(role, _SEPARATORS[role].join(utterance.text for utterance in group))
        for role, group in groupby(spoken, key=_role)
    )
    last = request.messages[-1]
    prefilled = last.role == "assistant" and any(_text(block) for block in last.content)
    return Conversation(utterances, continue_last=prefilled)


def _role(utterance: Utterance) -> Role:
    return utterance.role


def _text(block: ContentBlock) -> list[str]:
    return [block.text] if isinstance(block, TextBlockParam) and block.text else []


def _system_text(block: TextBlockParam) -> list[str]:
    if not block.text.startswith(_BILLING_HEADER):
        return _text(block)
    rest = block.text.partition("\n")[2]
    return [rest] if rest.strip() else []
