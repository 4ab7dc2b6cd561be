"""``senryu chat``: through a pipe, and in a terminal of its own."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from tests.cli.running import senryu
from tests.contract.manifest import requirement
from tests.support.server import RunningServer


@requirement("cli.chat.pipe")
def test_one_message_from_a_pipe_is_answered(server: RunningServer) -> None:
    done = senryu(
        "chat", "--base-url", server.base_url, "--max-tokens", "12", stdin="Name a river."
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert "tokens in" not in done.stdout


@requirement("cli.chat.pipe")
def test_an_empty_pipe_is_told(server: RunningServer) -> None:
    done = senryu("chat", "--base-url", server.base_url, stdin=" \n")
    assert (done.returncode, done.stderr) == (
        1,
        "senryu: nothing to send: standard input is empty\n",
    )


@requirement("cli.chat.errors")
def test_a_server_that_is_not_there_is_told() -> None:
    done = senryu("chat", "--base-url", "http://127.0.0.1:9", stdin="hi")
    assert done.returncode == 1
    assert done.stderr.startswith("senryu: no server answers at http://127.0.0.1:9")


@requirement("cli.chat.errors")
def test_the_servers_own_words_are_shown(server: RunningServer) -> None:
    done = senryu("chat", "--base-url", server.base_url, "--model", "none", stdin="hi")
    assert (done.returncode, done.stderr) == (1, "senryu: the server answered 404: model: none\n")


@contextmanager
def terminal(*arguments: str) -> Generator[tuple[Callable[[str], str], Callable[[str], None]]]:
    """Run ``senryu`` in a terminal: functions to read until a text appears, and to type."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "senryu", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "PROMPT_TOOLKIT_NO_CPR": "1"},
        start_new_session=True,
    )
    os.close(theirs)

    def read_until(text: str) -> str:
        seen = ""
        while text not in seen:
            seen += os.read(ours, 4096).decode(errors="replace")
        return seen

    def type_(text: str) -> None:
        os.write(ours, text.encode())

    try:
        yield read_until, type_
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@requirement("cli.chat.terminal")
def test_a_conversation_in_a_terminal(server: RunningServer) -> None:
    with terminal("chat", "--base-url", server.base_url, "--max-tokens", "8") as (
        read_until,
        type_,
    ):
        read_until("/help lists the commands")
        read_until("> ")
        type_("/help\r")
        read_until("Ctrl-C stops a reply")
        type_("/system Be brief.\r")
        read_until("(system prompt set)")
        type_("Name a river.\r")
        assert "out, first after" in read_until(" tokens/s")
        type_("/clear\r")
        read_until("(the conversation is empty)")
        type_("/nothing\r")
        read_until("(no command /nothing")
        type_("/exit\r")
