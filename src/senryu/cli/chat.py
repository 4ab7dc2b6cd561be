"""``senryu chat``: a conversation in the terminal, with any server that speaks the Messages API.

It uses the official SDK and nothing of Senryu's server. With a pipe for input it asks one question
and prints the answer.
"""

import sys
from collections.abc import Generator
from contextlib import closing

from cyclopts import App

from senryu.cli.client import connect, server_errors
from senryu.cli.conversation import Conversation, Reply
from senryu.cli.prompt import ask, make_prompt
from senryu.errors import StartupError

__all__ = ["app", "chat"]

_MORE = """\
The API key comes from `ANTHROPIC_API_KEY` (or `SENRYU_API_KEY`). When standard input is not a
terminal, all of it is sent as one message and only the reply is printed.

Examples:

    senryu chat
    senryu chat --base-url http://192.168.1.5:8000 --system "Answer in one sentence."
    echo "Name three rivers." | senryu chat
"""

app = App(name="chat", help_epilogue=_MORE, help_format="markdown")

_HELP = """\
/help          this list
/clear         forget the conversation
/system TEXT   set the system prompt; without TEXT remove it
/exit          leave (also Ctrl-D)
Enter sends; Alt-Enter or Esc Enter begins a new line; Ctrl-C stops a reply."""


@app.default
def chat(
    *,
    base_url: str | None = None,
    model: str | None = None,
    system: str | None = None,
    max_tokens: int = 2048,
) -> int:
    """Chat in the terminal with any server.

    Parameters
    ----------
    base_url
        The server (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000).
    model
        The model (default the first that the server lists).
    system
        The system prompt.
    max_tokens
        The most tokens a reply may have.
    """
    client = connect(base_url)
    with closing(client), server_errors(client):
        if model is None:
            model = next((listed.id for listed in client.models.list(limit=1)), None)
            if model is None:
                raise StartupError(f"{client.base_url} lists no model; name one with --model")
        conversation = Conversation(client, model, max_tokens=max_tokens, system=system)
        if sys.stdin.isatty():
            print(f"{model} at {client.base_url}; /help lists the commands")
            _converse(conversation)
        else:
            _answer_once(conversation)
    return 0


def _answer_once(conversation: Conversation) -> None:
    text = sys.stdin.read().strip()
    if not text:
        raise StartupError("nothing to send: standard input is empty")
    _show(conversation.send(text))
    print()


def _converse(conversation: Conversation) -> None:
    prompt = make_prompt()
    while (line := ask(prompt)) is not None:
        text = line.strip()
        if text.startswith("/"):
            if not _obey(text, conversation):
                return
        elif text:
            _take_turn(conversation, text)


def _take_turn(conversation: Conversation, text: str) -> None:
    """Send one message; a failure is told and the conversation goes on."""
    try:
        with server_errors(conversation.client):
            reply = _show(conversation.send(text))
    except StartupError as error:
        print(f"\nsenryu: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n(stopped)")
    else:
        print(f"\n\x1b[2m{reply.readout()}\x1b[0m")


def _show(pieces: Generator[str, None, Reply]) -> Reply:
    """Print a reply as it arrives."""
    with closing(pieces):
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return end.value
            print(_printable(piece), end="", flush=True)


def _printable(text: str) -> str:
    """The text without control characters: a model must not steer the terminal."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")


def _obey(line: str, conversation: Conversation) -> bool:
    """Run one command; False to leave."""
    command, _, argument = line.partition(" ")
    match command:
        case "/exit" | "/quit":
            return False
        case "/clear":
            conversation.clear()
            print("(the conversation is empty)")
        case "/system":
            conversation.system = argument.strip() or None
            print("(system prompt set)" if conversation.system else "(system prompt removed)")
        case "/help":
            print(_HELP)
        case _:
            print(f"(no command {command}; /help lists them)")
    return True
