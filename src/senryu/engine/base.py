"""The contract of every engine: tokens in, tokens out.

An engine knows tokens and sampling. It knows no JSON, roles, tools or HTTP. ``conformance.py``
beside this file states the contract as checks that every implementation passes.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from senryu.core import Chunk, EngineInfo, Job, Prompt

__all__ = ["Engine", "EngineStatus"]


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """A snapshot of an engine's load and of its running totals since the process started.

    Arguments:
        ready: whether it takes jobs now.
        num_running: jobs with a sequence in memory.
        num_queued: jobs waiting for one.
        num_cells: tokens of KV memory in all.
        num_used_cells: of these, how many hold a token of a running job or of a cache entry.
        num_cache_entries: prefixes kept for later jobs.
        num_prefilled_tokens: prompt tokens computed, total.
        num_cached_tokens: prompt tokens that needed no computing, total.
        num_generated_tokens: tokens generated, total.
        num_preemptions: running jobs put back into the queue for lack of memory, total.
        num_restarts: worker processes started again after a death, total.
    """

    ready: bool = False
    num_running: int = 0
    num_queued: int = 0
    num_cells: int = 0
    num_used_cells: int = 0
    num_cache_entries: int = 0
    num_prefilled_tokens: int = 0
    num_cached_tokens: int = 0
    num_generated_tokens: int = 0
    num_preemptions: int = 0
    num_restarts: int = 0


class Engine(Protocol):
    """One loaded model that generates."""

    async def start(self) -> None:
        """Begin loading and return at once; ``wait_ready`` tells when jobs are taken."""
        ...

    async def wait_ready(self) -> EngineInfo:
        """Wait until the model is loaded and return what was found in it.

        Raises:
            EngineError: it cannot be loaded; the message says why.
        """
        ...

    @property
    def info(self) -> EngineInfo | None:
        """What ``wait_ready`` returned, None until the first load ended."""
        ...

    def status(self) -> EngineStatus:
        """Load and totals, without waiting."""
        ...

    async def tokenize(self, prompt: Prompt) -> tuple[int, ...]:
        """The prompt's token ids, the begin-of-sequence token included where the model has one.

        Raises:
            OverloadedError: the model is not loaded (yet, or again).
            EngineError: the worker died meanwhile.
        """
        ...

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job; awaiting this is the admission, iterating the result is the reply.

        Closing the generator (``aclose``) before its end cancels the job within one step.

        Raises:
            OverloadedError: on awaiting: the queue is full or the model is not loaded.
            EngineError: on awaiting or iterating: the worker died.
        """
        ...

    async def close(self) -> None:
        """Stop now. Jobs in flight end with an ``EngineError``; closing twice is harmless."""
        ...
