"""What an uploaded file is called, and what it is said to be. Pure; knows nothing of its bytes."""

import mimetypes
import re
import unicodedata

__all__ = ["file_name", "mime_type", "name_problem"]

_MAX_CHARACTERS = 255  # the API's limit
_MAX_BYTES = 255  # what common file systems take
_FORBIDDEN = frozenset('<>:"|?*\\/')  # the API's list, besides control characters
_UNPRINTED = frozenset({"Cc", "Cs", "Zl", "Zp"})  # categories: controls, surrogates, line breaks
_TOKEN = r"[A-Za-z0-9!#$&^_.+-]{1,127}"  # RFC 6838, section 4.2
_MIME_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_UNKNOWN_TYPE = "application/octet-stream"


def file_name(given: str, mime_type: str) -> str:
    """The name that a file is kept under.

    Only the last component of a path is kept; with none left the file is ``unnamed`` with the
    extension of its type. What no file system takes becomes ``_``. A name that is too long loses
    the end of its stem.

    Arguments:
        given: what the client calls the file, anything at all.
        mime_type: the file's type, for its extension.
    """
    name = "".join(map(_printed, _last_component(given))).strip(" ").rstrip(". ")
    if not name.strip("._ "):
        return "unnamed" + (mimetypes.guess_extension(mime_type) or "")
    return _shortened(name)


def name_problem(given: str) -> str | None:
    """Why the hosted service refuses a name, of which it takes the last component; None if not."""
    name = _last_component(given)
    if len(name) > _MAX_CHARACTERS:
        return f"must have at most {_MAX_CHARACTERS} characters"
    if any(char in _FORBIDDEN or char < " " for char in name):
        return 'must not have control characters or any of < > : " | ? * \\ /'
    return None


def mime_type(given: str | None, name: str) -> str:
    """What a file is, as its sender says, or else as its name does.

    Arguments:
        given: the part's content type; its parameters are left out.
        name: what the client calls the file.
    """
    essence = (given or "").partition(";")[0].strip().lower()
    if _MIME_TYPE.fullmatch(essence):
        return essence
    guessed, encoding = mimetypes.guess_type(_last_component(name), strict=False)
    return _UNKNOWN_TYPE if guessed is None or encoding else guessed


def _last_component(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _printed(char: str) -> str:
    if char in _FORBIDDEN:
        return "_"
    return "" if unicodedata.category(char) in _UNPRINTED else char


def _shortened(name: str) -> str:
    """A name of at most 255 bytes in UTF-8, with its extension where that is one."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_BYTES // 8:
        stem, dot, extension = name, "", ""
    room = _MAX_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + extension
