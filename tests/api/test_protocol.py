"""Slow and silent connections are closed, honest slow ones are not: over real sockets.

The numbers are small here, so that a test takes a second; the defaults are in the settings.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.limits import vouch
from api.protocol import Door
from tests import service as services

HEADERS, GRACE, RATE, KEEP_ALIVE = 0.6, 0.8, 20_000, 0.5
DOOR = Door(
    header_seconds=HEADERS,
    grace_seconds=GRACE,
    bytes_per_second=RATE,
    most=100,
    most_strangers=50,
    trusted=[],
    https=True,
)
LATE = 3.0
"""What a deadline may be late by on a busy machine."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Five small services: each path is one."""
    request, ok = Request(scope, receive), {"type": "http.response.start", "status": 200}
    if scope["path"] == "/signed-in":
        vouch(request)
    if scope["path"] == "/busy":
        await asyncio.sleep(3 * GRACE)
    size = 0 if scope["path"] == "/unread" else len(await request.body())
    await send({**ok, "headers": []})
    if scope["path"] == "/stream":
        for _ in range(8):
            await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
            await asyncio.sleep(GRACE / 2)
    if scope["path"] == "/flood":
        for _ in range(200):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
    await send({"type": "http.response.body", "body": b"%d bytes" % size})


@dataclass
class Server:
    port: int
    running: uvicorn.Server
    clients: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])

    async def connect(self, *, receive_buffer: int | None = None) -> "Client":
        link = socket.socket()
        if receive_buffer:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        link.setblocking(False)
        await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=link, limit=1024)
        self.clients.append(writer)
        return Client(reader, writer)

    @property
    def connections(self) -> int:
        return len(self.running.server_state.connections)

    @property
    def requests(self) -> int:
        return len(self.running.server_state.tasks)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    began: float = field(default_factory=time.monotonic)

    async def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                self.writer.write(piece)
                await self.writer.drain()
            await asyncio.sleep(pause)

    async def hear(self) -> bytes:
        """All that comes until the other side closes."""
        heard = b""
        with contextlib.suppress(ConnectionError):
            while piece := await asyncio.wait_for(self.reader.read(65536), 10):
                heard += piece
        return heard

    async def answer(self) -> bytes:
        """One answer that ends with its chunk of nothing."""
        return await asyncio.wait_for(self.reader.readuntil(b"0\r\n\r\n"), 10)

    async def closed_after(self) -> float:
        assert await self.hear() == b""
        return time.monotonic() - self.began

    async def is_open(self) -> bool:
        with contextlib.suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(self.reader.read(1), 0.1)
            return False
        return not self.reader.at_eof()


@asynccontextmanager
async def serving(door: Door = DOOR) -> AsyncGenerator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=door.protocol(),
        lifespan="off",
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE,  # pyright: ignore[reportArgumentType] - a loop's timer takes parts of a second
        server_header=False,
    )
    server = Server(listener.getsockname()[1], uvicorn.Server(config))
    task = asyncio.create_task(server.running.serve([listener]))
    while not server.running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        for writer in server.clients:
            writer.transport.abort()
        server.running.should_exit = True
        await task


def post(path: str = "/", *, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: consult\r\nContent-Length: {length}\r\n\r\n".encode()


GET = b"GET /%b HTTP/1.1\r\nHost: consult\r\n\r\n"


class TestTooSlow:
    """UP-6."""

    async def test_a_silent_connection_is_closed(self) -> None:
        async with serving() as server:
            client = await server.connect()

            assert HEADERS * 0.9 < await client.closed_after() < HEADERS + LATE

    async def test_headers_that_drip_are_closed_as_well(self) -> None:
        async with serving() as server:
            client = await server.connect()
            drops = [bytes([byte]) for byte in GET % b""]
            dripping = asyncio.create_task(client.say(*drops, pause=HEADERS / 10))

            assert HEADERS * 0.9 < await client.closed_after() < HEADERS + LATE
            dripping.cancel()

    async def test_a_body_that_never_comes_is_closed_after_the_grace(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(post(length=100_000))

            assert GRACE * 0.9 < await client.closed_after() < GRACE + LATE

    async def test_a_body_that_drips_is_closed(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(post(length=100_000))
            dripping = asyncio.create_task(client.say(*[b"x" * 50] * 200, pause=0.05))

            # 1,000 bytes a second earn a twentieth of a second for each.
            assert GRACE * 0.9 < await client.closed_after() < GRACE * 1.5 + LATE
            dripping.cancel()

    async def test_an_idle_connection_is_closed_after_its_answer(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"")
            await client.answer()
            client.began = time.monotonic()

            assert KEEP_ALIVE * 0.9 < await client.closed_after() < KEEP_ALIVE + LATE

    async def test_an_empty_line_between_requests_holds_nothing_open(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"")
            await client.answer()
            await client.say(b"\r\n")
            client.began = time.monotonic()

            assert await client.closed_after() < HEADERS + LATE

    async def test_the_headers_of_a_second_request_have_a_deadline_too(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"")
            await client.answer()
            await client.say(b"GET / HT")
            client.began = time.monotonic()

            assert HEADERS * 0.9 < await client.closed_after() < HEADERS + LATE

    async def test_a_body_that_nobody_wants_any_more_has_its_deadline_too(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(post("/unread", length=100_000))
            await client.answer()
            dripping = asyncio.create_task(client.say(*[b"x"] * 100, pause=0.05))

            assert await client.closed_after() < GRACE + LATE
            dripping.cancel()

    async def test_whoever_does_not_take_the_answer_is_closed(self) -> None:
        async with serving(replace(DOOR, bytes_per_second=1_000_000)) as server:
            client = await server.connect(receive_buffer=4096)
            await client.say(GET % b"flood")
            await asyncio.sleep(GRACE / 2)
            assert server.connections == 1

            await until(lambda: (server.connections, server.requests) == (0, 0))

    async def test_whoever_does_not_take_a_short_answer_is_closed_all_the_same(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"", GET % b"")

            await until(lambda: server.connections == 0)


class TestHonest:
    """UP-6."""

    async def test_a_slow_upload_that_keeps_the_rate_arrives(self) -> None:
        size, pieces = 100_000, 50
        async with serving() as server:
            client = await server.connect()
            await client.say(post(length=size))
            began = time.monotonic()
            await client.say(*[bytes(size // pieces)] * pieces, pause=0.05)

            assert b"100000 bytes" in await client.answer()
            assert time.monotonic() - began > 2 * GRACE

    async def test_a_stall_within_the_grace_is_forgiven(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(post(length=50_000), bytes(40_000))
            await asyncio.sleep(GRACE)  # 40,000 bytes have earned two seconds more
            await client.say(bytes(10_000))

            assert b"50000 bytes" in await client.answer()

    async def test_while_we_do_not_read_the_sender_is_not_late(self) -> None:
        """The service reads nothing for three graces: none of that counts."""
        async with serving(replace(DOOR, bytes_per_second=10_000_000)) as server:
            client = await server.connect()
            await client.say(post("/busy", length=9_000_000), bytes(9_000_000))

            assert b"9000000 bytes" in await client.answer()
            assert time.monotonic() - client.began > 3 * GRACE

    async def test_an_event_stream_has_no_deadline(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"stream")

            assert (await client.answer()).count(b"tick") == 8
            assert time.monotonic() - client.began > 3 * GRACE

    async def test_two_requests_at_once_are_both_answered(self) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(GET % b"" + post(length=4) + b"burn")

            assert b"0 bytes" in await client.answer()
            assert b"4 bytes" in await client.answer()


class TestCrowd:
    async def test_one_connection_too_many_is_told_to_come_back(self) -> None:
        async with serving(replace(DOOR, most=2)) as server:
            for _ in range(2):
                await server.connect()
            late = await server.connect()
            await late.say(GET % b"")

            answer = await late.hear()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 5\r\n" in answer
            assert answer.endswith(b"}")

    async def test_the_oldest_stranger_that_waits_makes_room_for_the_next(self) -> None:
        async with serving(replace(DOOR, most_strangers=3, header_seconds=20)) as server:
            clients = [await server.connect() for _ in range(3)]
            await clients[0].say(GET % b"busy")
            await until(lambda: server.requests == 1)

            newest = await server.connect()
            await newest.say(GET % b"")

            assert b"0 bytes" in await newest.answer()
            assert [await client.is_open() for client in clients] == [True, False, True]
            assert b"0 bytes" in await clients[0].answer()

    async def test_where_all_are_at_work_nobody_else_comes_in(self) -> None:
        async with serving(replace(DOOR, most_strangers=2)) as server:
            for client in [await server.connect() for _ in range(2)]:
                await client.say(GET % b"busy")
            await until(lambda: server.requests == 2)

            third = await server.connect()

            await third.closed_after()
            assert server.requests == 2

    async def test_whoever_is_signed_in_is_no_stranger(self) -> None:
        door = replace(DOOR, most_strangers=2, grace_seconds=20, strangers={})
        async with serving(door) as server:
            for number in range(1, 6):
                client = await server.connect()
                await client.say(post("/signed-in", length=4), b"b")
                await until(
                    lambda at_work=number: (server.requests, door.strangers) == (at_work, {})
                )

            assert server.connections == 5

    @pytest.mark.parametrize(("trusted", "left"), [("127.0.0.0/8", 6), ("10.0.0.0/8", 2), ("", 2)])
    async def test_a_proxy_in_front_is_no_stranger(
        self, settings: Any, trusted: str, left: int
    ) -> None:
        settings = settings.model_copy(update={"trusted_proxies": trusted})
        door = replace(DOOR, most_strangers=2, trusted=Door.of(settings).trusted, header_seconds=9)
        async with serving(door) as server:
            for _ in range(6):
                await server.connect()

            await until(lambda: server.connections == left)

    async def test_nobody_is_remembered_who_has_left(self) -> None:
        door = replace(DOOR, strangers={})
        async with serving(door) as server:
            clients = [await server.connect() for _ in range(3)]
            await until(lambda: [len(here) for here in door.strangers.values()] == [3])

            for client in clients:
                client.writer.transport.abort()
            await until(lambda: not door.strangers)


class TestNoRequest:
    """HD-1. What never becomes a request is refused with the same headers as all else."""

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400 Bad Request"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400 Bad Request"),
            (b"GIVE / HTTP/1.1\r\nHost: a\r\n\r\n", b"400 Bad Request"),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"400 Bad Request",
            ),
        ],
        ids=["TLS", "no number", "no method", "two lengths"],
    )
    async def test_is_answered_once_and_closed(self, sent: bytes, status: bytes) -> None:
        async with serving() as server:
            client = await server.connect()
            await client.say(sent)

            self.check(await client.hear(), status)

    async def test_headers_without_end_are_refused_before_they_fill_the_memory(self) -> None:
        async with serving(replace(DOOR, header_seconds=20)) as server:
            client = await server.connect()
            await client.say(b"GET / HTTP/1.1\r\nX: ")
            await client.say(*[b"x" * 16_000] * 5, pause=0.02)

            self.check(await client.hear(), b"431 Request Header Fields Too Large")

    def check(self, answer: bytes, status: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        names = [line.partition(b":")[0].lower() for line in lines]
        assert first == b"HTTP/1.1 " + status
        assert {b"content-security-policy", b"strict-transport-security", b"x-request-id"} < set(
            names
        )
        assert len(names) == len(set(names))
        assert b"content-length: %d" % len(body) in lines
        assert b"content-type: application/problem+json" in lines


async def until(happens: Callable[[], bool]) -> None:
    """Wait for what the server gets to in its own time; fail when it never does."""
    async with asyncio.timeout(10):
        while not happens():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)


def test_the_service_itself_closes_what_is_silent_and_calls_it_no_crash(tmp_path: Path) -> None:
    """UP-6."""
    with services.running(
        tmp_path / "data", CONSULT_HEADER_SECONDS="0.5", CONSULT_BODY_GRACE_SECONDS="0.5"
    ) as service:
        for said in (b"", post("/api/passkeys/authentication/options", length=9)):
            with socket.create_connection(("127.0.0.1", service.port), timeout=10) as silent:
                began = time.monotonic()
                silent.sendall(said)
                assert silent.recv(1) == b""
            assert 0.4 < time.monotonic() - began < 0.5 + LATE

    log = (tmp_path / "data.log").read_text()
    assert '"status": 499' in log
    assert "crashed" not in log
