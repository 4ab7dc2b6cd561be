"""A request's prompt in tokens: what ``count_tokens`` reports and what a turn generates from."""

import asyncio
from dataclasses import dataclass, replace

from senryu.core import Conversation, PromptTokens
from senryu.messages.attachments import Attachments, read_attachments
from senryu.messages.caller import Caller
from senryu.messages.citable import Citable, cites, number_parts
from senryu.messages.context_edits import clear
from senryu.messages.conversation import to_conversation
from senryu.messages.fetching import Intake
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, LoadedModel
from senryu.messages.seals import Seals, check_seals
from senryu.messages.told import Told
from senryu.messages.tools import offer_of
from senryu.messages.validate import check_prompt
from senryu.messages.walk import sources
from senryu.wire.context_management import AppliedEdit, AppliedEdits, OriginalTokens
from senryu.wire.requests import CountTokensRequest
from senryu.wire.usage import TokenCount

__all__ = ["ReadRequest", "count_tokens", "read_request"]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a request asks the model.

    Arguments:
        conversation: what the prompt says, with the tokens of what the model itself had said.
        offering: the same with all tools that can be called, also those that were introduced on the
            way.
        prompt: all of it in tokens.
        seals: what vouches for the model's reasoning.
        told: how its sources were told, and what of them can be cited.
        num_original: the prompt's tokens before its context was edited.
        applied: the edits that were made; None if the client asked for none.
    """

    conversation: Conversation
    offering: Conversation
    prompt: PromptTokens
    seals: Seals
    told: Told
    num_original: int
    applied: AppliedEdits | None = None


async def count_tokens(
    request: CountTokensRequest,
    *,
    catalog: Catalog,
    caller: Caller,
    memory: Memory,
    intake: Intake,
) -> TokenCount:
    """How many tokens the prompt has, whether or not they fit the model.

    Raises:
        SenryuError: the request is wrong, or the model is unknown or not loaded.
    """
    check_prompt(request, caller)
    model = catalog.resolve(request.model).loaded()
    read = await read_request(request, model, caller=caller, memory=memory, intake=intake)
    original = OriginalTokens(original_input_tokens=read.num_original)
    return TokenCount(
        input_tokens=len(read.prompt.ids),
        context_management=original if read.applied else None,
    )


async def read_request(
    request: CountTokensRequest,
    model: LoadedModel,
    *,
    caller: Caller,
    memory: Memory,
    intake: Intake,
) -> ReadRequest:
    """The prompt of a request that the rules passed.

    Raises:
        InvalidRequestError: the model's family cannot express it, a file in it cannot be read; or,
            in strict mode, reasoning in it is not as this server made it.
        SenryuError: the engine is gone.
    """
    seals = Seals(memory.keys, workspace=caller.workspace, model=model.id)
    if caller.strict:
        check_seals(request, seals)
    attachments = await read_attachments(request, model, intake=intake, workspace=caller.workspace)
    told = Told(offer_of(request), attachments, await _citable(request, attachments))

    async def read(version: CountTokensRequest) -> tuple[Conversation, PromptTokens]:
        conversation = memory.replies.restored(
            to_conversation(version, seals, told),
            workspace=caller.workspace,
            model=model.id,
        )
        return conversation, await model.engine.tokenize(model.family.render(conversation))

    edits = request.context_management
    conversation, prompt = await read(request)
    num_original = len(prompt.ids)
    applied: list[AppliedEdit] = []
    for edit in edits.edits if edits else ():
        cleared = clear(request, edit, num_tokens=len(prompt.ids))
        if cleared is None:
            continue
        shorter, shorter_prompt = await read(cleared.request)
        saved = len(prompt.ids) - len(shorter_prompt.ids)
        if saved >= cleared.least:
            request, conversation, prompt = cleared.request, shorter, shorter_prompt
            applied.append(cleared.applied(saved))
    return ReadRequest(
        conversation,
        replace(conversation, tools=told.offer.all),
        prompt,
        seals,
        told,
        num_original,
        AppliedEdits(applied_edits=applied) if edits else None,
    )


async def _citable(request: CountTokensRequest, attachments: Attachments) -> Citable:
    """What the reply may cite; found beside the event loop, for sources can be long."""
    if not any(block.type != "image" and cites(block) for _, block in sources(request)):
        return Citable()
    return await asyncio.to_thread(number_parts, request, attachments)
