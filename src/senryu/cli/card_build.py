"""``senryu card build``: the model card of what an endpoint serves, from it and from logs."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from senryu.cli.client import connect, server_errors
from senryu.cli.eval_output import DEFAULT_LOGS
from senryu.cli.output import print_json
from senryu.engine.llama.inspect import inspect_file
from senryu.engine.llama.sources import resolve
from senryu.errors import StartupError
from senryu.evals.card.build import write_card
from senryu.evals.card.facts import Facts, FactsError, ask
from senryu.evals.card.metadata import Metadata, MetadataError, Statement, read_metadata
from senryu.evals.card.values import Card
from senryu.evals.record import Record, RecordError, find_records

__all__ = ["app", "card_build"]

_MORE = """\
It asks the endpoint for the model's entry, for one short reply and for one refusal, and counts the
records of that model. What was not measured says so. Links to logs are relative to the card, so
keep both where they are to each other.

Examples:

    senryu card build --model smollm2-135m-instruct --model-file embedded
    senryu card build --model qwen --metadata qwen.toml --logs logs --output logs/card
    senryu card build --model qwen --base-url http://192.168.1.5:8000 --json
"""

app = App(name="build", help_epilogue=_MORE, help_format="markdown")


@app.default
def card_build(
    *,
    model: str,
    output: Path = Path("card"),
    logs: Path | None = None,
    metadata: Path | None = None,
    model_file: str | None = None,
    base_url: str | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """Build the model card of what an endpoint serves: Markdown, HTML and JSON.

    Parameters
    ----------
    model
        The model's id at the endpoint, as in the records.
    output
        The folder that is written.
    logs
        The folder of the evaluations' records (default: `senryu-evals`, if there is one).
    metadata
        A TOML or JSON file of what no endpoint tells, each with its source: provider, training
        cut-off, languages and so on.
    model_file
        The model's file, as `senryu models inspect` takes it: who published it, its licence and its
        languages are stated as the file has them, unless the file of metadata states them.
    base_url
        The endpoint (default `ANTHROPIC_BASE_URL`, else http://127.0.0.1:8000).
    json
        Print `{"files": [...], "measured": [...], "left_out": [...]}`.
    """
    try:
        stated = Metadata() if metadata is None else read_metadata(metadata)
        stated = stated.completed_by(_stated_by(model_file)) if model_file else stated
        records = _records(logs)
        facts = _ask(base_url, model)
        card, files = write_card(output, facts, records, metadata=stated)
    except (MetadataError, RecordError, FactsError) as error:
        raise StartupError(str(error)) from error
    except OSError as error:
        raise StartupError(f"{error.filename}: {error.strerror}") from error
    measured = [each.record for each in card.assets]
    _tell(files, measured, _left_out(records, card), json=json)


def _records(logs: Path | None) -> list[Record]:
    if logs is None and not DEFAULT_LOGS.is_dir():
        return []
    return list(find_records(logs or DEFAULT_LOGS))


def _stated_by(source: str) -> Metadata:
    """What the model's own file states."""
    file = inspect_file(resolve(source))

    def statement(value: str | tuple[str, ...], key: str) -> Statement | None:
        return Statement(value, f"{key} of the model file {file.path.name}") if value else None

    return Metadata(
        provider=statement(file.organization, "general.organization"),
        licence=statement(file.licence, "general.license"),
        languages=statement(file.languages, "general.languages"),
    )


def _ask(base_url: str | None, model: str) -> Facts:
    client = connect(base_url)
    with closing(client), server_errors(client):
        return ask(client, model)


def _left_out(records: Sequence[Record], card: Card) -> list[str]:
    """The records that the card has no place for, each with the reason."""
    shown = {each.record for each in card.assets}
    found: list[str] = []
    for record in records:
        protocol = record.plan.protocol
        if protocol.provenance.get("model") != card.model:
            found.append(f"{record.folder}: of another model")
        elif not any(protocol.digest.startswith(each) for each in shown):
            found.append(f"{record.folder}: without a score, or of a benchmark that is not known")
    return found


def _tell(
    files: Sequence[Path], measured: Sequence[str], left_out: Sequence[str], *, json: bool
) -> None:
    if json:
        paths = [str(each) for each in files]
        print_json({"files": paths, "measured": measured, "left_out": left_out})
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for file in files:
        console.print(str(file))
    console.print(f"records in it: {len(measured)}")
    for each in left_out:
        console.print(f"left out: {each}")
