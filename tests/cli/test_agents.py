"""``senryu env`` and ``senryu code``: a client is pointed at a server, which is started if need be.

The client is a script that tells what it was given; the real one is in ``tests/clients``.
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.cli.running import senryu
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

CLIENT = """#!/usr/bin/env python3
import json, os, sys, urllib.request
base = os.environ["ANTHROPIC_BASE_URL"]
key = {"authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}
models = urllib.request.urlopen(urllib.request.Request(base + "/v1/models", headers=key))
told = {name: os.environ[name] for name in os.environ if name[:9] in ("ANTHROPIC", "CLAUDE_CO")}
print(json.dumps([sys.argv[1:], told, json.load(models)["data"][0]["id"]]))
sys.exit(7)
"""
MANY_KEYS = "k" * 20


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which the client is found first."""
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text(CLIENT, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@requirement("cli.env")
def test_a_shell_can_read_the_environment() -> None:
    with running_app() as app:
        done = senryu("env", "--base-url", app.base_url, ANTHROPIC_API_KEY="it's a key")
        assert done.stdout.splitlines() == [
            f"export ANTHROPIC_BASE_URL={app.base_url}",
            "export ANTHROPIC_API_KEY='it'\"'\"'s a key'",
        ]


@requirement("cli.env")
def test_an_agent_is_told_the_models_limits_and_a_model_for_each_of_its_names() -> None:
    with running_app(aliases={"small": MODEL}) as app:
        arguments = ("--base-url", app.base_url, "--small-model", "small", "--json")
        done = senryu("env", "claude-code", *arguments)
    told = json.loads(done.stdout)
    assert told["ANTHROPIC_MODEL"] == told["CLAUDE_CODE_SUBAGENT_MODEL"] == MODEL
    assert told["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == told["ANTHROPIC_SMALL_FAST_MODEL"] == "small"
    assert told["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "4096"
    assert told["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "1024"
    assert "ANTHROPIC_API_KEY" not in told


@requirement("cli.env")
def test_what_is_missing_is_told_in_a_line() -> None:
    nobody = senryu("env", "--base-url", f"http://127.0.0.1:{free_port()}")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "no server answers" in nobody.stderr
    with running_app(ScriptedEngine(loading=True)) as app:
        loading = senryu("env", "--base-url", app.base_url)
        unknown = senryu("env", "--base-url", app.base_url, "--model", "other")
    assert "not loaded yet" in loading.stderr
    assert "model: other" in unknown.stderr


def ran(done: Any) -> tuple[list[str], dict[str, str], str]:
    """What the client says that it was given."""
    assert done.returncode == 7, done.stderr
    arguments, told, first_model = json.loads(done.stdout)
    return arguments, told, first_model


@requirement("cli.code")
def test_the_client_runs_on_a_server_that_is_there(path: str) -> None:
    with running_app(api_key=MANY_KEYS) as app:
        done = senryu(
            *("code", "--base-url", app.base_url, "--", "-p", "what is this?", "--model", "x"),
            PATH=path,
            ANTHROPIC_API_KEY=MANY_KEYS,
        )
    arguments, told, _ = ran(done)
    assert arguments == ["-p", "what is this?", "--model", "x"]
    assert told["ANTHROPIC_BASE_URL"] == app.base_url
    assert told["ANTHROPIC_AUTH_TOKEN"] == MANY_KEYS
    assert "ANTHROPIC_API_KEY" not in told


@requirement("cli.code")
def test_a_server_is_started_where_there_is_none_and_ends_with_the_client(
    path: str, tmp_path: Path
) -> None:
    port = free_port()
    config = tmp_path / "own.toml"
    config.write_text(f'port = {port}\napi_key = "{MANY_KEYS}"\n', encoding="utf-8")
    done = senryu(
        *("code", "--config", str(config), "--", "--resume"),
        PATH=path,
        SENRYU_DATA_DIR=str(tmp_path / "data"),
        XDG_STATE_HOME=str(tmp_path / "state"),
    )
    arguments, told, first_model = ran(done)
    assert arguments == ["--resume"]
    assert first_model == told["ANTHROPIC_MODEL"] == "smollm2-135m-instruct"
    assert told["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "8192"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@requirement("cli.code")
def test_a_signal_ends_the_client_and_the_server(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho up\nexec sleep 60\n", encoding="utf-8")
    program.chmod(0o755)
    port = free_port()
    config = tmp_path / "own.toml"
    config.write_text(f"port = {port}\n", encoding="utf-8")
    variables = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "SENRYU_DATA_DIR": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "senryu", "code", "--config", str(config)]
    with subprocess.Popen(
        command, env=os.environ | variables, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.terminate()
        assert process.wait(50) == 128 + signal.SIGTERM
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@requirement("cli.code")
def test_why_a_server_did_not_start_is_told(path: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing.gguf"
    config = tmp_path / "own.toml"
    config.write_text(f"port = {free_port()}\n", encoding="utf-8")
    done = senryu(
        *("code", "--config", str(config), "--model", str(missing)),
        PATH=path,
        XDG_STATE_HOME=str(tmp_path / "state"),
        SENRYU_DATA_DIR=str(tmp_path / "data"),
    )
    assert done.returncode == 1
    assert "missing.gguf" in done.stderr


@requirement("cli.code")
def test_without_the_client_it_says_how_to_get_it(tmp_path: Path) -> None:
    done = senryu("code", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "npm install -g" in done.stderr
