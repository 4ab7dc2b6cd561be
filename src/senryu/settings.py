"""Everything a user can configure, in one frozen object.

Sources, strongest first: command-line flags, ``SENRYU_*`` environment variables, ``senryu.toml``,
the defaults below. A name or value that is not known here is an error, never ignored. It knows what
may be configured, and nothing of what is done with it.
"""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from senryu.errors import StartupError

__all__ = [
    "Calibrate",
    "Images",
    "KeySettings",
    "Mode",
    "ModelSettings",
    "PdfPages",
    "Settings",
    "UrlSources",
    "load_settings",
    "local_url",
]

Mode = Literal["compat", "strict"]
Calibrate = Literal["once", "again", "off"]
Images = Literal["native", "read", "refuse"]
PdfPages = Literal["pictures", "text"]
UrlSources = Literal["public", "off"]

_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_ENV_PREFIX = "SENRYU_"
_OTHER_VARIABLES = frozenset({"SENRYU_CACHE_DIR"})  # of engine/cache_folder.py


class ModelSettings(BaseModel):
    """One model to serve: a ``[[models]]`` table.

    Attributes:
        source: ``embedded``, a path to a GGUF file, or ``hf:ORG/REPO[:FILE]``.
        projector: the file by which the model sees pictures, or ``none`` for no pictures; left out,
            one that lies beside the model's file.
        id: the name clients use; left out, it is made from the source.
        window: tokens one request may use, bounded by ``cells``; left out, the model's training
            context. Beyond that the model's positions are scaled (YaRN), and replies get worse.
        cells: tokens of KV memory shared by all requests; left out, chosen from the machine's
            memory.
        max_running: requests that generate at the same time.
        cache_entries: finished requests kept for requests that begin alike; 0 turns reuse off.
        cache_min_tokens: prefixes shorter than this are not cached by ``cache_control``, as on the
            hosted service, which says nothing about it either.
        cache_ram_mb: memory for cached prefixes that leave KV memory, in MB; left out, an eighth of
            what is free; 0 for none.
        cache_disk_mb: disk for prefixes that requests asked to keep, in MB, so that they outlive a
            restart; 0 for none.
        speculation: whether replies that repeat their prompt are computed several tokens at once.
        calibrate: whether the model is measured on this machine to choose threads, micro-batch and
            attention: when it is first loaded, at each start, or never.
        threads: native threads; left out, what calibration finds, or the physical cores.
        batch_invariant: whether a greedy reply is the same token by token whatever runs beside it;
            prefill of long prompts is much slower then.
        redact_thinking: whether replies hold the model's reasoning sealed, so that clients can send
            it back and nobody can read it.
        images: what becomes of images: ``native`` shows them to a model that sees, ``read`` gives
            the model the text in them, ``refuse`` answers 400; left out, a model that sees is shown
            them, and for others they are read.
        pdf_pages: what a model that is shown images is shown of PDFs: ``pictures`` of the pages
            beside their text, or ``text`` alone, which takes far fewer tokens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = "embedded"
    projector: Annotated[str, Field(min_length=1)] | None = None
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$")] | None = None
    window: Annotated[int, Field(ge=256)] | None = None
    cells: Annotated[int, Field(ge=256)] | None = None
    max_running: Annotated[int, Field(ge=1, le=192)] = 64
    cache_entries: Annotated[int, Field(ge=0, le=64)] = 64
    cache_min_tokens: Annotated[int, Field(ge=1)] = 4096
    cache_ram_mb: Annotated[int, Field(ge=0)] | None = None
    cache_disk_mb: Annotated[int, Field(ge=0)] = 2048
    speculation: bool = True
    calibrate: Calibrate = "once"
    threads: Annotated[int, Field(ge=1, le=512)] | None = None
    batch_invariant: bool = False
    redact_thinking: bool = False
    images: Images | None = None
    pdf_pages: PdfPages = "pictures"


class KeySettings(BaseModel):
    """One API key: a ``[[keys]]`` table.

    Attributes:
        workspace: whose requests these are; queues are fair between workspaces and nothing cached
            crosses them.
        key: the secret that clients send.
        priority: whether its requests go before those of keys without it, unless they ask not to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "default"
    key: Annotated[SecretStr, Field(min_length=16, max_length=512)]
    priority: bool = False


class Settings(BaseSettings):
    """The server's configuration.

    Attributes:
        host: address to listen on; anything but loopback needs at least one key.
        port: TCP port to listen on, 0 for any free one.
        mode: ``compat`` drops (and counts) what it does not know; ``strict`` answers 400 as the
            hosted service does.
        api_key: one key for the default workspace, a short form of ``keys``.
        keys: keys with workspaces.
        models: the models to serve, the first one being the default.
        aliases: other names for models; a name may end in ``*``.
        cors_origins: origins whose pages may use the API from a browser, or ``*`` for any; by
            default none.
        max_body_bytes: larger request bodies answer 413.
        max_file_bytes: larger uploads answer 413.
        files_quota_mb: room for the files of one workspace, in MB; an upload beyond it is refused.
        url_sources: whether images and documents are fetched that requests name by URL: ``public``
            over HTTPS from public addresses, ``off`` never.
        url_networks: networks from which they are fetched too, there from any port.
        max_queued: requests that may wait for each model; one more answers 529.
        report_implicit_cache: whether usage counts tokens as read from the cache that were found
            there without ``cache_control``.
        ping_interval_s: silence in a stream after which a ping event is sent.
        stall_timeout_s: a stream whose client reads nothing for so long is cancelled.
        step_timeout_s: a worker that makes no step for so long while it has work is restarted.
        drain_timeout_s: how long shutdown waits for requests in flight.
        log_format: ``text`` for people, ``json`` for machines.
        log_level: least level that is logged.
        data_dir: folder for what cannot be made again; left out, the user's data folder.
        database_url: ``postgresql://...``, where what is known of files is kept; left out, a file
            in ``data_dir``.
        blob_store: ``s3://``, ``gs://``, ``az://`` or ``file://``, where the bytes of files are
            kept; left out, a folder in ``data_dir``.
        key_rotation_days: age at which the key that signs reasoning gets a successor, looked at
            when the server starts.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=_ENV_PREFIX)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    mode: Mode = "compat"
    api_key: Annotated[SecretStr, Field(min_length=16, max_length=512)] | None = None
    keys: tuple[KeySettings, ...] = ()
    models: tuple[ModelSettings, ...] = (ModelSettings(),)
    aliases: dict[str, str] = {}
    cors_origins: tuple[Annotated[str, Field(pattern=r"^(\*|https?://[^/\s]+)$")], ...] = ()
    max_body_bytes: Annotated[int, Field(ge=1024)] = 32 * 1024 * 1024
    max_file_bytes: Annotated[int, Field(ge=1)] = 500 * 1024 * 1024
    files_quota_mb: Annotated[int, Field(ge=0)] = 10_000
    url_sources: UrlSources = "public"
    url_networks: tuple[IPvAnyNetwork, ...] = ()
    max_queued: Annotated[int, Field(ge=0, le=100_000)] = 256
    report_implicit_cache: bool = False
    ping_interval_s: Annotated[float, Field(gt=0)] = 10.0
    stall_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    step_timeout_s: Annotated[float, Field(gt=0)] = 300.0
    drain_timeout_s: Annotated[float, Field(ge=0)] = 30.0
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    data_dir: Path | None = None
    database_url: SecretStr | None = None
    blob_store: Annotated[str, Field(pattern=r"^(s3|gs|az|file)://.+$")] | None = None
    key_rotation_days: Annotated[float, Field(gt=0)] = 30.0

    @property
    def workspaces(self) -> dict[str, str]:
        """API key to workspace, ``api_key`` included."""
        pairs = {key.key.get_secret_value(): key.workspace for key in self.keys}
        if self.api_key is not None:
            pairs[self.api_key.get_secret_value()] = "default"
        return pairs

    @property
    def priority_keys(self) -> frozenset[str]:
        """The API keys whose requests go first."""
        return frozenset(key.key.get_secret_value() for key in self.keys if key.priority)

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith("postgresql://"):
            raise ValueError("it begins with postgresql://; leave it out for a file in data_dir")
        return url

    @model_validator(mode="after")
    def _check_exposure(self) -> "Settings":
        if self.host not in _LOOPBACK_HOSTS and not self.workspaces:
            raise ValueError(
                f"host: {self.host} can be reached from other machines, so an API key is needed:"
                " set SENRYU_API_KEY or [[keys]], or listen on 127.0.0.1"
            )
        return self

    @model_validator(mode="after")
    def _check_lists(self) -> "Settings":
        if not self.models:
            raise ValueError("models: at least one model is needed")
        if len(self.workspaces) < len(self.keys) + (self.api_key is not None):
            raise ValueError("keys: the same key is listed twice")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the TOML file that ``load_settings`` names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def local_url(host: str, port: int) -> str:
    """A URL by which this machine reaches a server that listens so."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)
    return f"http://{name}:{port}"


_DEFAULT_FILE = Path("senryu.toml")


def load_settings(file: Path | None = None, **flags: Any) -> Settings:
    """Read the configuration from all its sources.

    Arguments:
        file: a TOML file that must exist; None reads ``senryu.toml`` here if there is one.
        flags: settings given on the command line; None means not given.

    Raises:
        StartupError: a value or a name is wrong; the message lists each with its place, and never
            holds a value.
    """
    if file is not None and not file.is_file():
        raise StartupError(f"{file}: no such configuration file")
    toml_file = file or _DEFAULT_FILE

    class Located(Settings):
        model_config = SettingsConfigDict(toml_file=toml_file)

    given = {name: value for name, value in flags.items() if value is not None}
    problems = [_unknown(name, _variables(), name) for name in _unknown_variables()]
    try:
        settings = Located(**given)
    except ValidationError as error:
        problems += [_describe(item, given, toml_file) for item in error.errors()]
    except SettingsError as error:  # a variable that should hold JSON
        name = _ENV_PREFIX + str(error).split('"')[1].upper()
        problems.append(f"{name}: the value is not JSON; docs/configuration.md shows its form")
    except (ValueError, OSError) as error:  # not TOML, not UTF-8, not readable
        problems.append(f"{toml_file}: {error}")
    else:
        if not problems:
            return settings
    raise StartupError("\n".join(problems)) from None


def _variables() -> set[str]:
    return {_ENV_PREFIX + name.upper() for name in Settings.model_fields} | _OTHER_VARIABLES


def _unknown_variables() -> list[str]:
    """Variables that look like settings and are none; pydantic-settings would pass them over."""
    return sorted(
        name for name in os.environ if name.startswith(_ENV_PREFIX) and name not in _variables()
    )


def _describe(item: Any, flags: dict[str, Any], toml_file: Path) -> str:
    """One problem: where it is, what is wrong."""
    path = [str(part) for part in item["loc"]]
    if not path:
        return str(item["msg"]).removeprefix("Value error, ")
    variable = _ENV_PREFIX + path[0].upper()
    place = ".".join(path)
    if path[0] in flags:
        place = f"--{place}"
    elif variable in os.environ:
        place = ".".join([variable, *path[1:]])
    else:
        place = f"{toml_file}: {place}"
    if item["type"] == "extra_forbidden":
        return _unknown(place, _names_at(path[0], len(path)), path[-1])
    return f"{place}: {item['msg']}"


def _names_at(first: str, depth: int) -> Iterable[str]:
    """What may be written at a place: the settings, or those of one model or key."""
    if depth == 1:
        return Settings.model_fields
    return KeySettings.model_fields if first == "keys" else ModelSettings.model_fields


def _unknown(place: str, known: Iterable[str], name: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
    return f"{place}: no such setting; {hint}"
