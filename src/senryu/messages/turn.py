"""One turn: a request in, the events of its reply out. Everything else is called from here.

Opening a turn ends in an exception or in an admitted job; only then does iterating begin, and the
first event comes when the job has its place in the engine's memory, because only then is it known
what the prompt cache did for it. Whether an exception becomes a status or an event is
``api/sse.py``'s business.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace

from senryu.core import Chunk, FinishReason, TokenUsage
from senryu.errors import EngineError
from senryu.messages.assemble import Assembler
from senryu.messages.cache_control import bill
from senryu.messages.caller import Caller
from senryu.messages.calls import CallRules
from senryu.messages.conversation import asked_form
from senryu.messages.count import read_request
from senryu.messages.diagnostics import fingerprint
from senryu.messages.fetching import Intake
from senryu.messages.jobs import Plan, plan_job
from senryu.messages.memory import Memory
from senryu.messages.recall import Recall, prepare_recall
from senryu.messages.record import Record
from senryu.messages.reply import InvalidCall, Manner, Reply
from senryu.messages.resolve import Catalog
from senryu.messages.stops import StopMatcher
from senryu.messages.thinking import display_of
from senryu.messages.tools import eager_tools
from senryu.messages.validate import check_generation
from senryu.wire.diagnostics import CacheDiagnostics
from senryu.wire.events import StreamEvent
from senryu.wire.requests import MessagesRequest

__all__ = ["Turn", "open_turn"]

_MAX_RETRIES = 2  # of invalid calls, in one reply


async def open_turn(
    request: MessagesRequest,
    *,
    catalog: Catalog,
    caller: Caller,
    memory: Memory,
    intake: Intake,
) -> "Turn":
    """Check a request and admit its job.

    Raises:
        SenryuError: the request is wrong, or the model is unknown, not loaded or too busy.
    """
    check_generation(request, caller)
    model = catalog.resolve(request.model).loaded()
    read = await read_request(request, model, caller=caller, memory=memory, intake=intake)
    plan = plan_job(request, read, model=model, caller=caller)
    recall = await prepare_recall(plan, memory.replies)
    chunks = await model.engine.generate(plan.job)
    assembler = Assembler(
        plan.job.id,
        request.model,
        tier="priority" if plan.job.priority else "standard",
        diagnostics=_diagnose(request, plan, memory),
        edits=read.applied,
    )
    return Turn(
        plan, chunks, assembler=assembler, manner=_manner(request, plan, caller), recall=recall
    )


class Turn:
    """A reply in the making. ``events`` may be iterated once; ``aclose`` cancels, at any time.

    Attributes:
        usage: the counts so far; what was generated and not shown counts too.
    """

    def __init__(
        self,
        plan: Plan,
        chunks: AsyncGenerator[Chunk],
        *,
        assembler: Assembler,
        manner: Manner,
        recall: Recall,
    ) -> None:
        self.usage = TokenUsage(prompt=len(plan.job.tokens))
        self._plan = plan
        self._chunks = chunks
        self._assembler = assembler
        self._recall = recall
        self._reply = Reply(assembler, manner)
        self._record = Record(plan.new_parser)
        self._parser = plan.new_parser()
        self._has_begun = False
        self._num_retries = 0

    async def events(self) -> AsyncGenerator[list[StreamEvent]]:
        """The reply's events, each as soon as it is certain; those of a chunk come together.

        Raises:
            EngineError: the engine lost the job, or the model makes no valid call.
        """
        try:
            while True:
                async for chunk in self._chunks:
                    if events := self._read(chunk):
                        yield events
                    if self._reply.end:
                        return
                    if self._reply.invalid:
                        break
                else:
                    raise EngineError("the engine's reply ended without a reason")
                await self._make_again(self._reply.invalid)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the job if it still runs."""
        await self._chunks.aclose()

    def _read(self, chunk: Chunk) -> list[StreamEvent]:
        if "\0" in chunk.text:  # could not be sent back
            chunk = replace(chunk, text=chunk.text.replace("\0", "\ufffd"))
        events: list[StreamEvent] = []
        if chunk.cache is not None and not self._has_begun:
            self._has_begun = True
            job, rules = self._plan.job, self._plan.model.cache
            self.usage = bill(len(job.tokens), job.cache_points, chunk.cache, rules=rules)
            events += self._assembler.start(self.usage)
        output = self.usage.output + len(chunk.tokens)
        thinking = self.usage.thinking + chunk.num_thinking
        self.usage = replace(self.usage, output=output, thinking=thinking)
        number = self._record.num_chunks
        self._record.add(chunk)
        pieces = self._parser.feed(chunk.text)
        if chunk.finish:
            pieces += self._parser.close()
        events += self._reply.take(pieces, number, chunk.finish)
        if self._reply.invalid and not self._num_left:
            events += self._reply.take((), number, FinishReason.LENGTH)
        if self._reply.end:
            self._recall.remember(self._reply, self._record)
            events += self._assembler.end(*self._reply.end, self.usage)
        return events

    @property
    def _num_left(self) -> int:
        """How many more tokens there may be."""
        return self._plan.job.max_tokens - self.usage.output

    async def _make_again(self, call: InvalidCall) -> None:
        """Let the model go on from before a call; nothing of that one was shown."""
        reply, record = self._reply, self._record
        cut = self._plan.cut_before(call, reply, record)
        self._num_retries += 1
        if cut is None or self._num_retries > _MAX_RETRIES:
            raise EngineError(call.problem)
        await self._chunks.aclose()
        record.drop_after(cut)
        self._parser = self._plan.new_parser()
        self._parser.feed(record.text)
        reply.invalid = None
        job = self._plan.job_again(
            record.tokens(),
            max_tokens=self._num_left,
            spent_thinking=self.usage.thinking,
            is_answering=any(not said.is_thought for said in reply.parts),
        )
        self._chunks = await self._plan.model.engine.generate(job)


def _manner(request: MessagesRequest, plan: Plan, caller: Caller) -> Manner:
    clamped = plan.job.max_tokens < request.max_tokens
    return Manner(
        StopMatcher(request.stop_sequences or ()),
        CallRules(
            plan.read.offering.tools,
            eager=eager_tools(request, caller),
            parallel=plan.demands.parallel,
        ),
        display_of(request, redact=plan.model.redact_thinking),
        plan.read.seals,
        out_of_tokens="model_context_window_exceeded" if clamped else "max_tokens",
        citable=plan.read.told.citable,
    )


def _diagnose(request: MessagesRequest, plan: Plan, memory: Memory) -> CacheDiagnostics | None:
    """What differs from the request that this one names; this one can be named from now on."""
    asked = request.diagnostics
    if asked is None:
        return None
    read, job = plan.read, plan.job
    made = fingerprint(
        request,
        read.conversation,
        read.prompt.block_ends,
        model=plan.model.id,
        has_form=bool(asked_form(request, read.told)),
    )
    prints, previous = memory.fingerprints, asked.previous_message_id
    found = prints.compare(previous, made, workspace=job.workspace) if previous else None
    prints.keep(job.id, made, workspace=job.workspace)
    return found
