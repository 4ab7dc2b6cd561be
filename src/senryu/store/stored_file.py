"""A file as callers know it, and as a row of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from senryu.store.blobs import Written

__all__ = ["SECOND", "StoredFile", "blob_name", "file_of", "moment"]

SECOND = 1_000_000
"""Times in the database are microseconds."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file.

    Arguments:
        id: what clients name it by.
        workspace: whose it is.
        filename: what its sender called it.
        mime_type: what it is.
        content: how much it is, and its checksum.
        created_at: when it was complete.
        expires_at: when its bytes go; None for never.
    """

    id: str
    workspace: str
    filename: str
    mime_type: str
    content: Written
    created_at: datetime
    expires_at: datetime | None


def blob_name(file_id: str) -> str:
    """What a file's bytes are kept under."""
    return f"files/{file_id}"


def moment(microseconds: int) -> datetime:
    """A time in the database."""
    return datetime.fromtimestamp(microseconds / SECOND, UTC)


def file_of(row: Mapping[Any, Any]) -> StoredFile:
    """The file that a row of ``FILES`` tells of."""
    expires_at = row["expires_at"]
    return StoredFile(
        id=row["id"],
        workspace=row["workspace"],
        filename=row["filename"],
        mime_type=row["mime_type"],
        content=Written(row["size_bytes"], row["sha256"]),
        created_at=moment(row["created_at"]),
        expires_at=None if expires_at is None else moment(expires_at),
    )
