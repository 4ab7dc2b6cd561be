"""A request's prompt in tokens: what ``count_tokens`` reports and what a turn generates from."""

from dataclasses import dataclass

from senryu.core import Conversation, PromptTokens
from senryu.messages.caller import Caller
from senryu.messages.conversation import to_conversation
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, LoadedModel
from senryu.messages.validate import check_prompt
from senryu.wire.requests import CountTokensRequest
from senryu.wire.usage import TokenCount

__all__ = ["ReadRequest", "count_tokens", "read_request"]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a request asks the model.

    Arguments:
        conversation: its texts, with the tokens of what the model itself had said.
        prompt: all of it in tokens.
    """

    conversation: Conversation
    prompt: PromptTokens


async def count_tokens(
    request: CountTokensRequest, *, catalog: Catalog, caller: Caller, memory: Memory
) -> TokenCount:
    """How many tokens the prompt has, whether or not they fit the model.

    Raises:
        SenryuError: the request is wrong, or the model is unknown or not loaded.
    """
    check_prompt(request, caller)
    model = catalog.resolve(request.model).loaded()
    read = await read_request(request, model, caller=caller, memory=memory)
    return TokenCount(input_tokens=len(read.prompt.ids))


async def read_request(
    request: CountTokensRequest, model: LoadedModel, *, caller: Caller, memory: Memory
) -> ReadRequest:
    """The prompt of a request that the rules passed.

    Raises:
        SenryuError: the model's family cannot express it, or its engine is gone.
    """
    conversation = memory.replies.restored(
        to_conversation(request), workspace=caller.workspace, model=model.id
    )
    prompt = await model.engine.tokenize(model.family.render(conversation))
    return ReadRequest(conversation, prompt)
