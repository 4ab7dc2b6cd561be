"""The environment that points a client at a server: from what the server says of its models.

Pure but for ``look``, which asks the server. Names of variables are those of the SDKs' and Claude
Code's public documentation.
"""

from contextlib import closing
from dataclasses import dataclass

from anthropic.types import ModelInfo

from senryu.cli.client import connect, server_errors
from senryu.errors import StartupError

__all__ = ["Target", "claude_code_env", "look", "sdk_env"]

_LONGEST_REPLY = 32_000
"""Tokens of a reply that Claude Code asks for by itself; more is of no use to it."""

_REPLY_SHARE = 4  # of a small window, the reply gets one part in so many


@dataclass(frozen=True, slots=True)
class Target:
    """A server and the models that a client is to use there.

    Arguments:
        base_url: the server's.
        key: what the server takes, or any text where it needs none.
        model: for the work.
        small_model: for small jobs beside it.
        window: tokens of prompt and reply together that ``model`` can take.
    """

    base_url: str
    key: str
    model: str
    small_model: str
    window: int


def look(
    base_url: str | None, model: str | None, small_model: str | None, *, key: str | None = None
) -> Target:
    """Ask a server for its models.

    Arguments:
        base_url: as ``connect`` takes it; so is ``key``.
        model: by id or alias; None takes the first that the server lists.
        small_model: likewise; None takes ``model``.

    Raises:
        StartupError: no server answers, it has no such model, or the model is not loaded yet.
    """
    client = connect(base_url, key).with_options(max_retries=0, timeout=10)
    with closing(client), server_errors(client):
        if model is None:
            found = next(iter(client.models.list(limit=1)), None)
        else:
            found = client.models.retrieve(model)
        if found is None:
            raise StartupError(f"{client.base_url} lists no model; name one with --model")
        small = found if small_model is None else client.models.retrieve(small_model)
        url = str(client.base_url).rstrip("/")
        return Target(url, client.api_key or "none", found.id, small.id, _window(found))


def _window(model: ModelInfo) -> int:
    if model.max_tokens is None:
        raise StartupError(f"{model.id} is not loaded yet; try again when the server says Ready")
    return model.max_tokens


def sdk_env(target: Target) -> dict[str, str]:
    """Variables that the official SDKs and most tools built on them read."""
    return {"ANTHROPIC_BASE_URL": target.base_url, "ANTHROPIC_API_KEY": target.key}


def claude_code_env(target: Target) -> dict[str, str]:
    """Variables that Claude Code reads.

    It knows the limits of none but its vendor's models, so it is told; and every name under which
    it may ask for a model leads to one that is here.
    """
    reply = min(_LONGEST_REPLY, max(target.window // _REPLY_SHARE, 1))
    return {
        "ANTHROPIC_BASE_URL": target.base_url,
        "ANTHROPIC_AUTH_TOKEN": target.key,
        "ANTHROPIC_MODEL": target.model,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": target.model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": target.model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": target.small_model,
        "ANTHROPIC_SMALL_FAST_MODEL": target.small_model,
        "CLAUDE_CODE_SUBAGENT_MODEL": target.model,
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(target.window),
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(reply),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
