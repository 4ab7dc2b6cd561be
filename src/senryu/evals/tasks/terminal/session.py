"""A tmux session in a sandbox: what is typed into it, and what it shows.

Each call of a sandbox may be a process tree of its own that ends with the call. So the server of
tmux and all that runs in it belong to one call that lasts as long as the session; the others are
clients, which meet it at a socket. Closing the session ends its server, and with it every process
that was started in it: a check sees files and no processes.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from inspect_ai.util import ExecResult, OutputLimitExceededError, SandboxEnvironment

__all__ = [
    "HEIGHT",
    "MAX_SCREEN_BYTES",
    "WIDTH",
    "Terminal",
    "TerminalError",
    "limit_bytes",
    "open_terminal",
]

WIDTH, HEIGHT = 160, 40
"""Columns and rows, as Terminus 2 has them."""

MAX_SCREEN_BYTES = 10_000
"""What is shown of a screen or of new output at most, as Terminus 2 has it."""

_SOCKET = "/tmp/terminal"  # all calls of a sandbox share /tmp
_SESSION = "main"
_HISTORY = 5_000  # rows that are kept of what has left the screen
_MOST_TYPED = 8_000  # bytes in one argument; tmux takes commands of up to 16 kB
_CALL_S = 30  # for a client of tmux: it types or reads, and waits for nothing
_START_S = 20.0

# A shell that ends is followed by another, so that the session lasts. The call itself ends when
# the server does.
_SHELL = "export PS1='\\w\\$ '; while :; do bash --noprofile --norc; done"
_SERVE = """
export TERM=xterm-256color SHELL=/bin/bash
tmux -S "$1" -f /dev/null set-option -g history-limit "$2" ';' \
    new-session -d -x "$3" -y "$4" -s "$5" "$6" &&
exec tmux -S "$1" wait-for closed
"""


class TerminalError(Exception):
    """The session could not be opened, or is there no more; the message says why."""


class Terminal:
    """A session that is open.

    Arguments:
        box: where it is.
    """

    def __init__(self, box: SandboxEnvironment) -> None:
        self._box = box
        self._seen: str | None = None

    async def send(self, keys: str, *, seconds: float) -> None:
        """Type keys, and wait.

        Text that is the name of a key, such as ``C-c``, is that key, as tmux has it.

        Raises:
            TerminalError: the session is there no more.
        """
        started = time.monotonic()
        typed = keys.replace("\0", "").encode("utf-8", "replace").decode()
        if len(typed.encode()) > _MOST_TYPED:
            await self._call("load-buffer", "-b", _SESSION, "-", given=typed)
            await self._call("paste-buffer", "-d", "-b", _SESSION, "-t", _SESSION)
        elif typed:
            if typed.endswith(";"):  # tmux would take it for the end of its command
                typed = typed[:-1] + "\\;"
            await self._call("send-keys", "-t", _SESSION, "--", typed)
        await anyio.sleep(max(0.0, seconds - (time.monotonic() - started)))

    async def look(self) -> str:
        """What was written since the last look, or the screen where that cannot be told.

        Raises:
            TerminalError: the session is there no more.
        """
        seen = self._seen
        self._seen = (await self._capture("-S", "-")).rstrip()
        if seen is not None and self._seen.startswith(seen) and self._seen != seen:
            new = self._seen[seen.rfind("\n") + 1 :]
            return "New terminal output:\n" + limit_bytes(new)
        screen = (await self._capture()).rstrip()
        return "Current terminal screen:\n" + limit_bytes(screen)

    async def _capture(self, *options: str) -> str:
        return (await self._call("capture-pane", "-p", *options, "-t", _SESSION)).stdout

    async def _call(self, *command: str, given: str | None = None) -> ExecResult[str]:
        result = await _client(self._box, *command, given=given)
        if not result.success:
            raise TerminalError(f"the terminal is gone: {result.stderr.strip()[:200]}")
        return result


@asynccontextmanager
async def open_terminal(box: SandboxEnvironment) -> AsyncGenerator[Terminal, None]:
    """A new session with a shell in the sandbox's working folder, closed at the end.

    Raises:
        TerminalError: tmux is missing, or the session does not start.
    """
    serving = _Serving(box)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(serving.run)
            try:
                await serving.wait()
                yield Terminal(box)
            finally:
                group.cancel_scope.cancel()
    except ExceptionGroup as failed:  # of one: the group wraps what is raised within it
        raise failed.exceptions[0] from failed


class _Serving:
    """The call in which the server runs."""

    def __init__(self, box: SandboxEnvironment) -> None:
        self._box = box
        self._ended: str | None = None

    async def run(self) -> None:
        sizes = [str(each) for each in (_HISTORY, WIDTH, HEIGHT)]
        command = ["bash", "-c", _SERVE, "serve", _SOCKET, *sizes, _SESSION, _SHELL]
        # Others must be able to call meanwhile: it takes none of the places for processes.
        try:
            result = await self._box.exec(command, timeout_retry=False, concurrency=False)
        except (TimeoutError, OutputLimitExceededError) as error:
            self._ended = f"{type(error).__name__}: {error}"
        else:
            self._ended = result.stderr.strip() or "the server of tmux ended"

    async def wait(self) -> None:
        """Wait until the session is there."""
        ends = time.monotonic() + _START_S
        while not (await _client(self._box, "has-session", "-t", _SESSION)).success:
            if self._ended is not None and "not found" in self._ended:
                raise TerminalError("the sandbox has no tmux: install it on this machine")
            if self._ended is not None or time.monotonic() > ends:
                raise TerminalError(f"the terminal did not start: {self._ended or 'too slow'}")
            await anyio.sleep(0.05)


async def _client(
    box: SandboxEnvironment, *command: str, given: str | None = None
) -> ExecResult[str]:
    """A command of tmux's.

    Raises:
        TerminalError: it does not answer, or writes without end.
    """
    call = ["tmux", "-S", _SOCKET, *command]
    try:
        return await box.exec(call, input=given, timeout=_CALL_S, timeout_retry=False)
    except (TimeoutError, OutputLimitExceededError) as error:
        raise TerminalError(f"the terminal does not answer: {error}") from error


def limit_bytes(text: str, most: int = MAX_SCREEN_BYTES) -> str:
    """A text with its middle left out, if it is longer than so many bytes in UTF-8."""
    data = text.encode()
    if len(data) <= most:
        return text
    head = data[: most // 2].decode(errors="ignore")
    tail = data[len(data) - most // 2 :].decode(errors="ignore")
    left_out = len(data) - len(head.encode()) - len(tail.encode())
    return f"{head}\n[... {left_out} bytes in between are left out ...]\n{tail}"
