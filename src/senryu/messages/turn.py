"""One turn: a request in, the events of its reply out. Everything else is called from here.

Opening a turn ends in an exception or in an admitted job; only then does iterating begin, and the
first event comes when the job has its place in the engine's memory, because only then is it known
what the prompt cache did for it. Whether an exception becomes a status or an event is
``api/sse.py``'s business.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from senryu.core import (
    CacheUse,
    Chunk,
    Conversation,
    EngineInfo,
    FinishReason,
    Job,
    Sampling,
    TextPiece,
    TokenUsage,
)
from senryu.errors import EngineError, InvalidRequestError
from senryu.messages.assemble import Assembler
from senryu.messages.cache_control import bill, cache_points
from senryu.messages.caller import Caller
from senryu.messages.conversation import lifetime_s
from senryu.messages.count import ReadRequest, read_request
from senryu.messages.diagnostics import fingerprint
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, LoadedModel
from senryu.messages.stops import StopMatcher
from senryu.messages.validate import check_generation
from senryu.wire.diagnostics import CacheDiagnostics
from senryu.wire.events import StreamEvent
from senryu.wire.ids import new_message_id
from senryu.wire.messages import StopReason
from senryu.wire.requests import MessagesRequest

__all__ = ["Turn", "open_turn"]

_N = TypeVar("_N", int, float)


async def open_turn(
    request: MessagesRequest, *, catalog: Catalog, caller: Caller, memory: Memory
) -> "Turn":
    """Check a request and admit its job.

    Raises:
        SenryuError: the request is wrong, or the model is unknown, not loaded or too busy.
    """
    check_generation(request, caller)
    model = catalog.resolve(request.model).loaded()
    read = await read_request(request, model, caller=caller, memory=memory)
    num_prompt = len(read.prompt.ids)
    job = Job(
        id=new_message_id(),
        tokens=read.prompt.ids,
        max_tokens=_fitting(request.max_tokens, num_prompt, model=model, strict=caller.strict),
        sampling=_sampling(request, model.info, model.family.profile.sampling),
        workspace=caller.workspace,
        cache_points=cache_points(
            read.conversation,
            read.prompt.block_ends,
            automatic_s=lifetime_s(request.cache_control),
            rules=model.cache,
        ),
        block_ends=read.prompt.block_ends,
        priority=caller.priority and request.service_tier != "standard_only",
    )
    reply = _Reply(read.conversation, job, model, memory, await _prefill_tokens(read, model))
    chunks = await model.engine.generate(job)
    diagnostics = _diagnose(request, read, job=job, model=model, memory=memory)
    tier = "priority" if job.priority else "standard"
    return Turn(
        chunks,
        reply,
        stops=StopMatcher(request.stop_sequences or ()),
        assembler=Assembler(job.id, request.model, tier=tier, diagnostics=diagnostics),
        out_of_tokens=(
            "max_tokens"
            if job.max_tokens == request.max_tokens
            else "model_context_window_exceeded"
        ),
    )


class Turn:
    """A reply in the making. ``events`` may be iterated once; ``aclose`` cancels, at any time.

    Attributes:
        usage: the counts so far.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[Chunk],
        reply: "_Reply",
        *,
        stops: StopMatcher,
        assembler: Assembler,
        out_of_tokens: StopReason,
    ) -> None:
        self.usage = TokenUsage(prompt=len(reply.job.tokens))
        self._chunks = chunks
        self._reply = reply
        self._parser = reply.model.family.parser()
        self._stops = stops
        self._assembler = assembler
        self._out_of_tokens: StopReason = out_of_tokens
        self._end: tuple[StopReason, str | None] | None = None

    async def events(self) -> AsyncGenerator[StreamEvent]:
        """The reply's events, each as soon as it is certain.

        Raises:
            EngineError: the engine lost the job.
        """
        try:
            async for chunk in self._chunks:
                for event in self._read(chunk):
                    yield event
                if self._end:
                    return
            raise EngineError("the engine's reply ended without a reason")
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the job if it still runs."""
        await self._chunks.aclose()

    def _read(self, chunk: Chunk) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        if chunk.cache is not None:
            self.usage = self._reply.bill(chunk.cache)
            events += self._assembler.start(self.usage)
        self.usage = replace(self.usage, output=self.usage.output + len(chunk.tokens))
        visible = self._visible(chunk)
        self._reply.add(chunk, visible)
        events += self._assembler.text(visible)
        if self._end:
            self._reply.remember()
            events += self._assembler.end(*self._end, self.usage)
        return events

    def _visible(self, chunk: Chunk) -> str:
        """The text that may be shown now; sets the end where there is one."""
        pieces = self._parser.feed(chunk.text)
        if chunk.finish:
            pieces += self._parser.close()
        visible: list[str] = []
        for piece in pieces:
            if not isinstance(piece, TextPiece):
                self._end = "end_turn", None
                break
            text, stop_sequence = self._stops.feed(piece.text)
            visible.append(text)
            if stop_sequence is not None:
                self._end = "stop_sequence", stop_sequence
                break
        if chunk.finish and not self._end:
            ended = chunk.finish is FinishReason.END
            self._end = "end_turn" if ended else self._out_of_tokens, None
        if self._end:
            visible.append(self._stops.close())
        return "".join(visible)


@dataclass(slots=True)
class _Reply:
    """What a turn generates from, and what it has generated.

    Arguments:
        conversation: what is replied to.
        job: what the engine does.
        model: which model does it.
        memory: where the reply is remembered.
        prefill_tokens: of the beginning that the request gave; None if they cannot be told.
        tokens: generated so far.
        texts: what the tokens say.
        shown: what the client sees of it.
        is_whole: whether the last token completed its text.
    """

    conversation: Conversation
    job: Job
    model: LoadedModel
    memory: Memory
    prefill_tokens: tuple[int, ...] | None
    tokens: list[int] = field(default_factory=list[int])
    texts: list[str] = field(default_factory=list[str])
    shown: list[str] = field(default_factory=list[str])
    is_whole: bool = True

    def bill(self, use: CacheUse) -> TokenUsage:
        """The prompt's counts."""
        job = self.job
        return bill(len(job.tokens), job.cache_points, use, rules=self.model.cache)

    def add(self, chunk: Chunk, visible: str) -> None:
        """Note what was generated, and what was shown at the same time."""
        if chunk.tokens:
            self.is_whole = bool(chunk.text)
        self.tokens += chunk.tokens
        self.texts.append(chunk.text)
        self.shown.append(visible)

    def remember(self) -> None:
        """Keep the tokens, if what was shown is all that they say."""
        text = "".join(self.shown)
        if not text or text != "".join(self.texts):
            return
        if not self.is_whole or self.prefill_tokens is None:
            return
        self.memory.replies.remember(
            self.conversation,
            text,
            self.tokens,
            prefill_tokens=self.prefill_tokens,
            workspace=self.job.workspace,
            model=self.model.id,
        )


async def _prefill_tokens(read: ReadRequest, model: LoadedModel) -> tuple[int, ...] | None:
    """The tokens of the reply's given beginning, which follow those of the prompt without it.

    None if they do not, because a template makes something else of the beginning.
    """
    if not read.conversation.continue_last:
        return ()
    before = Conversation(read.conversation.utterances[:-1])
    start = (await model.engine.tokenize(model.family.render(before))).ids
    ids = read.prompt.ids
    return ids[len(start) :] if ids[: len(start)] == start else None


def _diagnose(
    request: MessagesRequest, read: ReadRequest, *, job: Job, model: LoadedModel, memory: Memory
) -> CacheDiagnostics | None:
    """What differs from the request that this one names; this one can be named from now on."""
    asked = request.diagnostics
    if asked is None:
        return None
    made = fingerprint(request, read.conversation, read.prompt.block_ends, model=model.id)
    prints, previous = memory.fingerprints, asked.previous_message_id
    found = prints.compare(previous, made, workspace=job.workspace) if previous else None
    prints.keep(job.id, made, workspace=job.workspace)
    return found


def _fitting(max_tokens: int, num_prompt: int, *, model: LoadedModel, strict: bool) -> int:
    """How many tokens the reply may have. The texts are the API's: clients parse them."""
    window, most = model.info.window, model.max_prompt_tokens
    if num_prompt > most:
        raise InvalidRequestError(f"prompt is too long: {num_prompt} tokens > {most} maximum")
    if strict and num_prompt + max_tokens > window:
        raise InvalidRequestError(
            "input length and `max_tokens` exceed context limit:"
            f" {num_prompt} + {max_tokens} > {window},"
            " decrease input length or `max_tokens` and try again"
        )
    return min(max_tokens, window - num_prompt)


def _sampling(request: MessagesRequest, info: EngineInfo, profile: Sampling) -> Sampling:
    """The request's sampling; what it leaves out, the file's; then the family's."""
    return Sampling(
        temperature=_first(request.temperature, info.temperature, default=profile.temperature),
        top_p=_first(request.top_p, info.top_p, default=profile.top_p),
        top_k=_first(request.top_k, info.top_k, default=profile.top_k),
    )


def _first(*values: _N | None, default: _N) -> _N:
    return next((value for value in values if value is not None), default)
