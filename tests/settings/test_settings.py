"""The configuration: sources, their order, and what is refused."""

import os
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pytest

from senryu.errors import StartupError
from senryu.settings import KeySettings, ModelSettings, Settings, load_settings
from tests.contract.manifest import requirement

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "a-secret-of-enough-length"


@pytest.fixture(autouse=True)
def environ(tmp_path: Path) -> Iterator[MutableMapping[str, str]]:
    """The environment without the machine's settings, in an empty current folder."""
    saved, folder = dict(os.environ), Path.cwd()
    for name in saved:
        if name.startswith("SENRYU_"):
            del os.environ[name]
    os.chdir(tmp_path)
    yield os.environ
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(saved)


def write(text: str, name: str = "senryu.toml") -> Path:
    file = Path(name)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(file: Path | None = None, **flags: object) -> str:
    with pytest.raises(StartupError) as caught:
        load_settings(file, **flags)
    return str(caught.value)


def test_the_default_serves_the_embedded_model_on_loopback() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert [model.source for model in settings.models] == ["embedded"]
    assert settings.workspaces == {}


@requirement("settings.precedence")
def test_flags_win_over_the_environment_and_that_over_the_file(
    environ: MutableMapping[str, str],
) -> None:
    write("port = 1\nhost = 'localhost'\nmode = 'strict'")
    environ["SENRYU_PORT"] = "2"
    environ["SENRYU_HOST"] = "::1"
    settings = load_settings(port=3, host=None)
    assert (settings.port, settings.host, settings.mode) == (3, "::1", "strict")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://user:a-secret@host/db"),
        ("database_url", "sqlite:///a-secret"),
        ("blob_store", "ftp://a-secret"),
        ("blob_store", "s3://"),
        ("url_networks", '["10.0.0.1/8", "a-secret"]'),
        ("url_sources", "a-secret"),
        ("files_quota_mb", "-1"),
        ("max_file_bytes", "0"),
    ],
)
def test_what_cannot_be_is_refused_without_its_value(
    environ: MutableMapping[str, str], name: str, value: str
) -> None:
    environ[f"SENRYU_{name.upper()}"] = value
    message = refusal()
    assert re.match(rf"SENRYU_{name.upper()}(\.0)?: ", message)
    assert "a-secret" not in message


def test_a_databases_password_is_not_shown(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_DATABASE_URL"] = "postgresql://user:a-secret@host/db"
    assert "a-secret" not in repr(load_settings())


def test_aliases_of_all_sources_are_joined(environ: MutableMapping[str, str]) -> None:
    write("[aliases]\n'claude-haiku-4-5*' = 'small'")
    environ["SENRYU_ALIASES"] = '{"big": "large"}'
    assert load_settings(aliases={"x": "small"}).aliases == {
        "claude-haiku-4-5*": "small",
        "big": "large",
        "x": "small",
    }


def test_a_file_describes_several_models() -> None:
    file = write("[[models]]\nsource = 'a.gguf'\nid = 'a'\n[[models]]\ncells = 4096", "other.toml")
    models = load_settings(file).models
    assert [(model.source, model.id, model.cells) for model in models] == [
        ("a.gguf", "a", None),
        ("embedded", None, 4096),
    ]


def test_a_named_file_must_exist() -> None:
    assert refusal(Path("none.toml")) == "none.toml: no such configuration file"


@requirement("settings.unknown")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prt = 1", "senryu.toml: prt: no such setting; did you mean port?"),
        (
            "[[models]]\nwindwo = 512",
            "senryu.toml: models.0.windwo: no such setting; did you mean window?",
        ),
        (
            f"[[keys]]\nkey = '{SECRET}'\nworkspce = 'a'",
            "senryu.toml: keys.0.workspce: no such setting; did you mean workspace?",
        ),
    ],
)
def test_an_unknown_name_in_the_file_is_refused(text: str, message: str) -> None:
    write(text)
    assert refusal() == message


@requirement("settings.unknown")
def test_an_unknown_variable_is_refused(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_PROT"] = "1"
    assert refusal() == "SENRYU_PROT: no such setting; did you mean SENRYU_PORT?"


def test_the_cache_folders_variable_is_known(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_CACHE_DIR"] = "/nowhere"
    load_settings()


def test_the_data_folder_can_be_chosen(environ: MutableMapping[str, str]) -> None:
    assert load_settings().data_dir is None
    environ["SENRYU_DATA_DIR"] = "/srv/senryu"
    assert load_settings().data_dir == Path("/srv/senryu")


@requirement("settings.values")
def test_every_wrong_value_is_told_with_its_place(environ: MutableMapping[str, str]) -> None:
    write("[[models]]\nwindow = 1")
    environ["SENRYU_PORT"] = "many"
    lines = sorted(refusal(mode="lax").splitlines())
    assert [line.partition(": ")[0] for line in lines] == ["--mode", "SENRYU_PORT", "senryu.toml"]
    assert lines[2].startswith("senryu.toml: models.0.window: ")


@requirement("settings.values")
@pytest.mark.parametrize("text", ["port =", "models = []", "models = 3"])
def test_a_file_that_makes_no_sense_is_refused(text: str) -> None:
    write(text)
    assert "\n" not in refusal()


@requirement("settings.values")
def test_a_list_in_a_variable_must_be_json(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_MODELS"] = "a.gguf"
    assert refusal().startswith("SENRYU_MODELS: the value is not JSON")


def test_a_list_in_a_variable_is_json(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_MODELS"] = '[{"source": "a.gguf", "threads": 2}]'
    assert load_settings().models[0].threads == 2


@requirement("settings.exposure")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_beyond_loopback_a_key_is_needed(host: str, environ: MutableMapping[str, str]) -> None:
    assert "an API key is needed" in refusal(host=host)
    environ["SENRYU_API_KEY"] = SECRET
    assert load_settings(host=host).workspaces == {SECRET: "default"}


@requirement("settings.secrets")
def test_keys_are_never_shown(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_API_KEY"] = SECRET
    write(f"[[keys]]\nkey = '{SECRET}-2'\nworkspace = 'team'")
    settings = load_settings()
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert settings.workspaces == {SECRET: "default", f"{SECRET}-2": "team"}


@requirement("settings.secrets")
def test_a_refused_key_is_not_in_the_message(environ: MutableMapping[str, str]) -> None:
    environ["SENRYU_API_KEY"] = "tooshort"
    environ["SENRYU_KEYS"] = '[{"key": "alsoshort"}]'
    message = refusal()
    assert "SENRYU_API_KEY" in message
    assert "SENRYU_KEYS.0.key" in message
    assert "short" not in message.replace("too_short", "")


def test_one_key_cannot_serve_two_workspaces() -> None:
    write(f"[[keys]]\nkey = '{SECRET}'\n[[keys]]\nkey = '{SECRET}'\nworkspace = 'b'")
    assert refusal() == "keys: the same key is listed twice"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 3


@requirement("settings.documented")
def test_the_documentation_lists_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    fields = {**ModelSettings.model_fields, **KeySettings.model_fields, **Settings.model_fields}
    assert rows.keys() == fields.keys()
    for name, field in fields.items():
        if isinstance(field.default, str | int | float):
            shown = rows[name].strip("`")
            assert shown == f"{field.default}".removesuffix(".0").lower()  # TOML spells false


def test_the_documented_file_is_valid() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    example = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(example) == 1
    settings = load_settings(write(example[0]))
    assert [model.id for model in settings.models] == ["qwen3-4b", None]
