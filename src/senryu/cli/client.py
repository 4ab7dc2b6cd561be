"""The official SDK's client as commands use it: where the server is, and errors as one line.

Everything a command learns from a server comes through here, so it works against any server that
speaks the Messages API.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager

from anthropic import Anthropic, APIConnectionError, APIError, APIStatusError

from senryu.errors import StartupError

__all__ = ["DEFAULT_BASE_URL", "connect", "server_errors"]

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
"""Where ``senryu serve`` listens unless told otherwise."""


def connect(base_url: str | None, key: str | None = None) -> Anthropic:
    """A client for a server.

    Arguments:
        base_url: None takes ``ANTHROPIC_BASE_URL``, else ``DEFAULT_BASE_URL``.
        key: for where neither ``ANTHROPIC_API_KEY`` nor ``SENRYU_API_KEY`` is set.
    """
    key = os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("SENRYU_API_KEY") or key
    url = base_url or os.environ.get("ANTHROPIC_BASE_URL") or DEFAULT_BASE_URL
    return Anthropic(base_url=url, api_key=key or "none")


@contextmanager
def server_errors(client: Anthropic) -> Generator[None]:
    """What the SDK raises inside becomes a StartupError of one line with a remedy."""
    try:
        yield
    except APIConnectionError:
        raise StartupError(
            f"no server answers at {client.base_url}: start one with `senryu serve`, or name"
            " another with --base-url"
        ) from None
    except APIStatusError as error:
        raise StartupError(f"the server answered {error.status_code}: {_text(error)}") from None
    except APIError as error:
        raise StartupError(f"the reply broke off: {_text(error)}") from None


def _text(error: APIError) -> str:
    """The API's own message where the body holds one."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):  # pyright: ignore[reportUnknownMemberType]
            return str(inner["message"])  # pyright: ignore[reportUnknownArgumentType]
    return error.message
