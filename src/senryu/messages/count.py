"""A request's prompt in tokens: what ``count_tokens`` reports and what a turn generates from."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from senryu.core import Conversation, Image, PromptTokens
from senryu.messages.attachments import Attachments, open_files
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
        images: what the prompt shows; empty if nothing can come of it.
        num_original: the prompt's tokens before its context was edited.
        applied: the edits that were made; None if the client asked for none.
    """

    conversation: Conversation
    offering: Conversation
    prompt: PromptTokens
    seals: Seals
    told: Told
    images: tuple[Image, ...]
    num_original: int
    applied: AppliedEdits | None = None


@dataclass(frozen=True, slots=True)
class _Edited:
    """What is left of a request; see ``ReadRequest``."""

    conversation: Conversation
    prompt: PromptTokens
    num_original: int
    applied: AppliedEdits | None


_Read = Callable[[CountTokensRequest], Awaitable[tuple[Conversation, PromptTokens]]]


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
    read = await read_request(
        request, model, caller=caller, memory=memory, intake=intake, is_shown=False
    )
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
    is_shown: bool = True,
) -> ReadRequest:
    """The prompt of a request that the rules passed.

    Arguments:
        request: what the client sent.
        model: who is asked.
        caller: who asks.
        memory: what is remembered of earlier turns.
        intake: where files come from.
        is_shown: whether the prompt's images are wanted as well. Where it is too long for the
            model they never are: what is to be drawn for it is not drawn in vain.

    Raises:
        InvalidRequestError: the model's family cannot express it, a file in it cannot be read; or,
            in strict mode, reasoning in it is not as this server made it.
        SenryuError: the engine is gone.
    """
    seals = Seals(memory.keys, workspace=caller.workspace, model=model.id)
    if caller.strict:
        check_seals(request, seals)
    async with open_files(request, model, intake=intake, workspace=caller.workspace) as files:
        citable = await _citable(request, files.attachments)
        told = Told(offer_of(request), files.attachments, citable)

        async def read(version: CountTokensRequest) -> tuple[Conversation, PromptTokens]:
            conversation = memory.replies.restored(
                to_conversation(version, seals, told),
                workspace=caller.workspace,
                model=model.id,
            )
            return conversation, await model.engine.tokenize(model.family.render(conversation))

        edited = await _edited(request, read)
        images: tuple[Image, ...] = ()
        if is_shown and len(edited.prompt.ids) <= model.max_prompt_tokens:
            images = await files.drawn(edited.conversation.images)
    return ReadRequest(
        edited.conversation,
        replace(edited.conversation, tools=told.offer.all),
        edited.prompt,
        seals,
        told,
        images,
        edited.num_original,
        edited.applied,
    )


async def _edited(request: CountTokensRequest, read: _Read) -> _Edited:
    """What is left of a request when its context is edited as it asks."""
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
    return _Edited(
        conversation,
        prompt,
        num_original,
        AppliedEdits(applied_edits=applied) if edits else None,
    )


async def _citable(request: CountTokensRequest, attachments: Attachments) -> Citable:
    """What the reply may cite; found beside the event loop, for sources can be long."""
    if not any(block.type != "image" and cites(block) for _, block in sources(request)):
        return Citable()
    return await asyncio.to_thread(number_parts, request, attachments)
