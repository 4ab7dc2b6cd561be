"""``senryu env``: what to set so that a client uses a server, for a shell to read."""

import shlex
from typing import Annotated, Literal

from cyclopts import App, Parameter

from senryu.cli.agent_env import claude_code_env, look, sdk_env
from senryu.cli.output import print_json

__all__ = ["app", "env"]

_Client = Literal["sdk", "claude-code"]

_MORE = """\
The key is printed: it comes from `ANTHROPIC_API_KEY` or `SENRYU_API_KEY`, and is `none` without
either, which a server on this machine takes unless it was given keys.

Examples:

    eval "$(senryu env)"
    eval "$(senryu env claude-code --model qwen)"
    senryu env --json
"""

app = App(name="env", help_epilogue=_MORE, help_format="markdown")


@app.default
def env(
    client: _Client = "sdk",
    *,
    base_url: str | None = None,
    model: str | None = None,
    small_model: str | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """Print the environment that points a client at a server.

    Parameters
    ----------
    client
        `sdk` for the official SDKs and what is built on them, or `claude-code`.
    base_url
        The server (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000); it must answer.
    model
        The model to use (default the first that the server lists).
    small_model
        The model for small jobs beside it, for clients that tell them apart (default the same).
    json
        Print one JSON object instead of lines for a shell.
    """
    target = look(base_url, model, small_model)
    variables = sdk_env(target) if client == "sdk" else claude_code_env(target)
    if json:
        print_json(variables)
        return
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
