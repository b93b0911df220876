"""Around every request: its id, one log line, its metrics, and the net that catches a crash."""

import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import count_request
from consult.audit import begin_occasion

log = structlog.get_logger()

_LEFT = 499
"""No status of HTTP's: nobody was there to be answered."""


class Requests:
    """Logs the route's template, never the path or the query: they hold ids and words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, status, started = str(uuid4()), 0, time.perf_counter()
        address = (scope.get("client") or ("",))[0]
        begin_occasion(address=address, request_id=request_id)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:  # they left, or were closed for being too slow: nothing broke
            status = _LEFT
        except Exception:  # the outermost net: Starlette has answered 500 by now
            log.exception("request.crashed")
        _note(scope, status, time.perf_counter() - started)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", None) or "(none)"
    count_request(scope["method"], route, status, seconds)
    log.info(
        "request.answered",
        method=scope["method"],
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 1),
    )
