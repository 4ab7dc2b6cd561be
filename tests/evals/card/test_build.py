"""``senryu card build`` against a real server: every section, every figure with its log."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from senryu.cli.main import main
from senryu.evals.record import Record
from tests.contract.manifest import requirement
from tests.evals.card.pages import read_page
from tests.evals.card.records import MODEL, add_record
from tests.support.app import RunningApp, running_app

SECTIONS = [
    "Key capabilities", "About this model", "Key model capabilities",
    "Use cases", "Key use cases", "Out of scope use cases",
    "Pricing",
    "Technical specs", "Training cut-off date", "Input formats", "Supported language",
    "Sample JSON response", "200", "4XX",
    "Model architecture",
    "Optimizing model performance",
    "Additional assets",
    "Distribution channels",
    "More information", "Data handling",
    "Responsible AI considerations", "Safety techniques", "Safety evaluations", "Known limitations",
    "Acceptable use", "Acceptable use policy",
    "Quality and performance evaluations", "Benchmarking methodology",
    "Public data summary",
    "Model specifications",
    "Related models",
]  # fmt: skip
"""The headings of the hosted model's card, in its order."""

METADATA = """
[provider]
value = "Example Lab"
source = "its own card"

[training_cutoff]
value = "March 2025"
source = "its own card"

[languages]
value = ["English", "German"]
source = "its own card"
"""


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    with running_app() as running:
        yield running


def build(app: RunningApp, folder: Path, *arguments: str) -> Path:
    """Run the command and return the folder of the card."""
    output = folder / "a card"
    command = ["card", "build", "--model", MODEL, "--base-url", app.base_url]
    assert main([*command, "--output", str(output), *arguments]) == 0
    return output


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    logs = tmp_path_factory.mktemp("logs of it")
    add_record(logs, "mgsm", model="another")
    add_record(logs, "unheard-of")
    return add_record(logs, "mgsm", groups=("de", "fr"), num_done=11, deviations=("Only two.",))


@pytest.fixture(scope="module")
def card(app: RunningApp, record: Record) -> Path:
    folder = record.folder.parent.parent
    (folder / "model.toml").write_text(METADATA, encoding="utf-8")
    return build(
        app, folder, "--logs", str(folder), "--metadata", str(folder / "model.toml"), "--json"
    )


def links_of(card: Path) -> dict[str, list[str]]:
    """The links of a card by format."""
    page = read_page((card / "card.html").read_text(encoding="utf-8"))
    tokens = (
        MarkdownIt("commonmark")
        .enable("table")
        .parse((card / "card.md").read_text(encoding="utf-8"))
    )
    leaves = [leaf for token in tokens for leaf in token.children or []]
    return {
        "html": [each.attributes["href"] for each in page.all("a")],
        "md": [str(each.attrs["href"]) for each in leaves if each.type == "link_open"],
    }


@requirement("card.sections")
def test_every_section_is_there_in_all_three_formats(card: Path) -> None:
    headings = re.findall(r"^#{2,} (.*)$", (card / "card.md").read_text(encoding="utf-8"), re.M)
    page = read_page((card / "card.html").read_text(encoding="utf-8"))
    shown = [each.text for each in page.all() if re.fullmatch("h[2-6]", each.tag)]
    assert headings == shown
    assert [each for each in headings if not re.search("record [0-9a-f]{12}$", each)] == SECTIONS
    told = json.loads((card / "card.json").read_bytes())
    assert told.keys() >= {
        "model", "key_capabilities", "use_cases", "sample_responses", "performance", "assets",
        "safety_evaluations", "known_limitations", "evaluations", "specifications",
    }  # fmt: skip
    assert told["metadata"].keys() >= {
        "pricing", "technical_specs", "training_cutoff", "languages", "architecture",
        "out_of_scope", "data_handling", "safety_techniques", "acceptable_use", "public_data",
        "related_models", "distribution", "provider", "last_updated",
    }  # fmt: skip


@requirement("card.links")
def test_every_number_of_the_table_links_to_its_log(card: Path, record: Record) -> None:
    page = read_page((card / "card.html").read_text(encoding="utf-8"))
    (table,) = [
        each for each in page.all("table") if next(each.all("caption")).text == "Benchmarks"
    ]
    (body,) = table.all("tbody")
    scores: dict[str, str] = {}
    for row in body.all("tr"):
        cells = list(row.all("td"))
        scores[cells[0].text] = cells[1].text
        links = [unquote(each.attributes["href"]) for each in row.all("a")]
        if re.search(r"\d", "".join(cells[place].text for place in (1, 2, 3, 4, 5))):
            found = [(card / each).resolve() for each in links]
            assert found == [record.folder / "journal.jsonl", record.folder / "plan.json"]
        else:
            assert (cells[1].text, links) == ("not measured", [])
    assert scores.pop("MGSM (11 languages), stand-in").endswith("%, partial")
    assert set(scores.values()) == {"not measured"}
    for links in links_of(card).values():
        assert links
        assert all((card / unquote(each)).is_file() for each in links)
        assert any(each.endswith(".eval") for each in links)


@requirement("card.live")
def test_what_the_endpoint_said_is_kept_as_it_came(card: Path, app: RunningApp) -> None:
    told = json.loads((card / "card.json").read_bytes())
    reply, refusal = (told["sample_responses"][each] for each in ("reply", "refusal"))
    assert (reply["status"], reply["received"]["type"]) == (200, "message")
    assert (refusal["status"], refusal["received"]["type"]) == (400, "error")
    assert refusal["received"]["error"]["type"] == "invalid_request_error"
    entry = app.client.get(f"/v1/models/{MODEL}").json()
    assert json.loads((card / "endpoint.json").read_bytes())["entry"]["received"] == entry
    assert told["specifications"]["context_length"] == entry["max_input_tokens"]
    assert told["metadata"]["training_cutoff"] == {"value": "March 2025", "source": "its own card"}
    for file in card.iterdir():
        assert app.base_url.removeprefix("http://") not in file.read_text(encoding="utf-8")


@requirement("card.stated")
def test_what_the_models_file_states_completes_what_is_stated(
    app: RunningApp, record: Record, tmp_path: Path
) -> None:
    stated = tmp_path / "stated.toml"
    stated.write_text('licence = {value = "ours", source = "a contract"}', encoding="utf-8")
    arguments = ("--metadata", str(stated), "--model-file", "embedded")
    card = build(app, tmp_path, "--logs", str(record.folder), *arguments)
    told = json.loads((card / "card.json").read_bytes())["metadata"]
    assert told["licence"] == {"value": "ours", "source": "a contract"}
    assert told["provider"]["value"] == "HuggingFaceTB"
    assert told["provider"]["source"].startswith("general.organization of the model file ")
    assert told["languages"]["value"] == ["en"]
    assert told["training_cutoff"] is None


@requirement("card.unmeasured")
def test_with_nothing_measured_no_score_has_a_number(
    app: RunningApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    card = build(app, tmp_path, "--json")
    assert json.loads(capsys.readouterr().out)["measured"] == []
    page = read_page((card / "card.html").read_text(encoding="utf-8"))
    (table,) = [
        each for each in page.all("table") if next(each.all("caption")).text == "Benchmarks"
    ]
    (body,) = table.all("tbody")
    rows = [[cell.text for cell in row.all("td")] for row in body.all("tr")]
    assert {tuple(cells[1:6]) for cells in rows} == {("not measured", "–", "–", "–", "–")}
    told = json.loads((card / "card.json").read_bytes())
    lines = [line for row in told["evaluations"]["rows"] for line in row["lines"]]
    assert {line["measurement"] for line in lines} == {None}
    assert told["specifications"]["quality_index"] is None
    assert "| Quality index | not measured |" in (card / "card.md").read_text(encoding="utf-8")


@requirement("card.models")
def test_what_is_left_out_is_told(
    app: RunningApp, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record.folder.parent.parent
    build(app, folder, "--logs", str(folder), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["measured"] == [record.folder.name]
    reasons = sorted(each.rsplit(": ", 1)[1] for each in told["left_out"])
    assert reasons == [
        "of another model",
        "without a score, or of a benchmark that is not known",
    ]


@requirement("card.errors")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--logs", "nowhere"], "no record of an evaluation is at or below nowhere"),
        (["--metadata", "nowhere.toml"], "nowhere.toml cannot be read: No such file"),
        (["--model", "other"], "the server answered 404"),
        (["--base-url", "http://127.0.0.1:9"], "no server answers at"),
        (["--output", "file"], "file: "),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(
    arguments: list[str],
    message: str,
    *,
    app: RunningApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    given = {"--model": MODEL, "--base-url": app.base_url, **{arguments[0]: arguments[1]}}
    command = [part for pair in given.items() for part in pair]
    assert main(["card", "build", *command]) == 1
    error = capsys.readouterr().err
    assert error.startswith("senryu: ")
    assert message in error
    assert error.count("\n") == 1
