"""Every error that can reach a client, in one tree.

    SenryuError                          500 api_error
    ├── InvalidRequestError              400 invalid_request_error
    │   ├── ImageDimensionsTooLargeError 400 invalid_request_error
    │   ├── FileNotDownloadableError     400 invalid_request_error
    │   ├── MethodNotAllowedError        405 invalid_request_error
    │   ├── RequestTooLargeError         413 request_too_large
    │   ├── StorageQuotaExceededError    400 invalid_request_error
    │   └── ThreadsUnsupportedError      400 invalid_request_error
    ├── AuthenticationError              401 authentication_error
    ├── BillingError                     402 billing_error
    ├── PermissionDeniedError            403 permission_error
    ├── NotFoundError                    404 not_found_error
    │   └── FileExpiredError             404 not_found_error
    ├── ConflictError                    409 conflict_error
    ├── RateLimitError                   429 rate_limit_error
    ├── EngineError                      500 api_error
    ├── StorageError                     500 api_error
    ├── DeadlineExceededError            504 timeout_error
    └── OverloadedError                  529 overloaded_error
    StartupError                         never on the wire: the process refuses to start

Types and statuses follow the API's error page and the official SDK's exception table. A message
names the field, what was seen and the remedy; it never holds prompt or reply text.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

__all__ = [
    "AuthenticationError",
    "BillingError",
    "ConflictError",
    "DeadlineExceededError",
    "EngineError",
    "ImageDimensionsTooLargeError",
    "FileExpiredError",
    "FileNotDownloadableError",
    "InvalidRequestError",
    "MethodNotAllowedError",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTooLargeError",
    "SenryuError",
    "StartupError",
    "StorageError",
    "StorageQuotaExceededError",
    "ThreadsUnsupportedError",
]


class SenryuError(Exception):
    """An error with a place on the wire.

    Arguments:
        message: what the client reads.
        retry_after_s: seconds after which a retry can succeed, sent as ``retry-after``.

    Attributes:
        code: what the SDKs know this very error by, where they do; sent as ``details.error_code``.
        facts: what else the SDKs read in ``details``.
    """

    status: int = 500
    type: str = "api_error"
    code: str | None = None
    facts: Mapping[str, object] = MappingProxyType({})

    def __init__(self, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class InvalidRequestError(SenryuError):
    """The request's shape or meaning is wrong; sending it again cannot help."""

    status = 400
    type = "invalid_request_error"


class MethodNotAllowedError(InvalidRequestError):
    """The path exists, the method does not."""

    status = 405


class RequestTooLargeError(InvalidRequestError):
    """The body is larger than the server takes."""

    status = 413
    type = "request_too_large"


class ImageDimensionsTooLargeError(InvalidRequestError):
    """Images have more pixels a side than they may have.

    Arguments:
        max_side: the most pixels a side.
        paths: where the images are.
    """

    code = "image_dimensions_too_large"

    def __init__(self, max_side: int, paths: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(paths)}: the image has a side of more than {max_side} pixels; scale it"
            " down so that neither side is longer"
        )
        self.facts = {"max_side_length_pixels": max_side, "paths": [*paths]}


class FileNotDownloadableError(InvalidRequestError):
    """The file's content is for prompts and tools only."""

    code = "file_not_downloadable"


class StorageQuotaExceededError(InvalidRequestError):
    """The workspace's files take all the room that it has."""

    code = "storage_quota_exceeded"


class ThreadsUnsupportedError(InvalidRequestError):
    """The request's conversation was to be kept here; SDKs then send all of it instead."""

    code = "thread_unsupported_request"


class AuthenticationError(SenryuError):
    """No API key, or an unknown one."""

    status = 401
    type = "authentication_error"


class BillingError(SenryuError):
    """The workspace's budget is spent."""

    status = 402
    type = "billing_error"


class PermissionDeniedError(SenryuError):
    """The key is known and may not do this."""

    status = 403
    type = "permission_error"


class NotFoundError(SenryuError):
    """No such model, route or resource."""

    status = 404
    type = "not_found_error"


class FileExpiredError(NotFoundError):
    """The file is known, and its content is gone because its time is over."""

    code = "file_expired"


class ConflictError(SenryuError):
    """The resource's state does not allow this now."""

    status = 409
    type = "conflict_error"


class RateLimitError(SenryuError):
    """The key has used up its limit."""

    status = 429
    type = "rate_limit_error"


class EngineError(SenryuError):
    """The engine lost the request: its worker died, hung or was stopped."""


class StorageError(SenryuError):
    """What is kept cannot be read or written now, or is damaged; the log tells why."""


class DeadlineExceededError(SenryuError):
    """The request took longer than the server allows."""

    status = 504
    type = "timeout_error"


class OverloadedError(SenryuError):
    """The queue is full or the model is not loaded yet; a retry helps."""

    status = 529
    type = "overloaded_error"


class StartupError(Exception):
    """The configuration, the machine or a file does not allow the server to start."""
