"""What a worker's death, silence, refusal or slowness means to the API process."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from senryu.core import Constraint, Guide, Job, Sampling
from senryu.engine.frames import WorkerConfig
from senryu.engine.supervisor import SupervisedEngine
from senryu.errors import EngineError, InvalidRequestError, OverloadedError
from tests.engine.conftest import EXPLODING, chat

pytestmark = pytest.mark.anyio

SAMPLING = Sampling(temperature=0.8, seed=3)
TINY = WorkerConfig(cells=2048, threads=2, max_running=1, max_queued=1)


@asynccontextmanager
async def running(config: WorkerConfig = TINY) -> AsyncGenerator[SupervisedEngine]:
    engine = SupervisedEngine(config, ready_timeout_s=30)
    await engine.start()
    try:
        await engine.wait_ready()
        yield engine
    finally:
        await engine.close()


async def test_a_killed_worker_costs_the_jobs_in_flight_and_comes_back() -> None:
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        streams = [
            await engine.generate(Job(job_id, tokens, 500, SAMPLING))
            for job_id in ("runs", "waits")
        ]
        await anext(streams[0])
        assert engine.worker_pid is not None
        os.kill(engine.worker_pid, signal.SIGKILL)
        for stream in streams:
            with pytest.raises(EngineError, match="stopped unexpectedly"):
                async for _ in stream:
                    pass
        tokens = (await engine.tokenize(chat("Hello"))).ids
        reply = [chunk async for chunk in await engine.generate(Job("later", tokens, 3, SAMPLING))]
        assert reply[-1].finish is not None
        assert engine.status().num_restarts == 1


async def test_a_full_queue_refuses_and_takes_jobs_again() -> None:
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        first = await engine.generate(Job("runs", tokens, 500, SAMPLING))
        await anext(first)
        second = await engine.generate(Job("waits", tokens, 2, SAMPLING))
        with pytest.raises(OverloadedError) as refused:
            await engine.generate(Job("refused", tokens, 2, SAMPLING))
        assert refused.value.retry_after_s is not None
        await first.aclose()
        assert [chunk async for chunk in second][-1].finish is not None


async def test_cancelling_who_waits_for_a_chunk_cancels_the_job() -> None:
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        await (await engine.generate(Job("runs", tokens, 500, SAMPLING))).__anext__()
        queued = await engine.generate(Job("waits", tokens, 2, SAMPLING))
        waiting = asyncio.ensure_future(anext(queued))
        await asyncio.wait([waiting], timeout=0)
        waiting.cancel()
        await asyncio.wait([waiting])
        again = await engine.generate(Job("fits again", tokens, 2, SAMPLING))
        await again.aclose()


async def test_closing_ends_jobs_in_flight() -> None:
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        stream = await engine.generate(Job("lost", tokens, 500, SAMPLING))
        pid = engine.worker_pid
        await engine.close()
        with pytest.raises(EngineError, match="was stopped"):
            async for _ in stream:
                pass
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_model_that_cannot_be_loaded_is_reported_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    engine = SupervisedEngine(WorkerConfig(source=str(broken)))
    await engine.start()
    with pytest.raises(EngineError, match=r"broken\.gguf"):
        await engine.wait_ready()
    with pytest.raises(EngineError, match=r"broken\.gguf"):
        await engine.tokenize(chat("Hello"))
    await engine.close()
    assert engine.status().num_restarts == 0


@pytest.mark.parametrize("killer", [signal.SIGILL, signal.SIGSEGV, signal.SIGKILL])
async def test_a_worker_that_native_code_kills_while_it_loads_says_how(killer: int) -> None:
    doomed = (sys.executable, "-c", f"import os, signal; os.kill(os.getpid(), {int(killer)})")
    engine = SupervisedEngine(WorkerConfig(), command=doomed)
    await engine.start()
    with pytest.raises(EngineError, match=f"by {signal.Signals(killer).name} .*install"):
        await engine.wait_ready()
    await engine.close()
    assert engine.status().num_restarts == 0


async def test_a_worker_still_loading_overloads() -> None:
    silent = (sys.executable, "-c", "import sys, signal; signal.pause()")
    engine = SupervisedEngine(WorkerConfig(), ready_timeout_s=0.01, command=silent)
    await engine.start()
    with pytest.raises(OverloadedError):
        await engine.tokenize(chat("Hello"))
    assert not engine.status().ready
    await engine.close()


async def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    engine = SupervisedEngine(TINY, step_timeout_s=2.0, ready_timeout_s=30)
    await engine.start()
    await engine.wait_ready()
    assert engine.worker_pid is not None
    tokens = await engine.tokenize(chat("Hello"))
    os.kill(engine.worker_pid, signal.SIGSTOP)
    with pytest.raises(EngineError):
        await engine.tokenize(chat("Hello"))
    assert await engine.tokenize(chat("Hello")) == tokens
    assert engine.status().num_restarts == 1
    await engine.close()


async def test_a_worker_ends_with_its_supervisor() -> None:
    code = (
        "import asyncio\n"
        "from senryu.engine.frames import WorkerConfig\n"
        "from senryu.engine.supervisor import SupervisedEngine\n"
        "async def main():\n"
        "    engine = SupervisedEngine(WorkerConfig(cells=1024))\n"
        "    await engine.start()\n"
        "    await engine.wait_ready()\n"
        "    print(engine.worker_pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    worker = int(await process.stdout.readline())
    descriptor = os.pidfd_open(worker)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    process.kill()
    await process.communicate()
    await ended.wait()
    asyncio.get_running_loop().remove_reader(descriptor)
    os.close(descriptor)


# Jobs with a grammar


def matching(job_id: str, tokens: tuple[int, ...], grammar: str) -> Job:
    guide = Guide(constraint=Constraint(grammar, opening=()))
    return Job(job_id, tokens, 400, SAMPLING, guide=guide)


async def test_a_job_cancelled_while_its_grammar_is_compiled_never_runs() -> None:
    choices = [{"type": "object", "required": [f"k{number}"]} for number in range(1000)]
    slow = f"start: %json {json.dumps({'anyOf': choices})}"
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        admission = asyncio.ensure_future(engine.generate(matching("gone", tokens, slow)))
        await engine.tokenize(chat("Hello"))  # answered by then: the worker has read the job
        admission.cancel()
        await asyncio.wait([admission])
        for number in range(3):  # there is one place, and one in the queue
            first = await engine.generate(Job(f"runs {number}", tokens, 2, SAMPLING))
            second = await engine.generate(Job(f"waits {number}", tokens, 2, SAMPLING))
            for stream in (first, second):
                assert [chunk async for chunk in stream][-1].finish is not None
        assert engine.status().num_running == engine.status().num_queued == 0
        await engine.audit()


async def test_a_reply_that_cannot_go_on_ends_in_an_error_of_its_own() -> None:
    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        pid = engine.worker_pid
        stream = await engine.generate(matching("lost", tokens, EXPLODING))
        other = await engine.generate(Job("other", tokens, 20, SAMPLING))
        with pytest.raises(EngineError, match="within its constraint"):
            await anext(chunk async for chunk in stream if chunk.finish is not None)
        assert [chunk async for chunk in stream] == []
        assert [chunk async for chunk in other][-1].finish is not None
        assert engine.worker_pid == pid


@pytest.mark.parametrize("link", ["ref", "allOf", "properties"])
async def test_a_chain_of_references_of_any_length_costs_no_worker(link: str) -> None:
    def linked(number: int) -> object:
        target = {"$ref": f"#/$defs/d{number + 1}"}
        return {
            "ref": target,
            "allOf": {"allOf": [target]},
            "properties": {"properties": {"a": target}},
        }[link]

    async with running() as engine:
        tokens = (await engine.tokenize(chat("Hello"))).ids
        pid = engine.worker_pid
        for length in (3_000, 20_000):
            links = {f"d{number}": linked(number) for number in range(length)}
            schema = {"$defs": {**links, f"d{length}": {"type": "null"}}, "$ref": "#/$defs/d0"}
            with contextlib.suppress(InvalidRequestError):
                stream = await engine.generate(
                    matching(f"chain {length}", tokens, f"start: %json {json.dumps(schema)}")
                )
                await stream.aclose()
        assert (await engine.tokenize(chat("Hello"))).ids == tokens
        assert engine.worker_pid == pid
