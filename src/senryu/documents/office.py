"""Word, Excel and PowerPoint files (Office Open XML) to Markdown. Runs in the worker.

What the libraries get is a package made anew of the file's XML, whose size is known: nothing they
read can grow. Macros, pictures and everything else that is no XML are left out.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Final

from senryu.documents.facts import UnreadableError
from senryu.documents.guard import bounded, guarded
from senryu.documents.sheets import read_sheets
from senryu.documents.slides import read_slides
from senryu.documents.word import read_word

__all__ = ["read_office"]

_MAX_PARTS: Final = 10_000
_XML_SUFFIXES: Final = (".xml", ".rels")
_CONTENT_TYPES: Final = "[Content_Types].xml"
# ECMA-376 part 2 forbids them. In UTF-8 or UTF-16.
_DTD: Final = re.compile(rb"<\0?!\0?D\0?O\0?C\0?T\0?Y\0?P\0?E")
_OLE_BEGINS: Final = b"\xd0\xcf\x11\xe0"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO, section 2.3
_REMEDY: Final = "save it anew as docx, xlsx or pptx"


@dataclass(frozen=True, slots=True)
class _Format:
    """One of the kinds of files.

    Arguments:
        folder: where its parts are.
        max_mb: how much XML it may have when it is unpacked.
        read: what tells its text.
    """

    folder: str
    max_mb: int
    read: Callable[[IO[bytes]], Iterable[str]]


_FORMATS: Final = (
    _Format("word/", 16, read_word),  # 120,000 paragraphs are 4 MB, and take half a minute
    _Format("xl/", 64, read_sheets),
    _Format("ppt/", 64, read_slides),
)


def read_office(data: bytes) -> str:
    """What a file says: its headings, lists, tables and notes.

    Raises:
        UnreadableError: it is broken, encrypted, too large or of another format.
    """
    if data.startswith(_OLE_BEGINS):
        if _ENCRYPTED in data:
            raise UnreadableError("the file is encrypted; send it without a password")
        raise UnreadableError(f"the file has the format of Office before 2007; {_REMEDY}")
    with guarded(_REMEDY):
        with zipfile.ZipFile(io.BytesIO(data)) as given:
            form = _format_of(given)
            package = _repacked(given, form.max_mb)
        text = "\n\n".join(bounded(filter(None, form.read(package))))
        return text.replace("\0", "\ufffd")  # which Excel can spell


def _format_of(given: zipfile.ZipFile) -> _Format:
    names = given.namelist()
    if len(names) > _MAX_PARTS:
        raise UnreadableError(f"the file has more than {_MAX_PARTS} parts; split it")
    if _CONTENT_TYPES in names:
        for form in _FORMATS:
            if any(name.startswith(form.folder) for name in names):
                return form
    raise UnreadableError(f"the file is no Word, Excel or PowerPoint file; {_REMEDY}")


def _repacked(given: zipfile.ZipFile, max_mb: int) -> IO[bytes]:
    wanted = {name for name in given.namelist() if name.lower().endswith(_XML_SUFFIXES)}
    # What is read of a part is cut to the size that it declares.
    if sum(given.getinfo(name).file_size for name in wanted) > max_mb << 20:
        raise UnreadableError(f"the file has more than {max_mb} MB when it is unpacked; split it")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in dict.fromkeys(given.namelist()):
            xml = given.read(name) if name in wanted else b""
            if _DTD.search(xml):
                raise UnreadableError(f"the file has a document type declaration; {_REMEDY}")
            made.writestr(name, xml)
    file.seek(0)
    return file
