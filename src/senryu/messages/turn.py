"""One turn: a request in, the events of its reply out. Everything else is called from here.

Opening a turn ends in an exception or in an admitted job; only then does iterating begin. Whether
an exception becomes a status or an event is ``api/sse.py``'s business.
"""

from collections.abc import AsyncGenerator
from typing import TypeVar

from senryu.core import Chunk, EngineInfo, FinishReason, Job, Sampling, TextPiece, TokenUsage
from senryu.errors import EngineError, InvalidRequestError
from senryu.families.base import Parser
from senryu.messages.assemble import Assembler
from senryu.messages.caller import Caller
from senryu.messages.count import prompt_tokens
from senryu.messages.resolve import Catalog, LoadedModel
from senryu.messages.stops import StopMatcher
from senryu.messages.validate import check_generation
from senryu.wire.events import StreamEvent
from senryu.wire.ids import new_message_id
from senryu.wire.messages import StopReason
from senryu.wire.requests import MessagesRequest

__all__ = ["Turn", "open_turn"]

_N = TypeVar("_N", int, float)


async def open_turn(request: MessagesRequest, *, catalog: Catalog, caller: Caller) -> "Turn":
    """Check a request and admit its job.

    Raises:
        SenryuError: the request is wrong, or the model is unknown, not loaded or too busy.
    """
    check_generation(request, caller)
    model = catalog.resolve(request.model).loaded()
    tokens = await prompt_tokens(request, model)
    max_tokens = _fitting(request.max_tokens, len(tokens), model=model, strict=caller.strict)
    message_id = new_message_id()
    sampling = _sampling(request, model.info, model.family.profile.sampling)
    chunks = await model.engine.generate(
        Job(message_id, tokens, max_tokens, sampling, caller.workspace)
    )
    out_of_tokens: StopReason = "max_tokens"
    if max_tokens < request.max_tokens:
        out_of_tokens = "model_context_window_exceeded"
    return Turn(
        chunks,
        TokenUsage(prompt=len(tokens)),
        parser=model.family.parser(),
        stops=StopMatcher(request.stop_sequences or ()),
        assembler=Assembler(message_id, request.model),
        out_of_tokens=out_of_tokens,
    )


class Turn:
    """A reply in the making. ``events`` may be iterated once; ``aclose`` cancels, at any time.

    Attributes:
        usage: the counts so far.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[Chunk],
        usage: TokenUsage,
        *,
        parser: Parser,
        stops: StopMatcher,
        assembler: Assembler,
        out_of_tokens: StopReason,
    ) -> None:
        self.usage = usage
        self._chunks = chunks
        self._parser = parser
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
            for event in self._assembler.start(self.usage):
                yield event
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
        self.usage = TokenUsage(
            self.usage.prompt,
            self.usage.output + len(chunk.tokens),
            self.usage.cached + chunk.cached_tokens,
        )
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
        if not self._end:
            return self._assembler.text("".join(visible))
        visible.append(self._stops.close())
        events = self._assembler.text("".join(visible))
        return events + self._assembler.end(*self._end, self.usage)


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
