"""Turns a model source into a GGUF file on this machine, preparing or downloading it if need be.

A source is ``embedded``, a path, or ``hf:ORG/REPO[:FILE]``. It knows files and the Hugging Face
Hub; it loads no model. Downloads resume, show a progress bar on stderr and lie in the Hub's own
cache (``HF_HOME``), which is also what is used when there is no network.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, scan_cache_dir
from huggingface_hub.errors import (
    CacheNotFound,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from senryu.engine.llama import embedded
from senryu.engine.llama.gguf import is_gguf
from senryu.engine.llama.inspect import part_files
from senryu.engine.llama.projector_names import choose_projector
from senryu.errors import StartupError

__all__ = ["PREFERRED_FORMATS", "choose_file", "resolve"]

PREFERRED_FORMATS = (
    "Q4_K_M", "Q8_0", "Q5_K_M", "Q6_K", "Q4_K_S", "Q4_0", "IQ4_NL", "IQ4_XS", "Q5_K_S", "Q4_1",
    "Q5_0", "Q5_1", "Q3_K_M", "BF16", "F16", "F32",
)  # fmt: skip
"""Which file of a repository is taken when none is named: small enough to be fast, large enough to
be good, first."""

_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
_NOT_A_MODEL = re.compile(r"(^|[/._-])(mmproj|imatrix)", re.IGNORECASE)


def resolve(source: str, *, sees: bool = True) -> Path:
    """The GGUF file that a source names; of a split model, the first part.

    Arguments:
        source: ``embedded``, a path, or ``hf:ORG/REPO[:FILE]``, where FILE is a file's path in the
            repository or a format such as ``Q8_0``.
        sees: whether the projector that lies with it in a repository is wanted too, if there is
            one.

    Raises:
        StartupError: there is no such model, or it cannot be had now; the message says what to do.
    """
    if source == "embedded":
        return embedded.prepare()
    if source.startswith("hf:"):
        repository, _, wanted = source.removeprefix("hf:").partition(":")
        return _checked(_translate(repository, lambda: _from_hub(repository, wanted, sees=sees)))
    return _checked(Path(source).expanduser())


def choose_file(files: Sequence[str], wanted: str = "") -> str | None:
    """The file of a repository to load; of a split model, the first part.

    Arguments:
        files: the repository's files.
        wanted: a file's path or a format; empty picks by ``PREFERRED_FORMATS``.

    Returns:
        None if no file fits.
    """
    if wanted in files:
        return wanted
    models = sorted(
        file
        for file in files
        if file.endswith(".gguf") and not _LATER_PART.search(file) and not _NOT_A_MODEL.search(file)
    )
    for form in (wanted,) if wanted else PREFERRED_FORMATS:
        spelled = re.compile(rf"(^|[/._-]){re.escape(form)}(?![A-Za-z0-9_])", re.IGNORECASE)
        for file in models:
            if spelled.search(file):
                return file
    return models[0] if models and not wanted else None


def _from_hub(repository: str, wanted: str, *, sees: bool) -> Path:
    try:
        files = HfApi().list_repo_files(repository)
    except (OfflineModeIsEnabled, httpx2.TransportError) as error:
        return _from_cache(repository, wanted, error)
    chosen = _choose(repository, files, wanted)
    parts = [part.as_posix() for part in part_files(Path(chosen))]
    projector = choose_projector(files, chosen) if sees else None
    parts += [projector] if projector else []
    download: Callable[..., str] = HfApi().snapshot_download  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return Path(download(repository, allow_patterns=parts)) / chosen


def _from_cache(repository: str, wanted: str, reason: Exception) -> Path:
    """The chosen file among those that earlier downloads left, in the newest revision."""
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        raise reason from None
    revisions = [
        revision
        for cached in repositories
        if cached.repo_id == repository
        for revision in cached.revisions
    ]
    for revision in sorted(revisions, key=lambda item: item.last_modified, reverse=True):
        folder = revision.snapshot_path
        files = [file.file_path.relative_to(folder).as_posix() for file in revision.files]
        if any(file.endswith(".gguf") for file in files):
            return folder / _choose(repository, files, wanted)
    raise reason


def _choose(repository: str, files: Sequence[str], wanted: str) -> str:
    chosen = choose_file(files, wanted)
    if chosen is None:
        there = ", ".join(sorted(file for file in files if file.endswith(".gguf"))) or "none"
        what = f"no file or format {wanted!r}" if wanted else "no GGUF model"
        raise StartupError(
            f"hf:{repository} has {what} (its GGUF files: {there}); name one as"
            f" hf:{repository}:FILE, or look for a repository whose name ends in -GGUF"
        )
    return chosen


def _translate(repository: str, download: Callable[[], Path]) -> Path:
    """Run a download; what goes wrong becomes a StartupError with a remedy."""
    name = f"hf:{repository}"
    try:
        return download()
    except HFValidationError:
        raise StartupError(f"{name} is not spelled hf:ORG/REPO or hf:ORG/REPO:FILE") from None
    except GatedRepoError:
        raise StartupError(
            f"{name} is gated: accept its terms on the Hub, then set HF_TOKEN (or run `hf auth"
            " login`)"
        ) from None
    except RepositoryNotFoundError:
        raise StartupError(
            f"{name}: no such repository, or a private one; check the spelling, or set HF_TOKEN"
        ) from None
    except OfflineModeIsEnabled:
        raise StartupError(
            f"{name} is not downloaded yet and HF_HUB_OFFLINE forbids the network: unset it, or"
            " give the path of a GGUF file"
        ) from None
    except (httpx2.TransportError, LocalEntryNotFoundError):
        raise StartupError(
            f"{name} is not downloaded yet and the Hub cannot be reached: check the network (a"
            " download that was cut off goes on where it stopped), or give the path of a GGUF file"
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise StartupError(f"{name}: the Hub answered with status {status}; try again") from None
    except OSError as error:
        raise StartupError(f"{name} cannot be stored: {error.strerror or error}") from None


def _checked(file: Path) -> Path:
    """The file, if all its parts exist and are GGUF files."""
    for part in part_files(file):
        if part.is_dir():
            raise StartupError(f"{part} is a folder; name the GGUF file in it")
        if not part.exists():
            raise StartupError(
                f"{part}: no such file; a model is `embedded`, the path of a GGUF file, or"
                " hf:ORG/REPO"
            )
        try:
            if not is_gguf(part):
                raise StartupError(
                    f"{part} is not a GGUF file; other formats must be converted first"
                )
        except OSError as error:
            raise StartupError(f"{part}: {error.strerror or error}") from None
    return file
