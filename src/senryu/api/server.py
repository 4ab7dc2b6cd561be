"""The HTTP server's configuration, shared by ``senryu serve`` and the tests."""

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from senryu.settings import Settings

__all__ = ["server_config"]


# Clients keep idle connections for a while and send the next request on one of them; it fails if
# the server closed it just then. The official SDKs' pools keep theirs for 5 s, load balancers for
# 60 s, undici for as long as the server says.
_KEEP_ALIVE_S = 120


class _Protocol(HttpToolsProtocol):
    """Lets the app drop a connection at once: a client that reads nothing never lets it close."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"senryu": {"abort": self.transport.abort}}


def server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the app. Logging is the app's own, so uvicorn's access lines are off."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
