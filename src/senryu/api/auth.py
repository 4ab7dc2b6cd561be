"""API keys and API versions: who is asking, before any route runs.

Three headers may carry a key: ``x-api-key`` (older SDKs), ``Authorization: Bearer`` (newer ones)
and ``api-key`` (Foundry clients). One valid key in any of them is enough.
"""

import hmac
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from senryu.errors import AuthenticationError
from senryu.messages.caller import Caller, choose_version
from senryu.settings import Mode, Settings

__all__ = ["API_PREFIXES", "Authentication"]

API_PREFIXES = ("/v1", "/anthropic/v1")
_GUARDED = (*API_PREFIXES, "/metrics", "/openapi.json")


class Authentication:
    """ASGI middleware that puts a ``Caller`` on every request below the API's prefixes.

    What operators read about the server needs a key too, but no version.

    Raises:
        AuthenticationError: keys are configured and the request has none of them.
        InvalidRequestError: strict mode, and the version header is missing or unknown.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._mode: Mode = settings.mode
        self._workspaces = {key.encode(): name for key, name in settings.workspaces.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify the caller, then go on."""
        if scope["type"] == "http":
            self._identify(scope)
        await self._app(scope, receive, send)

    def _identify(self, scope: Scope) -> None:
        headers, workspace = Headers(scope=scope), "default"
        if self._workspaces and _is_below(scope["path"], _GUARDED):
            workspace = _workspace(headers, self._workspaces)
        if _is_below(scope["path"], API_PREFIXES):
            version = choose_version(headers.get("anthropic-version"), self._mode)
            scope["state"]["caller"] = Caller(workspace, version, self._mode)


def _is_below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def _workspace(headers: Headers, workspaces: Mapping[bytes, str]) -> str:
    sent = _sent_keys(headers)
    if not sent:
        raise AuthenticationError("x-api-key header is required")
    # Every pair is compared, and each in constant time, so that timing tells nothing about a key.
    matches = [
        name
        for key, name in workspaces.items()
        for candidate in sent
        if hmac.compare_digest(key, candidate)
    ]
    if not matches:
        raise AuthenticationError("invalid x-api-key")
    return matches[0]


def _sent_keys(headers: Headers) -> list[bytes]:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    sent = (headers.get("x-api-key", ""), bearer, headers.get("api-key", ""))
    return [key.encode("latin-1") for key in sent if key]
