"""A request's prompt in tokens: what ``count_tokens`` reports and what a turn generates from."""

from senryu.messages.caller import Caller
from senryu.messages.conversation import to_conversation
from senryu.messages.resolve import Catalog, LoadedModel
from senryu.messages.validate import check_prompt
from senryu.wire.requests import CountTokensRequest
from senryu.wire.usage import TokenCount

__all__ = ["count_tokens", "prompt_tokens"]


async def count_tokens(
    request: CountTokensRequest, *, catalog: Catalog, caller: Caller
) -> TokenCount:
    """How many tokens the prompt has, whether or not they fit the model.

    Raises:
        SenryuError: the request is wrong, or the model is unknown or not loaded.
    """
    check_prompt(request, caller)
    tokens = await prompt_tokens(request, catalog.resolve(request.model).loaded())
    return TokenCount(input_tokens=len(tokens))


async def prompt_tokens(request: CountTokensRequest, model: LoadedModel) -> tuple[int, ...]:
    """The prompt of a request that the rules passed.

    Raises:
        SenryuError: the model's family cannot express it, or its engine is gone.
    """
    return await model.engine.tokenize(model.family.render(to_conversation(request)))
