"""What clients see when the worker dies, when others leave, and when all come at once."""

import asyncio
import os
import signal
import socket
from collections.abc import Generator
from contextlib import closing

import anthropic
import httpx2
import psutil
import pytest
from anthropic.types import MessageParam

from tests.contract.manifest import requirement
from tests.support.server import RunningServer, running_server

MODEL = "smollm2-135m-instruct"
# Always the most likely token, which the newer API version does not let a client ask for.
GREEDY = {"temperature": 0}
OLDER = {"anthropic-version": "2023-06-01"}
# The embedded model's most likely reply to this repeats itself without end.
ENDLESS: MessageParam = {"role": "user", "content": "What is the capital of France?"}


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server that these tests may break without harming others."""
    folder = tmp_path_factory.mktemp("batch-invariant")
    config = folder / "senryu.toml"
    config.write_text("[[models]]\ncells = 16384\nbatch_invariant = true\n", encoding="utf-8")
    with running_server("--config", str(config)) as running:
        yield running


def worker_of(server: RunningServer) -> psutil.Process:
    (worker,) = psutil.Process(server.process.pid).children()
    return worker


def connect(server: RunningServer, *, max_retries: int = 0) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=server.base_url,
        api_key="any-key-will-do",
        max_retries=max_retries,
        default_headers=OLDER,
    )


def engine_metric(server: RunningServer, name: str) -> float:
    text = httpx2.get(f"{server.base_url}/metrics").text
    (line,) = [row for row in text.splitlines() if row.startswith(f"senryu_engine_{name}{{")]
    return float(line.rsplit(" ", 1)[1])


def wait_for_engine(server: RunningServer, name: str, value: float) -> None:
    """Look at a metric until it has the value; each look is a request, which takes its time."""
    seen: float = -1
    for _ in range(2_000):
        seen = engine_metric(server, name)
        if seen == value:
            return
    raise AssertionError(f"{name} stayed {seen}, expected {value}")


@requirement("engine.worker-killed")
def test_a_killed_worker_costs_the_stream_an_error_event_and_nothing_else(
    own_server: RunningServer,
) -> None:
    client = connect(own_server)
    worker = worker_of(own_server)
    with client.messages.create(
        model=MODEL, max_tokens=2000, messages=[ENDLESS], extra_body=GREEDY, stream=True
    ) as stream:
        events = iter(stream)
        assert next(events).type == "message_start"
        worker.send_signal(signal.SIGKILL)
        with pytest.raises(anthropic.APIStatusError) as broken:
            list(events)
    assert broken.value.type == "api_error"
    # Retries are what SDKs do; the model is back before they give up.
    message = connect(own_server, max_retries=8).messages.create(
        model=MODEL, max_tokens=5, messages=[ENDLESS], extra_body=GREEDY
    )
    assert message.usage.output_tokens == 5
    assert worker_of(own_server).pid != worker.pid
    assert engine_metric(own_server, "restarts_total") == 1


@requirement("engine.worker-killed")
def test_a_killed_worker_costs_a_whole_reply_an_api_error(own_server: RunningServer) -> None:
    async def ask_and_kill() -> None:
        async with anthropic.AsyncAnthropic(
            base_url=own_server.base_url,
            api_key="any-key-will-do",
            max_retries=0,
            default_headers=OLDER,
        ) as client:
            asking = asyncio.create_task(
                client.messages.create(
                    model=MODEL, max_tokens=2000, messages=[ENDLESS], extra_body=GREEDY
                )
            )
            await asyncio.to_thread(wait_for_engine, own_server, "running", 1)
            os.kill(worker_of(own_server).pid, signal.SIGKILL)
            with pytest.raises(anthropic.InternalServerError) as lost:
                await asking
        assert "worker" in lost.value.message

    asyncio.run(ask_and_kill())
    wait_for_engine(own_server, "ready", 1)


@requirement("streaming.disconnect-frees")
def test_a_client_that_leaves_frees_its_place_in_the_engine(own_server: RunningServer) -> None:
    client = connect(own_server)
    stream = client.messages.create(
        model=MODEL, max_tokens=2000, messages=[ENDLESS], extra_body=GREEDY, stream=True
    )
    assert next(iter(stream)).type == "message_start"
    wait_for_engine(own_server, "running", 1)
    stream.close()
    wait_for_engine(own_server, "running", 0)


@requirement("engine.concurrent-identical")
@pytest.mark.anyio
@pytest.mark.timeout(180)
async def test_64_concurrent_streams_say_what_each_says_alone(own_server: RunningServer) -> None:
    questions = [f"What is {number} plus {number + 3}?" for number in range(64)]
    async with anthropic.AsyncAnthropic(
        base_url=own_server.base_url,
        api_key="any-key-will-do",
        max_retries=0,
        default_headers=OLDER,
    ) as client:

        async def reply(question: str) -> str:
            async with client.messages.stream(
                model=MODEL,
                max_tokens=8,
                messages=[{"role": "user", "content": question}],
                extra_body=GREEDY,
            ) as stream:
                return "".join([text async for text in stream.text_stream])

        together = await asyncio.gather(*map(reply, questions))
        alone = [await reply(question) for question in questions[::4]]
    assert together[::4] == alone
    assert all(together)


@requirement("streaming.slow-reader-harmless")
def test_a_client_that_reads_nothing_does_not_slow_others(own_server: RunningServer) -> None:
    host, port = own_server.base_url.removeprefix("http://").split(":")
    body = (
        f'{{"model": "{MODEL}", "max_tokens": 2000, "stream": true, "temperature": 0, '
        '"messages": [{"role": "user", "content": "What is the capital of France?"}]}'
    )
    request = (
        f"POST /v1/messages HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n{body}"
    )
    with closing(socket.create_connection((host, int(port)))) as silent:
        silent.sendall(request.encode())
        wait_for_engine(own_server, "running", 1)
        message = connect(own_server).messages.create(
            model=MODEL, max_tokens=5, messages=[ENDLESS], extra_body=GREEDY
        )
        assert message.usage.output_tokens == 5
    wait_for_engine(own_server, "running", 0)
