"""The outermost layer: every response has a request id, every failure is an envelope, every request
ends in one log line. Knows no route."""

from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from senryu.api.disconnect import ClientGoneError
from senryu.api.errors import error_response, unexpected
from senryu.errors import SenryuError
from senryu.telemetry import Access, Telemetry
from senryu.wire.ids import new_request_id

__all__ = ["Edge"]


class Edge:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request to its very end."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        access = Access(new_request_id(), scope["method"])
        scope.setdefault("state", {})["access"] = access
        header = (b"request-id", access.request_id.encode())
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                access.status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except (ClientDisconnect, ClientGoneError):
            access.outcome = "disconnected"
        except Exception as error:  # noqa: BLE001 the process's edge: nothing above would answer
            known = error if isinstance(error, SenryuError) else unexpected(error)
            access.outcome = known.type
            if not started:
                response = error_response(known, access.request_id)
                await response(scope, receive, send_with_id)
        finally:
            route = scope.get("route")
            access.route = route.path if isinstance(route, Route) else "unknown"
            self._telemetry.finished(access)
