"""What a request asks an engine to do: its job, and what the reply is held to."""

from dataclasses import dataclass, replace
from typing import TypeVar

from senryu.canonical import as_written
from senryu.core import Demands, EngineInfo, Guide, Job, Sampling, ToolUse
from senryu.errors import InvalidRequestError
from senryu.families.base import Parser
from senryu.messages.cache_control import cache_points, lifetime_s
from senryu.messages.caller import Caller
from senryu.messages.count import ReadRequest
from senryu.messages.record import Cut, Record
from senryu.messages.references import constraint_for
from senryu.messages.reply import InvalidCall, Reply
from senryu.messages.resolve import LoadedModel
from senryu.messages.thinking import max_thinking
from senryu.messages.tools import enforced_schema
from senryu.wire.ids import new_message_id
from senryu.wire.requests import CountTokensRequest, MessagesRequest
from senryu.wire.tools import ToolChoiceNone, ToolChoiceTool

__all__ = ["Plan", "plan_job"]

_N = TypeVar("_N", int, float)
_RETRY_TEMPERATURE = 0.7  # at least: a greedy model would only make the same call again


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is to be answered.

    Arguments:
        job: what the engine does.
        demands: what the reply must keep to.
        read: what is replied to.
        model: which model does it.
    """

    job: Job
    demands: Demands
    read: ReadRequest
    model: LoadedModel

    def new_parser(self) -> Parser:
        """A parser for the reply."""
        return self.model.family.parser(self.read.offering)

    def cut_before(self, call: InvalidCall, reply: Reply, record: Record) -> Cut | None:
        """Where the reply can be cut so that all that was said stays and a call goes.

        None if there is no such place, because a token is both text and the beginning of the call.
        """
        if not reply.num_needed:
            return Cut()
        constraint = self.job.guide.constraint if self.job.guide else None
        triggers = constraint.triggers if constraint else ()
        return record.cut_between(
            reply.num_needed,
            call.first,
            said=reply.num_said,
            allows=lambda before, _: not before.rstrip().endswith(triggers),
        )

    def job_again(
        self, kept: tuple[int, ...], *, max_tokens: int, spent_thinking: int, is_answering: bool
    ) -> Job:
        """A job that goes on behind what is kept of the reply, to make its next call again.

        Arguments:
            kept: tokens of the reply; the cache has them, so they cost next to nothing.
            max_tokens: how many more there may be, at least one.
            spent_thinking: how many of those generated so far were reasoning.
            is_answering: whether text or a call is among what is kept.
        """
        sampling = self.job.sampling
        return replace(
            self.job,
            id=new_message_id(),
            tokens=self.job.tokens + kept,
            max_tokens=max_tokens,
            sampling=replace(sampling, temperature=max(sampling.temperature, _RETRY_TEMPERATURE)),
            cache_points=(),
            guide=self._guide_again(spent_thinking, is_answering) if kept else self.job.guide,
        )

    def _guide_again(self, spent_thinking: int, is_answering: bool) -> Guide | None:
        demands = self.demands
        if is_answering and demands.tool_use == "any":
            demands = replace(demands, tool_use="auto")  # there is a call already
        guide = _guide(self.read, demands, self.model)
        if guide and guide.reasoning:
            left = max(guide.reasoning.max_tokens - spent_thinking, 0)
            guide = replace(
                guide, reasoning=replace(guide.reasoning, is_open=False, max_tokens=left)
            )
        if guide and guide.constraint and is_answering:
            guide = replace(guide, constraint=replace(guide.constraint, first_triggers=()))
        return guide


def plan_job(
    request: MessagesRequest, read: ReadRequest, *, model: LoadedModel, caller: Caller
) -> Plan:
    """The plan for a request.

    Raises:
        InvalidRequestError: the prompt leaves no room for a reply.
    """
    num_prompt = len(read.prompt.ids)
    max_tokens = _fitting(request.max_tokens, num_prompt, model=model, strict=caller.strict)
    demands = _demands(request, read, max_tokens)
    job = Job(
        id=new_message_id(),
        tokens=read.prompt.ids,
        max_tokens=max_tokens,
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
        guide=_guide(read, demands, model) if max_tokens else None,
        images=read.images,
    )
    return Plan(job, demands, read, model)


def _guide(read: ReadRequest, demands: Demands, model: LoadedModel) -> Guide | None:
    guide = model.family.guide(read.offering, demands)
    num_parts = len(read.told.citable.parts)
    if num_parts:
        return replace(guide or Guide(), references=constraint_for(num_parts))
    return guide


def _demands(request: MessagesRequest, read: ReadRequest, max_tokens: int) -> Demands:
    choice = request.tool_choice
    tool_use = _tool_use(request, read)
    schema = request.output_schema if tool_use != "any" else None  # the reply ends in a call
    is_single = not (choice is None or isinstance(choice, ToolChoiceNone)) and bool(
        choice.disable_parallel_tool_use
    )
    return Demands(
        tool_use=tool_use,
        callable_tools=(choice.name,) if isinstance(choice, ToolChoiceTool) else None,
        parallel=not is_single,
        max_thinking=max_thinking(request, max_tokens),
        schema=None if schema is None else enforced_schema(as_written(schema)),
    )


def _tool_use(request: CountTokensRequest, read: ReadRequest) -> ToolUse:
    choice = request.tool_choice
    if not read.offering.tools or isinstance(choice, ToolChoiceNone):
        return "none"
    return "auto" if choice is None or choice.type == "auto" else "any"


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
