"""What the database keeps. A change here needs a migration in ``migrations/versions``.

Times are whole microseconds since the epoch: both databases order and compare those alike.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, String, Table

__all__ = ["FILES", "METADATA", "REVISION", "UPLOADS", "USAGE"]

REVISION = "0001"
"""The newest migration, which makes the database what is said here."""

METADATA = MetaData()

FILES = Table(
    "files",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("mime_type", String(255), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("deleted_at", BigInteger),
    # until its bytes are removed, which is when they stop to count
    Column("has_bytes", Boolean, nullable=False),
    Index("files_newest", "workspace", "created_at", "id"),
)
"""Every uploaded file; deleted and expired ones for a while longer."""

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("server", String(64), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
)
"""Files that are on their way, and which server receives them."""

USAGE = Table(
    "file_usage",
    METADATA,
    Column("workspace", String(64), primary_key=True),
    Column("num_bytes", BigInteger, nullable=False),
)
"""How much each workspace keeps."""
