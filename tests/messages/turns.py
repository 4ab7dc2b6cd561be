"""Whole turns over an engine that follows one script for each of its jobs."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from senryu.core import Chunk, EngineInfo, Job
from senryu.documents.reader import Reader
from senryu.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from senryu.errors import SenryuError
from senryu.families.base import Family
from senryu.messages.assemble import label
from senryu.messages.cache_control import CacheRules
from senryu.messages.caller import Caller
from senryu.messages.fetching import Intake
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, LoadedModel, ServedModel
from senryu.messages.turn import open_turn
from senryu.wire.events import StreamEvent
from senryu.wire.fold import fold
from senryu.wire.messages import Message
from senryu.wire.parse import parse
from senryu.wire.requests import MessagesRequest

__all__ = ["WIDE", "Ran", "Script", "Scripts", "ask", "run", "thinking", "tool"]

WIDE = replace(SCRIPTED_INFO, window=100_000)
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)

Script = Sequence[str | Chunk]


class Scripts(ScriptedEngine):
    """Follows its scripts in turn, the last one for all jobs that are left.

    Attributes:
        jobs: all that were admitted.
    """

    def __init__(self, *scripts: Script, info: EngineInfo = WIDE) -> None:
        super().__init__(info=info)
        self._engines = [ScriptedEngine(script, info=info) for script in scripts]
        self.jobs: list[Job] = []

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job to the next script."""
        engine = self._engines[min(len(self.jobs), len(self._engines) - 1)]
        self.jobs.append(job)
        return await engine.generate(job)


@dataclass(frozen=True, slots=True)
class _Served(ServedModel):
    """A model of a family that is given instead of found out."""

    family: Family | None = None

    def loaded(self) -> LoadedModel:
        loaded = ServedModel.loaded(self)
        return replace(loaded, family=self.family) if self.family else loaded


@dataclass(slots=True)
class Ran:
    """What came of a turn.

    Arguments:
        jobs: what the engine was asked.
        events: what was sent.
        error: what broke it, None if nothing did.
    """

    jobs: list[Job]
    events: list[StreamEvent] = field(default_factory=list[StreamEvent])
    error: SenryuError | None = None

    @property
    def message(self) -> Message:
        """The reply, whole."""
        return fold(self.events)

    @property
    def content(self) -> list[dict[str, Any]]:
        """The reply's blocks, as a client sends them back."""
        return [block.model_dump(mode="json") for block in self.message.content]

    @property
    def labels(self) -> list[str]:
        """What was sent, by name."""
        return [label(event) for event in self.events]


def run(
    *scripts: Script,
    memory: Memory | None = None,
    caller: Caller | None = None,
    info: EngineInfo = WIDE,
    family: Family | None = None,
    redact: bool = False,
    engine: ScriptedEngine | None = None,
    **fields: Any,
) -> Ran:
    """Answer a request.

    Arguments:
        scripts: what the model says, job by job.
        memory: what the server remembers; a new one by default.
        caller: who asks.
        info: what the engine claims to have loaded.
        family: the model's; by default what ``info`` is recognised as.
        redact: whether the model's reasoning is for nobody to read.
        engine: what answers, if it is not to follow the scripts.
        fields: the request's, besides those of ``ask``.
    """
    scripted = Scripts(*scripts, info=info)
    rules = CacheRules(1)
    served = _Served(
        "m", "m", _CREATED, engine or scripted, rules, redact_thinking=redact, family=family
    )
    request = parse(json.dumps(ask(**fields)).encode(), MessagesRequest, drop_unknown=False).value
    ran = Ran(scripted.jobs)

    async def answer() -> None:
        turn = await open_turn(
            request,
            catalog=Catalog([served], {}),
            caller=caller or Caller(),
            memory=memory or Memory(),
            intake=Intake(Reader()),
        )
        async for events in turn.events():
            ran.events += events

    try:
        asyncio.run(answer())
    except SenryuError as error:
        ran.error = error
    return ran


def ask(**fields: Any) -> dict[str, Any]:
    """A request's body; one question by default."""
    asked = [{"role": "user", "content": "hello"}]
    return {"model": "m", "max_tokens": 5000, "messages": asked} | fields


def thinking(budget: int = 1024, **fields: Any) -> dict[str, Any]:
    """The field that asks for reasoning."""
    return {"type": "enabled", "budget_tokens": budget} | fields


def tool(name: str = "f", schema: Any = None, **fields: Any) -> dict[str, Any]:
    """A tool."""
    given = schema or {"type": "object", "properties": {"a": {"type": "integer"}}}
    return {"name": name, "description": f"Does {name}.", "input_schema": given} | fields
