"""The prompt cache with the real model: sharing, snapshots and speculation change no reply."""

import asyncio
import dataclasses
import os
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from senryu.core import CachePoint, CacheUse, Chunk, Conversation, Job, Passage, Sampling, Utterance
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.embedded import prepare
from senryu.engine.supervisor import SupervisedEngine
from senryu.errors import EngineError
from senryu.families.smollm2 import SMOLLM2
from tests.engine.conftest import SMALL, chat

pytestmark = pytest.mark.anyio

GREEDY = Sampling(temperature=0)
RULES = "Be brief. Use plain words. Never guess. " * 40  # about 400 tokens


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerConfig:
    """A configuration whose snapshots lie in a folder of the test's own."""
    source = str(prepare())
    monkeypatch.setenv("SENRYU_CACHE_DIR", str(tmp_path))
    return dataclasses.replace(SMALL, source=source, disk_bytes=1_000_000_000)


@asynccontextmanager
async def running(config: WorkerConfig) -> AsyncGenerator[SupervisedEngine]:
    engine = SupervisedEngine(config, ready_timeout_s=60)
    await engine.start()
    try:
        await engine.wait_ready()
        yield engine
        await engine.audit()
    finally:
        await engine.close()


async def prompt_of(engine: SupervisedEngine, text: str) -> tuple[int, ...]:
    return (await engine.tokenize(chat(text))).ids


async def reply(
    engine: SupervisedEngine,
    job_id: str,
    tokens: tuple[int, ...],
    *,
    max_tokens: int = 12,
    workspace: str = "default",
    points: tuple[CachePoint, ...] = (),
    sampling: Sampling = GREEDY,
) -> list[Chunk]:
    job = Job(job_id, tokens, max_tokens, sampling, workspace, cache_points=points)
    return [chunk async for chunk in await engine.generate(job)]


def tokens_of(chunks: list[Chunk]) -> list[int]:
    return [token for chunk in chunks for token in chunk.tokens]


def use_of(chunks: list[Chunk]) -> CacheUse:
    assert chunks[0].cache is not None
    assert all(chunk.cache is None for chunk in chunks[1:])
    return chunks[0].cache


async def test_a_cold_fan_out_shares_its_prefix_and_changes_no_reply(
    engine: SupervisedEngine,
) -> None:
    prompts = [await prompt_of(engine, RULES + f"Question {n}: what is {n}?") for n in range(4)]
    alone = [
        tokens_of(await reply(engine, f"alone-{n}", prompt, workspace=f"alone-{n}"))
        for n, prompt in enumerate(prompts)
    ]
    before = engine.status()
    together = await asyncio.gather(
        *(
            reply(engine, f"together-{n}", prompt, workspace="fan-out")
            for n, prompt in enumerate(prompts)
        )
    )
    prefilled = engine.status().num_prefilled_tokens - before.num_prefilled_tokens
    assert [tokens_of(chunks) for chunks in together] == alone
    assert prefilled < len(prompts[0]) + 4 * 40
    cached = sorted(use_of(chunks).cached for chunks in together)
    assert cached[0] == 0
    assert cached[1] > 300


async def test_a_marked_prefix_outlives_a_restart(private_cache: WorkerConfig) -> None:
    async with running(private_cache) as engine:
        tokens = await prompt_of(engine, RULES + "Who are you?")
        point = CachePoint(len(tokens) - 20, 3600)
        cold = await reply(engine, "cold", tokens, points=(point,))
        assert use_of(cold) == CacheUse(0, 0)
    async with running(private_cache) as engine:
        warm = await reply(engine, "warm", tokens, points=(point,))
        assert use_of(warm).read == point.position
        assert tokens_of(warm) == tokens_of(cold)
        foreign = await reply(engine, "foreign", tokens, points=(point,), workspace="other")
        assert use_of(foreign) == CacheUse(0, 0)


async def test_a_worker_killed_while_it_saves_leaves_whole_blocks_or_none(
    private_cache: WorkerConfig,
) -> None:
    async with running(private_cache) as engine:
        tokens = await prompt_of(engine, RULES + "Where are you?")
        point = CachePoint(len(tokens) - 20, 300)
        cold = await reply(engine, "cold", tokens, points=(point,))
        assert engine.worker_pid is not None
        os.kill(engine.worker_pid, signal.SIGKILL)  # the reply has ended, its saving has not
        with pytest.raises(EngineError):  # asking is how one learns of the death
            await prompt_of(engine, "Are you there?")
        with_what_is_left = await reply(engine, "after", tokens, points=(point,))
        assert use_of(with_what_is_left).read in (0, point.position)
        assert tokens_of(with_what_is_left) == tokens_of(cold)
        assert engine.status().num_restarts == 1


async def test_snapshots_of_another_model_are_none_of_this_ones(
    private_cache: WorkerConfig, tmp_path: Path
) -> None:
    async with running(private_cache) as engine:
        tokens = await prompt_of(engine, RULES + "What are you?")
        point = CachePoint(len(tokens) - 20, 300)
        await reply(engine, "cold", tokens, points=(point,))
    other = tmp_path / "other.gguf"
    data = bytearray(Path(private_cache.source).read_bytes())
    data[-1] ^= 1  # one bit of one weight
    other.write_bytes(data)
    async with running(dataclasses.replace(private_cache, source=str(other))) as engine:
        assert use_of(await reply(engine, "other", tokens, points=(point,))) == CacheUse(0, 0)


async def test_damaged_snapshots_are_passed_over(
    private_cache: WorkerConfig, tmp_path: Path
) -> None:
    async with running(private_cache) as engine:
        tokens = await prompt_of(engine, RULES + "How are you?")
        point = CachePoint(len(tokens) - 20, 300)
        cold = await reply(engine, "cold", tokens, points=(point,))
    files = [path for path in (tmp_path / "snapshots").rglob("*") if path.stat().st_size > 100_000]
    assert files
    for file in files:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 255
        file.write_bytes(data)
    async with running(private_cache) as engine:
        again = await reply(engine, "again", tokens, points=(point,))
        assert use_of(again).read == 0
        assert tokens_of(again) == tokens_of(cold)


async def test_preempted_jobs_go_on_where_they_were() -> None:
    small = dataclasses.replace(SMALL, cells=256, window=250, max_running=4)
    async with running(small) as engine:
        # Its most likely reply repeats itself without end, so two of them need more than all
        # memory, and so surely that no rounding changes it: recycled cells lie in another order.
        question = Utterance("user", (Passage("What is the capital of France?"),))
        prompt = SMOLLM2.render(Conversation((question,)))
        tokens = (await engine.tokenize(prompt)).ids
        alone = tokens_of(await reply(engine, "alone", tokens, max_tokens=150))
        together = await asyncio.gather(
            *(
                reply(engine, f"together-{n}", tokens, max_tokens=150, workspace=f"w{n}")
                for n in range(2)
            )
        )
        assert engine.status().num_preemptions > 0
        assert [tokens_of(chunks) for chunks in together] == [alone, alone]


async def test_a_burst_of_cancellations_leaves_nothing_behind(engine: SupervisedEngine) -> None:
    tokens = await prompt_of(engine, RULES + "Count to one thousand.")
    await engine.forget("burst")
    before = engine.status().num_used_cells
    streams = await asyncio.gather(
        *(
            engine.generate(Job(f"burst-{n}", (*tokens, n), 200, GREEDY, "burst"))
            for n in range(200)
        )
    )
    await anext(streams[0])
    for stream in streams:
        await stream.aclose()
    await engine.forget("burst")
    await engine.audit()
    assert engine.status().num_used_cells <= before
    assert use_of(await reply(engine, "after the burst", tokens, workspace="burst"))


async def test_another_tenants_prefix_is_as_slow_as_a_cold_one(engine: SupervisedEngine) -> None:
    async def first_token_s(job_id: str, tokens: tuple[int, ...], workspace: str) -> float:
        began = time.perf_counter()
        chunks = await reply(engine, job_id, tokens, max_tokens=1, workspace=workspace)
        assert tokens_of(chunks) or chunks
        return time.perf_counter() - began

    tokens = await prompt_of(engine, RULES + "Who is it?")
    await first_token_s("owner", tokens, "owner")
    own = min([await first_token_s(f"own-{n}", tokens, "owner") for n in range(2)])
    cold = min([await first_token_s(f"cold-{n}", (n, *tokens), "cold") for n in range(2)])
    foreign = min([await first_token_s(f"foreign-{n}", tokens, f"foreign-{n}") for n in range(2)])
    # A hit is many times faster than either; a leak would bring `foreign` down to `own`.
    assert foreign > (own + cold) / 2
    assert foreign > 3 * own


async def test_speculation_changes_no_greedy_reply_and_pays() -> None:
    text = (
        "Repeat this exactly: the quick brown fox jumps over the lazy dog near the river bank. " * 3
    )
    replies: list[list[int]] = []
    for speculation in (False, True):
        async with running(dataclasses.replace(SMALL, speculation=speculation)) as engine:
            tokens = await prompt_of(engine, text)
            replies.append(tokens_of(await reply(engine, "one", tokens, max_tokens=120)))
            status = engine.status()
            assert (status.num_accepted_tokens > 0) == speculation
    assert replies[0] == replies[1]


async def test_speculation_changes_no_seeded_reply() -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, seed=11)
    replies: list[list[int]] = []
    for speculation in (False, True):
        async with running(dataclasses.replace(SMALL, speculation=speculation)) as engine:
            tokens = await prompt_of(engine, "Say hello to everybody, twelve times. " * 6)
            chunks = await reply(engine, "one", tokens, max_tokens=80, sampling=sampling)
            replies.append(tokens_of(chunks))
    assert replies[0] == replies[1]
