"""What ``/v1/files`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

SDK = "official Python SDK 2.12: resources/files.py"
OLD = "official Python SDK 0.x: resources/beta/files.py"
API = "API guide: Files"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("files.sdk", "client.files and client.beta.files work unmodified.", SDK),
    Requirement("files.sdk-0x", "So does the beta resource of a 0.x SDK.", OLD),
    Requirement("files.pages", "Lists are newest first, in pages, also while files go.", SDK),
    Requirement("files.pages-0x", "after_id and before_id work as in the beta.", OLD),
    Requirement(
        "files.ids", "A list of up to 100 ids is one page; unknown ones are left out.", SDK
    ),
    Requirement("files.names", "Names are one path component that any file system takes.", SDK),
    Requirement("files.types", "The MIME type is the sender's, or else what the name says.", OWN),
    Requirement("files.expiry", "After expires_at content is 404 file_expired, then gone.", SDK),
    Requirement("files.workspaces", "Files of other workspaces do not exist.", API),
    Requirement("files.too_large", "A file beyond the limit is a 413, and is not read on.", API),
    Requirement("files.quota", "A workspace's files stay within its quota: 400 beyond it.", SDK),
    Requirement("files.streamed", "An upload is never held in memory.", OWN),
    Requirement("files.interrupted", "Nothing is left of an upload that did not end.", OWN),
    Requirement("files.killed", "Nor of one whose server was killed.", OWN),
    Requirement("files.damaged", "Bytes that are not those uploaded are never given whole.", OWN),
    Requirement("files.forms", "A malformed form is a 400 that says what is wrong.", OWN),
    Requirement("files.object_store", "Bytes can be kept in an object store.", OWN),
    Requirement("files.migrations", "The database follows the version of the server.", OWN),
    Requirement(
        "files.downloadable",
        "Uploaded files can be downloaded; in strict mode they cannot, as on the hosted service.",
        SDK,
        "divergence",
        "a server of one's own has no reason to keep users from their files",
    ),
)
