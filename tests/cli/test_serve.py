"""``senryu serve``: start-up, what keeps it from starting, and how it stops."""

import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from senryu.engine.llama.embedded import prepare
from tests.cli.running import senryu
from tests.contract.manifest import requirement
from tests.engine.gguf_files import write_gguf
from tests.support.server import RunningServer, running_server

EXIT_TIMEOUT_S = 30


@contextmanager
def streaming(server: RunningServer, *, max_tokens: int) -> Generator[Generator[str]]:
    """The event names of one streamed reply, begun."""
    body = {
        "model": "smollm2-135m-instruct",
        "max_tokens": max_tokens,
        "stream": True,
        # The embedded model's most likely reply to this repeats itself without end.
        "temperature": 0,
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
    }
    url = f"{server.base_url}/v1/messages"
    with (
        httpx2.Client(timeout=EXIT_TIMEOUT_S) as client,
        client.stream("POST", url, json=body) as reply,
    ):

        def events() -> Generator[str]:
            for line in reply.iter_lines():
                if line.startswith("event: "):
                    yield line.removeprefix("event: ")

        yield events()


def read_until(events: Generator[str], wanted: str) -> None:
    assert any(event == wanted for event in events)


def wait_for_log(server: RunningServer, text: str) -> None:
    """Until the server printed a text; its own death or the test's time limit ends the wait."""
    while text not in server.output():
        try:
            server.process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the server ended:\n{server.output()}")


@requirement("cli.serve.greeting")
def test_the_greeting_says_where_it_is_and_what_runs(server: RunningServer) -> None:
    wait_for_log(server, "Ready.")
    text = server.output()
    assert f"export ANTHROPIC_BASE_URL={server.base_url} ANTHROPIC_API_KEY=none" in text
    assert "smollm2-135m-instruct: SmolLM2 135M, a tiny model for trying things out" in text
    window = httpx2.get(f"{server.base_url}/v1/models").json()["data"][0]["max_tokens"]
    assert f"window {window} tokens)" in text
    assert f"senryu code --base-url {server.base_url}" in text


@requirement("cli.serve.greeting")
def test_a_key_is_never_printed() -> None:
    secret = "a-secret-of-enough-length"
    with running_server(SENRYU_API_KEY=secret) as server:
        wait_for_log(server, "Ready.")
        assert "ANTHROPIC_API_KEY=YOUR_KEY" in server.output()
        assert secret not in server.output()


@requirement("cli.serve.drain")
def test_sigterm_lets_a_stream_finish() -> None:
    with running_server() as server:
        with streaming(server, max_tokens=30) as events:
            read_until(events, "content_block_delta")
            server.process.send_signal(signal.SIGTERM)
            wait_for_log(server, "Stopping")
            assert list(events)[-1] == "message_stop"
        assert server.process.wait(EXIT_TIMEOUT_S) == 0


@requirement("cli.serve.drain")
def test_ctrl_c_stops_an_idle_server_without_a_traceback() -> None:
    with running_server() as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(EXIT_TIMEOUT_S) == 0
        assert "Traceback" not in server.output()
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{server.base_url}/health")


@requirement("cli.serve.cut")
def test_after_the_drain_time_a_stream_ends_with_an_error_event() -> None:
    with running_server(SENRYU_DRAIN_TIMEOUT_S="0") as server:
        with streaming(server, max_tokens=4000) as events:
            read_until(events, "content_block_delta")
            server.process.send_signal(signal.SIGTERM)
            assert list(events)[-1] == "error"
        assert server.process.wait(EXIT_TIMEOUT_S) == 0


@requirement("cli.serve.twice")
def test_a_second_ctrl_c_ends_it_at_once() -> None:
    with running_server() as server, streaming(server, max_tokens=4000) as events:
        read_until(events, "content_block_delta")
        server.process.send_signal(signal.SIGINT)
        wait_for_log(server, "Stopping")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(EXIT_TIMEOUT_S) == 130


@requirement("cli.serve.port")
def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = senryu("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"senryu: port {port} on 127.0.0.1 is in use; stop what uses it, or choose another with"
        " --port\n"
    )


@requirement("cli.serve.model")
def test_a_model_that_is_not_there_is_told_in_one_line() -> None:
    done = senryu("serve", "--port", "0", "--model", "/none/x.gguf")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("senryu: model x cannot be loaded: /none/x.gguf: no such file")
    assert "Traceback" not in done.stderr


@requirement("cli.serve.model")
def test_a_model_that_does_not_load_is_told_in_one_line(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "odd.gguf", {"general.architecture": "odd"})
    done = senryu("serve", "--port", "0", "--model", str(file))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("senryu: model odd cannot be loaded: ")
    assert "Traceback" not in done.stderr


@requirement("cli.serve.config")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "an API key is needed"),
        (["--alias", "x"], "--alias x: expected NAME=MODEL"),
        (["--alias", "x=none"], "aliases: x -> none: no such model"),
        (["--model", "a", "--model", "b", "--id", "c"], "--id names one model"),
        (["--config", "none.toml"], "none.toml: no such configuration file"),
    ],
)
def test_a_wrong_configuration_is_told(arguments: list[str], message: str) -> None:
    done = senryu("serve", "--port", "0", *arguments)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@requirement("cli.serve.config")
def test_a_wrong_variable_is_told_with_its_name() -> None:
    done = senryu("serve", SENRYU_PORT="many")
    assert (done.returncode, done.stderr.partition(":")[2].split(":")[0].strip()) == (
        1,
        "SENRYU_PORT",
    )


def test_a_data_folder_that_cannot_be_used_is_told() -> None:
    done = senryu("serve", "--port", "0", SENRYU_DATA_DIR="/proc/none")
    assert done.returncode == 1
    assert "set data_dir to a folder that can be written" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@requirement("cli.serve.calibrate")
def test_measuring_the_model_can_be_skipped(tmp_path: Path) -> None:
    arguments = ("--model", str(prepare()), "--calibrate", "off")
    with running_server(*arguments, SENRYU_CACHE_DIR=str(tmp_path)) as server:
        wait_for_log(server, "Ready.")
    assert not (tmp_path / "calibration").exists()
