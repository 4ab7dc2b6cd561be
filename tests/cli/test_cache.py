"""``senryu cache``: list and clear."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.cli.running import senryu
from tests.contract.manifest import requirement
from tests.support.app import MODEL, RunningApp, ask, running_app
from tests.support.server import RunningServer

RULES_TOKENS = 508  # 500 bytes, the marker and "system\n"


@pytest.fixture
def app() -> Iterator[RunningApp]:
    """A server that has kept one prompt for an hour."""
    control = {"type": "ephemeral", "ttl": "1h"}
    system: Any = [{"type": "text", "text": "r" * 500, "cache_control": control}]
    with running_app(ScriptedEngine(clock=lambda: 0.0), cache_min_tokens=1) as running:
        assert running.post(ask(system=system)).status_code == 200
        yield running


@requirement("cache.cli")
def test_the_list_is_a_table_for_people(app: RunningApp) -> None:
    done = senryu("cache", "list", "--base-url", app.base_url)
    assert (done.returncode, done.stderr) == (0, "")
    head, entry, prompt = done.stdout.splitlines()
    assert head.split() == ["model", "tokens", "uses", "ttl", "expires", "in"]
    assert entry.split() == [MODEL, str(RULES_TOKENS), "0", "1h", "60:00"]
    assert prompt.split()[-2:] == ["-", "-"]


@requirement("cache.cli")
def test_clearing_leaves_an_empty_list(app: RunningApp) -> None:
    environment = {"ANTHROPIC_BASE_URL": app.base_url}
    before = json.loads(senryu("cache", "list", "--json", **environment).stdout)["data"]
    assert before[0]["tokens"] == RULES_TOKENS
    cleared = senryu("cache", "clear", "--model", MODEL, **environment)
    assert cleared.stdout == f"{len(before)} cached prefixes dropped\n"
    assert json.loads(senryu("cache", "list", "--json", **environment).stdout) == {"data": []}
    assert senryu("cache", "list", **environment).stdout == "nothing is cached\n"


@requirement("cache.cli")
@pytest.mark.parametrize("command", ["list", "clear"])
def test_failures_are_one_line_and_exit_code_1(app: RunningApp, command: str) -> None:
    unknown = senryu("cache", command, "--model", "other", "--base-url", app.base_url)
    nobody = senryu("cache", command, "--base-url", "http://127.0.0.1:9")
    stranger = senryu("cache", command, "--base-url", app.base_url + "/health")
    assert [done.returncode for done in (unknown, nobody, stranger)] == [1, 1, 1]
    assert unknown.stderr == "senryu: the server answered 404: model: other\n"
    assert nobody.stderr.startswith("senryu: no server answers at")
    assert stranger.stderr.startswith("senryu: the server answered 404: no such route")


@requirement("cache.cli")
def test_an_answer_that_is_not_senryus_is_told() -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = Thread(target=stranger.serve_forever)
        thread.start()
        done = senryu("cache", "list", "--base-url", f"http://127.0.0.1:{stranger.server_port}")
        stranger.shutdown()
        thread.join()
    assert done.returncode == 1
    assert done.stderr.endswith("is not Senryu\n")


@requirement("cache.cli")
def test_a_real_server_tells_what_its_engine_keeps(server: RunningServer) -> None:
    done = senryu("cache", "list", "--json", "--base-url", server.base_url)
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout)["data"], list)
