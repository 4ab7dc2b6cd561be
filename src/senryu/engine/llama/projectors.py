"""Finds the projector file by which a model sees, and loads it.

One that was named must fit; one that was only found may belong to another model of the folder, and
is then left alone.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from senryu.engine.llama.binding import Model, NativeError
from senryu.engine.llama.fingerprint import file_fingerprint
from senryu.engine.llama.gguf import is_gguf, read_header
from senryu.engine.llama.projector_names import NO_PROJECTOR, choose_projector
from senryu.engine.llama.vision_binding import Projector
from senryu.errors import StartupError

__all__ = ["Seeing", "find_projector"]

# Their tokens depend on what else is in the prompt: deepseek4v on where it is, hunyuanvl on how
# many come before it (tools/mtmd/mtmd.cpp in llama.cpp).
_UNSUITED = ("deepseek4v", "hunyuanvl")

_logger = logging.getLogger("senryu.engine.projectors")


@dataclass(frozen=True, slots=True)
class Seeing:
    """A loaded projector, and what tells its file from any other."""

    projector: Projector
    fingerprint: str


def find_projector(path: Path, model: Model, *, named: str | None, threads: int) -> Seeing | None:
    """Load the projector of a model, if it has one.

    Arguments:
        path: the model's file.
        model: the model.
        named: the projector's file, ``NO_PROJECTOR``, or None to look for one.
        threads: native threads.

    Raises:
        StartupError: the named file cannot be used; the message says why.
    """
    if named == NO_PROJECTOR:
        return None
    if named is not None:
        return _load(Path(named).expanduser(), model, threads)
    files = [file.name for file in path.parent.glob("*.gguf")]
    found = choose_projector(files, path.name)
    if found is None:
        return None
    try:
        return _load(path.parent / found, model, threads)
    except StartupError as error:
        _logger.warning("the model will see no pictures: %s", error)
        return None


def _load(file: Path, model: Model, threads: int) -> Seeing:
    if not file.is_file() or not is_gguf(file):
        raise StartupError(f"projector {file}: no such GGUF file")
    kind = str(read_header(file).metadata.get("clip.projector_type", ""))
    if kind in _UNSUITED:
        raise StartupError(f"projector {file}: the kind {kind} is not supported")
    try:
        return Seeing(Projector(file, model, threads=threads), file_fingerprint(file))
    except NativeError as error:
        raise StartupError(f"projector {file} cannot be used with this model: {error}") from None
