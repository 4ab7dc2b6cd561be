"""``senryu cache``: what a running server's prompt cache keeps for this key, and clearing it.

The routes are Senryu's own; the SDK's client only carries the requests.
"""

from contextlib import closing
from typing import Annotated, Literal, TypeVar

from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from senryu.cli.client import connect, server_errors
from senryu.cli.output import print_json
from senryu.errors import StartupError
from senryu.wire.base import WireModel
from senryu.wire.cache import CacheCleared, CachedPrefixInfo, CacheList

__all__ = ["app", "cache_clear", "cache_list"]

_PATH = "/senryu/v1/cache"
_TIMEOUT_S = 10

_MORE_LIST = """\
Lengths and uses only: what the prompts say is never told.

Examples:

    senryu cache list
    senryu cache list --model smollm2-135m-instruct --json
"""

_MORE_CLEAR = """\
Later requests compute their prompts anew; those that run now are not disturbed.

Examples:

    senryu cache clear
    senryu cache clear --model smollm2-135m-instruct
"""

app = App(name="cache", help_format="markdown")

_Model = TypeVar("_Model", bound=WireModel)

_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("model", "left"),
    ("tokens", "right"),
    ("uses", "right"),
    ("ttl", "right"),
    ("expires in", "right"),
)


@app.command(name="list", help_epilogue=_MORE_LIST)
def cache_list(
    *,
    model: str | None = None,
    base_url: str | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """What a server keeps of your workspace's prompts.

    Parameters
    ----------
    model
        Only what this model keeps.
    base_url
        The server (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000).
    json
        Print `{"data": [{"model", "type", "tokens", "uses", "ttl", "expires_in_seconds"}]}`.
    """
    kept = _ask("GET", CacheList, model=model, base_url=base_url)
    if json:
        print_json(kept.model_dump())
    elif kept.data:
        _print(kept.data)
    else:
        Console(highlight=False).print("nothing is cached")


@app.command(name="clear", help_epilogue=_MORE_CLEAR)
def cache_clear(*, model: str | None = None, base_url: str | None = None) -> None:
    """Drop what a server keeps of your workspace's prompts.

    Parameters
    ----------
    model
        Only what this model keeps.
    base_url
        The server (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000).
    """
    cleared = _ask("DELETE", CacheCleared, model=model, base_url=base_url)
    noun = "prefix" if cleared.deleted == 1 else "prefixes"
    Console(highlight=False).print(f"{cleared.deleted} cached {noun} dropped")


def _ask(
    method: Literal["GET", "DELETE"],
    shape: type[_Model],
    *,
    model: str | None,
    base_url: str | None,
) -> _Model:
    client = connect(base_url).with_options(max_retries=0, timeout=_TIMEOUT_S)
    send = client.get if method == "GET" else client.delete
    with closing(client), server_errors(client):
        answer = send(
            _PATH, cast_to=object, options={"params": {} if model is None else {"model": model}}
        )
        try:
            return shape.model_validate(answer)
        except ValidationError:
            raise StartupError(f"what answers at {client.base_url} is not Senryu") from None


def _print(prefixes: list[CachedPrefixInfo]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title, justify in _COLUMNS:
        table.add_column(title, justify=justify)
    for prefix in prefixes:
        table.add_row(
            prefix.model,
            f"{prefix.tokens:,}",
            f"{prefix.uses:,}",
            prefix.ttl or "-",
            _left(prefix.expires_in_seconds),
        )
    Console(highlight=False, markup=False).print(table)


def _left(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
