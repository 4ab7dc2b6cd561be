"""The name under which a model is served when none is configured.

Pure: it reads the source's spelling, never a file, a network or a library.
"""

import re
from pathlib import PurePath

__all__ = ["EMBEDDED_ID", "default_id"]

EMBEDDED_ID = "smollm2-135m-instruct"
"""The embedded model's name."""

_PART = re.compile(r"-\d{5}-of-\d{5}$")
_UNUSABLE = re.compile(r"[^a-z0-9._-]+")


def default_id(source: str) -> str:
    """The default model id: ``smollm2-135m-instruct`` for ``embedded``; else, in lower case, the
    file's name without its ending, or the repository's without ``-gguf``.

    Arguments:
        source: as in ``ModelSettings.source``.
    """
    if source == "embedded":
        return EMBEDDED_ID
    if source.startswith("hf:"):
        name = source.removeprefix("hf:").partition(":")[0].rpartition("/")[2].lower()
        name = name.removesuffix("-gguf")
    else:
        name = _PART.sub("", PurePath(source).name.lower().removesuffix(".gguf"))
    return _UNUSABLE.sub("-", name).strip("-._")[:128] or "model"
