"""The contract of every engine: tokens in, tokens out.

An engine knows tokens and sampling. It knows no JSON, roles, tools or HTTP. ``conformance.py``
beside this file states the contract as checks that every implementation passes.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from senryu.core import CachedPrefix, Chunk, EngineInfo, Job, Prompt, PromptTokens

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
        num_shared_cells: of these, how many hold one for several of them at once.
        num_cache_entries: prefixes kept in KV memory for later jobs.
        num_blocks: blocks of KV memory kept outside it.
        ram_bytes: size of those in memory.
        disk_bytes: size of those on disk.
        num_prompts: jobs whose prefill began, total.
        num_cache_hits: of these, how many found a part of their prompt computed, total.
        num_prefilled_tokens: prompt tokens computed, total.
        num_cached_tokens: prompt tokens that needed no computing, total.
        num_generated_tokens: tokens generated, total.
        num_drafted_tokens: tokens that speculation proposed, total.
        num_accepted_tokens: of these, how many were right, total.
        num_saved_blocks: blocks copied out of KV memory, total.
        num_loaded_blocks: blocks copied back, total.
        num_preemptions: running jobs put back into the queue for lack of memory, total.
        num_restarts: worker processes started again after a death, total.
    """

    ready: bool = False
    num_running: int = 0
    num_queued: int = 0
    num_cells: int = 0
    num_used_cells: int = 0
    num_shared_cells: int = 0
    num_cache_entries: int = 0
    num_blocks: int = 0
    ram_bytes: int = 0
    disk_bytes: int = 0
    num_prompts: int = 0
    num_cache_hits: int = 0
    num_prefilled_tokens: int = 0
    num_cached_tokens: int = 0
    num_generated_tokens: int = 0
    num_drafted_tokens: int = 0
    num_accepted_tokens: int = 0
    num_saved_blocks: int = 0
    num_loaded_blocks: int = 0
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

    async def tokenize(self, prompt: Prompt) -> PromptTokens:
        """The prompt's tokens and where its blocks end.

        Raises:
            InvalidRequestError: it shows a picture, and the model sees none, or not this one.
            OverloadedError: the model is not loaded (yet, or again).
            EngineError: the worker died meanwhile.
        """
        ...

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job; awaiting this is the admission, iterating the result is the reply.

        Closing the generator (``aclose``) before its end cancels the job within one step.

        Raises:
            OverloadedError: on awaiting: the queue is full or the model is not loaded.
            InvalidRequestError: on awaiting: the grammar in the job's guide cannot be enforced, or
                its pictures not be shown.
            EngineError: on awaiting or iterating: the worker died; on iterating: the reply cannot
                go on within its grammar.
        """
        ...

    async def cached(self, workspace: str) -> tuple[CachedPrefix, ...]:
        """What is kept of a workspace's prompts.

        Raises:
            OverloadedError: the model is not loaded (yet, or again).
            EngineError: the worker died meanwhile.
        """
        ...

    async def forget(self, workspace: str) -> None:
        """Keep nothing of a workspace's prompts any longer; raises as ``cached`` does."""
        ...

    async def close(self) -> None:
        """Stop now. Jobs in flight end with an ``EngineError``; closing twice is harmless."""
        ...
