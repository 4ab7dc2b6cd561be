"""The Files API's shapes. One page shape serves both generations of clients: the current SDKs read
``next_page``, those of the beta ``has_more``, ``first_id`` and ``last_id``."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel

__all__ = [
    "MAX_LISTED_IDS",
    "DeletedFile",
    "FileMetadata",
    "FilePage",
    "FilesQuery",
    "UploadForm",
]

MAX_LISTED_IDS = 100
"""Of ``ids`` in one request, each counted once."""


class FileMetadata(WireModel):
    """What is known of a file."""

    id: str
    type: Literal["file"] = "file"
    filename: str
    mime_type: str
    size_bytes: int
    created_at: datetime
    downloadable: bool
    expires_at: datetime | None


class FilePage(WireModel):
    """A page of the list, newest first. ``has_more`` is about the direction that was asked for."""

    data: list[FileMetadata]
    next_page: str | None = None
    has_more: bool = False
    first_id: str | None = None
    last_id: str | None = None


class DeletedFile(WireModel):
    """The answer to a deletion."""

    id: str
    type: Literal["file_deleted"] = "file_deleted"


class FilesQuery(WireModel):
    """Which page of the list. ``ids[]``, which may be repeated, is read besides.

    ``page`` is how current clients go on, ``after_id`` and ``before_id`` how those of the beta do.
    No file belongs to a session, so a ``scope_id`` selects none.
    """

    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    page: Annotated[str, Field(pattern="^page_")] | None = None
    before_id: str | None = None
    after_id: str | None = None
    scope_id: str | None = None


class UploadForm(WireModel):
    """The fields of an upload besides the file itself: from one hour to ninety days."""

    expires_in_seconds: Annotated[int, Field(ge=3600, le=7_776_000)] | None = None
