"""The embedded engine with a real model: what batching, reuse and cancelling must not change."""

import asyncio
import dataclasses

import pytest

from senryu.core import Chunk, Job, Sampling
from senryu.engine.supervisor import SupervisedEngine
from tests.engine.conftest import SMALL, chat

pytestmark = pytest.mark.anyio

GREEDY = Sampling(temperature=0)
TOPICS = ("the sea", "a clever fox", "gravity", "bread", "Rome", "a robot", "bees", "winter")
FORMS = (
    "Write a short paragraph about {}.",
    "List five facts about {}.",
    "Explain {} to a child.",
    "Write a poem about {}.",
    "What is {}?",
    "Tell me a story about {}.",
    "Why do people like {}?",
    "Describe {} in one sentence.",
)


async def run(
    engine: SupervisedEngine,
    job_id: str,
    text: str,
    *,
    max_tokens: int = 16,
    sampling: Sampling = GREEDY,
    workspace: str = "default",
) -> list[Chunk]:
    """All chunks of one reply."""
    tokens = (await engine.tokenize(chat(text))).ids
    job = Job(job_id, tokens, max_tokens, sampling, workspace)
    return [chunk async for chunk in await engine.generate(job)]


def tokens_of(chunks: list[Chunk]) -> list[int]:
    return [token for chunk in chunks for token in chunk.tokens]


def cached(chunks: list[Chunk]) -> int:
    assert chunks[0].cache is not None
    return chunks[0].cache.cached


async def test_64_concurrent_greedy_replies_equal_each_alone(engine: SupervisedEngine) -> None:
    texts = [form.format(topic) for form in FORMS for topic in TOPICS]
    # some of each form, each alone in a workspace of its own, so that nothing is reused
    alone = {
        number: tokens_of(
            await run(engine, f"alone-{number}", text, max_tokens=8, workspace=f"w{number}")
        )
        for number, text in list(enumerate(texts))[::3]
    }
    together = await asyncio.gather(
        *(
            run(engine, f"together-{number}", text, max_tokens=8, workspace="all")
            for number, text in enumerate(texts)
        )
    )
    assert {number: tokens_of(together[number]) for number in alone} == alone


async def test_a_long_prompt_does_not_stall_a_running_stream() -> None:
    engine = SupervisedEngine(dataclasses.replace(SMALL, batch_invariant=False), ready_timeout_s=30)
    await engine.start()
    tokens = (await engine.tokenize(chat("Write a very long story about the sea."))).ids
    stream = await engine.generate(Job("stream", tokens, 400, GREEDY))
    await anext(stream)
    long_tokens = (await engine.tokenize(chat("sea and land " * 2000))).ids[:4000]
    prefilled = engine.status().num_prefilled_tokens
    long_reply = await engine.generate(Job("long", long_tokens, 1, GREEDY, "other"))
    first = asyncio.ensure_future(anext(long_reply))
    seen = 0
    async for chunk in stream:
        if first.done():
            break
        seen += len(chunk.tokens)
    await stream.aclose()
    await first
    await engine.close()
    num_steps = (engine.status().num_prefilled_tokens - prefilled) / 128
    # one token of the stream a step; the last ones may still be on their way
    assert seen >= num_steps - 2


async def test_a_finished_prompt_is_reused_and_changes_nothing(engine: SupervisedEngine) -> None:
    text = "Why is the sky blue? Answer in one sentence."
    cold = await run(engine, "cold", text, workspace="reuse")
    warm = await run(engine, "warm", text, workspace="reuse")
    foreign = await run(engine, "foreign", text, workspace="stranger")
    assert cached(cold) == 0
    assert cached(warm) > 10
    assert cached(foreign) == 0
    assert tokens_of(cold) == tokens_of(warm) == tokens_of(foreign)


async def test_cancelling_frees_the_cells(engine: SupervisedEngine) -> None:
    tokens = (await engine.tokenize(chat("Count to one thousand. " * 20))).ids
    stream = await engine.generate(Job("gone", tokens, 1000, GREEDY, "cancelled"))
    await anext(stream)  # it has its place
    await anext(stream)  # and its prompt is computed
    during = engine.status().num_used_cells
    assert during >= len(tokens)
    await stream.aclose()
    settled = await run(engine, "settle", "Hi", max_tokens=1, workspace="settle")
    assert settled[-1].finish is not None
    # what the other reply left behind is a few tokens long
    assert engine.status().num_used_cells < during - len(tokens) + 40
    await engine.audit()


async def test_seeds_repeat_in_any_company(engine: SupervisedEngine) -> None:
    sampling = Sampling(temperature=1.0, top_p=0.9, seed=42)
    alone = await run(engine, "seed", "Name a colour and why.", sampling=sampling)
    company = await asyncio.gather(
        run(engine, "seed-1", "Name a colour and why.", sampling=sampling),
        run(engine, "seed-2", "Name an animal.", sampling=Sampling(temperature=1.0, seed=1)),
    )
    assert tokens_of(company[0]) == tokens_of(alone)


async def test_a_slow_reader_gets_everything_in_one_chunk(engine: SupervisedEngine) -> None:
    tokens = (await engine.tokenize(chat("Tell me about rivers."))).ids
    slow = await engine.generate(Job("slow", tokens, 12, GREEDY))
    await run(engine, "quick", "Tell me about rivers and lakes.", max_tokens=24)
    chunks = [chunk async for chunk in slow]
    assert len(chunks) == 1
    assert 0 < len(chunks[0].tokens) <= 12
