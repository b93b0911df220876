"""The server's side of a connection, with deadlines: uvicorn itself waits for ever.

A silent or half-said request is cut off; an ambulance that sends 2 KB a second is not. While
we ourselves do not read (back-pressure), the clock of the sender stands still. An event
stream is an answer under way and has no deadline, unless its reader no longer takes anything.

Leans on uvicorn's internals (tried with 0.54): tests/api/test_protocol.py tells when they move.
"""

import asyncio
import ipaddress
from asyncio import TimerHandle
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.limits import REST, VOUCH, neighbourhood
from api.problems import problem
from api.security import SecurityHeaders, add_headers
from consult.config import Settings

_MOST_HEADER_BYTES = 64 * 1024
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Door:
    """What all connections of one server share: the numbers, and who is there unknown."""

    header_seconds: float
    grace_seconds: float
    bytes_per_second: int
    most: int
    most_strangers: int
    trusted: list[_Network]
    https: bool
    strangers: dict[str, dict["Connection", None]] = field(
        default_factory=dict[str, dict["Connection", None]]
    )
    """Connections on which nobody is signed in, by address, oldest first."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            header_seconds=settings.header_seconds,
            grace_seconds=settings.body_grace_seconds,
            bytes_per_second=settings.body_bytes_per_second,
            most=settings.max_connections,
            most_strangers=settings.max_connections_per_address,
            trusted=settings.trusted_networks,
            https=settings.public_url.startswith("https:"),
        )

    def protocol(self) -> type["Connection"]:
        """Make the class that uvicorn makes one of for each connection."""
        return type("Connection", (Connection,), {"door": self})

    def allowed_seconds(self, size: int) -> float:
        """How long `size` bytes may take."""
        return self.grace_seconds + size / self.bytes_per_second

    def welcome(self, connection: "Connection", host: str) -> bool:
        """Let somebody in; the oldest of the same address that waits has to go for it."""
        if self._trusts(host):
            return True
        here = self.strangers.setdefault(neighbourhood(host), {})
        if len(here) >= self.most_strangers:
            waiting = next((other for other in here if other.waits), None)
            if waiting is None:
                return False
            waiting.cut_off()
        here[connection] = None
        return True

    def forget(self, connection: "Connection", host: str) -> None:
        address = neighbourhood(host)
        here = self.strangers.get(address, {})
        here.pop(connection, None)
        if not here:
            self.strangers.pop(address, None)

    def _trusts(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:  # a Unix socket: whoever may open it is on this machine
            return not host
        return any(address in network for network in self.trusted)


class Flow(FlowControl):
    """Knows for how long we did not read: the sender could not send then."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._clock = asyncio.get_running_loop().time
        self._since = self._before = 0.0

    def pause_reading(self) -> None:
        if not self.read_paused:
            self._since = self._clock()
        super().pause_reading()

    def resume_reading(self) -> None:
        if self.read_paused:
            self._before += self._clock() - self._since
        super().resume_reading()

    @property
    def paused_seconds(self) -> float:
        return self._before + (self._clock() - self._since if self.read_paused else 0.0)


class Connection(HttpToolsProtocol):
    door: Door

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._host = ""
        self._deadline: TimerHandle | None = None
        self._reader_deadline: TimerHandle | None = None
        self._in_headers, self._header_bytes = True, 0
        self._in_body = False
        self._began = self._paused_before = 0.0
        self._received = 0

    @property
    def waits(self) -> bool:
        """Whether nothing of theirs is being worked on: idle, or still saying what they want."""
        return self._idle or self._in_body

    def cut_off(self) -> None:
        self._disarm()
        self.door.forget(self, self._host)
        if not self.transport.is_closing():
            self.transport.abort()

    # What uvicorn's protocol is told by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn has it
        super().connection_made(transport)
        self.flow = Flow(transport)
        self._host = self.client[0] if self.client else ""
        if self.door.welcome(self, self._host):
            self._arm(self.door.header_seconds)
        else:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._let_reader_be()
        self.door.forget(self, self._host)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self._in_headers
        super().data_received(data)
        if before and self._in_headers:
            self._count_headers(len(data))
        # An empty line between two requests ends uvicorn's wait for the next and begins nothing.
        if self._idle and not self._deadline and not self.timeout_keep_alive_task:
            self._arm(self.door.header_seconds)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._let_reader_be()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_reader()  # closing waits until all is read, which may be never

    # What it is told by the parser.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        cast("dict[str, Any]", self.scope)["extensions"] = {
            VOUCH: self._vouch,
            REST: self._rest,
        }
        if not self._deadline:
            self._arm(self.door.header_seconds)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_headers, self._in_body, self._received = False, True, 0
        self._began, self._paused_before = self.loop.time(), self._paused_seconds
        self._arm(self.door.grace_seconds)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._received += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        self._disarm()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library's signature
        # `msg` is the library's, and bare text.
        self._refuse(problem(400, "bad_request", "This is not a request in HTTP/1.1."))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        crowded = len(self.connections) > self.door.most
        chosen: Any = _turned_away(https=self.door.https) if crowded else app
        super()._start_asgi_task(cycle, chosen)

    def _vouch(self) -> None:
        self.door.forget(self, self._host)

    def _count_headers(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MOST_HEADER_BYTES:
            self._refuse(problem(431, "headers_too_large", "The headers are too large."))

    def _rest(self) -> bytes:
        rest, self.cycle.body = bytes(self.cycle.body), bytearray()
        return rest

    def _refuse(self, refusal: Response) -> None:
        """Answer a request that never became one, and close."""
        if self.transport.is_closing():
            return
        refusal.headers["Connection"] = "close"
        add_headers(refusal.headers, https=self.door.https)
        headers = (*self.server_state.default_headers, *refusal.raw_headers)
        lines = [b"%s: %s\r\n" % header for header in headers]
        status = HTTPStatus(refusal.status_code)
        head = f"HTTP/1.1 {status} {status.phrase}\r\n".encode()
        self.transport.write(b"".join([head, *lines, b"\r\n", bytes(refusal.body)]))
        self.transport.close()

    @property
    def _idle(self) -> bool:
        # None until the first request, which uvicorn does not tell the type checker.
        return not self.cycle or self.cycle.response_complete

    # The deadlines.

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._expire)

    def _disarm(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        left = self._body_seconds_left() if self._in_body else 0.0
        if self.flow.read_paused:
            left = max(left, self.door.header_seconds)
        if left > 0:
            self._arm(max(left, 0.05))
        else:
            self.cut_off()

    def _body_seconds_left(self) -> float:
        spent = self.loop.time() - self._began - (self._paused_seconds - self._paused_before)
        return self.door.allowed_seconds(self._received) - spent

    @property
    def _paused_seconds(self) -> float:
        return cast("Flow", self.flow).paused_seconds

    def _watch_reader(self) -> None:
        self._let_reader_be()
        seconds = self.door.allowed_seconds(self.transport.get_write_buffer_size())
        self._reader_deadline = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._reader_deadline = None
        self.door.forget(self, self._host)
        self.transport.abort()  # also where it is closing, and waits for the reader

    def _let_reader_be(self) -> None:
        if self._reader_deadline:
            self._reader_deadline.cancel()
            self._reader_deadline = None


def _turned_away(*, https: bool) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Retry-After": "5", "Connection": "close"}
        refusal = problem(503, "busy", "Too many people are here. Try again.", headers=headers)
        await refusal(scope, receive, send)

    return SecurityHeaders(answer, https=https)
