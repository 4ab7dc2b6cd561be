"""Which file is the projector by which a model sees: it lies beside the model's own.

It knows names only.
"""

import re
from collections.abc import Iterable

__all__ = ["NO_PROJECTOR", "choose_projector"]

NO_PROJECTOR = "none"
"""What is named where a model is not to see."""

_PROJECTOR = re.compile(r"(^|[/._-])mmproj[^/]*\.gguf$", re.IGNORECASE)
_FORMATS = ("F16", "Q8_0", "BF16", "F32")


def choose_projector(files: Iterable[str], model: str) -> str | None:
    """The projector for a model among the files that lie with it; None if there is none.

    One that has the model's name in its own comes first, then F16, Q8_0, BF16, F32, the others.

    Arguments:
        files: the files' paths.
        model: the model's, in the same folder.
    """
    folder, _, name = model.rpartition("/")
    stem = re.split(r"[._-](?=[A-Za-z]*\d+_|[bf]+\d+|\d{5}-of)", name.removesuffix(".gguf"))[0]
    beside = (file for file in files if file.rpartition("/")[0] == folder)
    found = sorted(file for file in beside if _PROJECTOR.search(file))

    def rank(file: str) -> tuple[bool, int]:
        forms = [i for i, form in enumerate(_FORMATS) if _has(file, form)]
        return stem.lower() not in file.lower(), forms[0] if forms else len(_FORMATS)

    return min(found, key=rank, default=None)


def _has(file: str, form: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){form}(?![A-Za-z0-9])", file, re.IGNORECASE) is not None
