"""``senryu code``: Claude Code on models of one's own, with a server started if there is none.

With a server that runs already, this process becomes the client. Otherwise a server is started as
its child, and ends when the client does.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import platformdirs
from cyclopts import App, Parameter

from senryu.cli.agent_env import Target, claude_code_env, look
from senryu.errors import StartupError
from senryu.settings import load_settings, local_url

__all__ = ["app", "code"]

_MORE = """\
What follows `--` goes to the client. It is found as `claude` on the PATH
(`npm install -g @anthropic-ai/claude-code`), and keeps its own licence and terms.

Examples:

    senryu code --model ~/models/qwen3-coder.gguf
    senryu code -- -p "What does this repository do?"
    senryu code --base-url http://192.168.1.5:8000
"""

app = App(name="code", help_epilogue=_MORE, help_format="markdown")

_CLIENT = "claude"
_LOAD_S = 900.0  # a large model from a slow disk
_ASK_S = 2.0
_LOOK_AGAIN_S = 0.2
_STOP_S = 45.0


@app.default
def code(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
    model: str | None = None,
    small_model: str | None = None,
    base_url: str | None = None,
    config: Path | None = None,
) -> int:
    """Run Claude Code on a server of yours.

    Parameters
    ----------
    model
        A model that the server has; where a server is started, what it serves: `embedded`, the path
        of a GGUF file or `hf:ORG/REPO[:FILE]` (default what the configuration says).
    small_model
        A model that the server has, for small jobs (default the same).
    base_url
        A server that runs (default: the one that the configuration describes).
    config
        Configuration file (default `senryu.toml` in the current folder, if there is one).
    """
    client = shutil.which(_CLIENT)
    if client is None:
        raise StartupError(
            f"`{_CLIENT}` is not on the PATH; install it with"
            " `npm install -g @anthropic-ai/claude-code`"
        )
    command = [client, *arguments]
    if base_url is not None:
        return _become(command, look(base_url, model, small_model))
    settings = load_settings(config)
    if settings.port == 0:
        raise StartupError("port: 0 is any free port; `senryu code` needs to know which")
    url = local_url(settings.host, settings.port)
    key = next(iter(settings.workspaces), None)
    if _answers(url):
        return _become(command, look(url, model, small_model, key=key))
    with _ending_on_signals(), _server(url, _serve_arguments(model, config)):
        return _wait_for(command, look(url, None, small_model, key=key))


def _become(command: Sequence[str], target: Target) -> int:
    os.execve(command[0], list(command), _environment(target))


def _wait_for(command: Sequence[str], target: Target) -> int:
    """Run the client to its end; Ctrl-C is for it alone."""
    before = signal.signal(signal.SIGINT, _leave_it)
    try:
        with subprocess.Popen(command, env=_environment(target)) as process:
            try:
                return process.wait()
            except SystemExit:
                process.terminate()
                raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _ending_on_signals() -> Generator[None]:
    """Until the block ends, a signal that would kill this process ends its children first."""
    before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _leave_it(number: int, frame: FrameType | None) -> None:
    """Not for us. A handler, not ``SIG_IGN``, which the client would inherit."""


def _environment(target: Target) -> dict[str, str]:
    """This process's, with the server in it. Two keys at once would make the client ask."""
    kept = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}
    return {**kept, **claude_code_env(target)}


def _serve_arguments(model: str | None, config: Path | None) -> list[str]:
    chosen = [] if model is None else ["--model", model]
    return chosen if config is None else [*chosen, "--config", str(config)]


@contextmanager
def _server(url: str, arguments: Sequence[str]) -> Generator[None]:
    """A server of ours until the block ends. What it says goes to a file, away from the client."""
    folder = platformdirs.user_log_path("senryu", ensure_exists=True)
    log = folder / "code.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "senryu", "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )
    try:
        print(f"Starting a server at {url}; it logs to {log}", file=sys.stderr)
        _wait_until_ready(url, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _LOAD_S
    while not _answers(url + "/ready"):
        if process.poll() is not None:
            reason = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise StartupError(reason[-1] if reason else f"the server ended; see {log}")
        if time.monotonic() > end:
            raise StartupError(f"the server is not ready after {_LOAD_S:.0f} s; see {log}")
        time.sleep(_LOOK_AGAIN_S)


def _answers(url: str) -> bool:
    """Whether something answers a request with success."""
    try:
        with urllib.request.urlopen(url, timeout=_ASK_S):
            return True
    except (urllib.error.URLError, OSError):
        return False
