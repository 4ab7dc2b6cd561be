"""What an agent really sends, on the real engine: rendered, cached, streamed, and counted.

The decisions come from a script, because the model here has random weights: what is looked at is
what is computed for each request, not what is said.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.agent_model import write_agent_model
from benchmarks.coordinator import metric_sum
from senryu.engine.llama.embedded import prepare
from tests.clients.acting import Actor
from tests.clients.recorder import recording
from tests.clients.table import exercises
from tests.clients.test_claude_code import CLIENT, Session
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app
from tests.support.server import running_server

SLACK = 32
"""Tokens of a prompt that may be computed beside the new ones."""


class Replay:
    """Sends bodies to a server, one after the other.

    Arguments:
        client: of a server that runs.
    """

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def prefilled(self) -> int:
        """Prompt tokens that were computed so far."""
        text = self._client.get("/metrics").text
        return metric_sum(text, ["senryu_engine_prefilled_tokens_total"])

    def send(self, body: dict[str, Any]) -> tuple[int, int]:
        """A prompt's tokens, and how many of them were computed; the stream is looked at too."""
        before = self.prefilled()
        content = json.dumps(body | {"max_tokens": 8}).encode()
        reply = self._client.post("/v1/messages?beta=true", content=content)
        assert reply.status_code == 200, reply.text
        events = [json.loads(line[6:]) for line in reply.text.splitlines() if line[:6] == "data: "]
        assert events[-1]["type"] == "message_stop"
        usage = events[0]["message"]["usage"]
        prompt = sum(
            usage[name]
            for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        )
        return prompt, self.prefilled() - before


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Generator[Replay]:
    """A real server with a model of 64K tokens that says nothing sensible."""
    model = write_agent_model(tmp_path_factory.mktemp("model"), prepare())
    options = ("--model", str(model), "--id", MODEL, "--calibrate", "off")
    with (
        running_server(*options) as server,
        httpx2.Client(base_url=server.base_url, timeout=60, verify=False) as client,
    ):
        yield Replay(client)


@requirement("clients.cache")
@exercises(CLIENT, "on the real engine: of each prompt only what is new is computed")
def test_of_each_prompt_only_what_is_new_is_computed(replay: Replay, tmp_path: Path) -> None:
    session = Session(tmp_path)
    with running_app(Actor(session.edits)) as app, recording(app.base_url) as recorder:
        session.ask(recorder.base_url, "Write a note.")
        session.ask(recorder.base_url, "Write another note.", "--continue")
    bodies = recorder.bodies()
    assert len(bodies) == 6
    known = 0
    for number, body in enumerate(bodies):
        prompt, computed = replay.send(body)
        if number:
            assert computed <= prompt - known + SLACK
        else:
            assert prompt > 10_000
        known = prompt
