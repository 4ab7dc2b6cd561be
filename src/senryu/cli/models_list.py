"""``senryu models list``: what a running server serves, and what lies in this machine's caches.

What is served comes from the public API; what is here, from the embedded model and the Hub's cache.
"""

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Annotated

from cyclopts import App, Parameter
from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from senryu.cli.client import connect, server_errors
from senryu.cli.output import gigabytes, print_json
from senryu.engine.llama.shipped import shipped_file
from senryu.errors import StartupError

__all__ = ["app", "models_list"]

_MORE = """\
When no server answers, only what is here is listed.

Examples:

    senryu models list
    senryu models list --base-url http://192.168.1.5:8000 --json
"""

app = App(name="list", help_epilogue=_MORE, help_format="markdown")


@dataclass(frozen=True, slots=True)
class _Served:
    id: str
    name: str
    max_input_tokens: int | None


@dataclass(frozen=True, slots=True)
class _Local:
    source: str
    path: str
    size_bytes: int


@app.default
def models_list(
    *,
    base_url: str | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """What a server serves and what is here.

    Parameters
    ----------
    base_url
        The server (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000); when it is given, it
        must answer.
    json
        Print `{"served": [...] or null, "local": [...]}`.
    """
    problem = ""
    served: list[_Served] | None = None
    try:
        served = _served(base_url)
    except StartupError as error:
        if base_url is not None:
            raise
        problem = str(error)
    local = _local()
    if json:
        rows = None if served is None else [asdict(row) for row in served]
        print_json({"served": rows, "local": [asdict(row) for row in local]})
        return
    console = Console(highlight=False)
    if served is None:
        console.print(problem, markup=False)
    else:
        _print(console, "Served", [(row.id, row.name) for row in served])
    console.print()
    _print(
        console, "Here (give one to --model)", [(r.source, gigabytes(r.size_bytes)) for r in local]
    )


def _print(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(title, table, sep="\n")


def _served(base_url: str | None) -> list[_Served]:
    client = connect(base_url).with_options(max_retries=0, timeout=10)
    with closing(client), server_errors(client):
        return [
            _Served(model.id, model.display_name, model.max_input_tokens)
            for model in client.models.list(limit=1000)
        ]


def _local() -> list[_Local]:
    embedded = shipped_file()
    rows = [_Local("embedded", str(embedded), embedded.stat().st_size)]
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return rows
    for repository in sorted(repositories, key=lambda item: item.repo_id):
        files = {
            file.file_name: file for revision in repository.revisions for file in revision.files
        }
        rows += [
            _Local(f"hf:{repository.repo_id}:{name}", str(file.file_path), file.size_on_disk)
            for name, file in sorted(files.items())
            if name.endswith(".gguf")
        ]
    return rows
