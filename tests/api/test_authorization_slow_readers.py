"""AZ-7. A right that ends in the middle of a download ends the download."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlsplit

import numpy as np
import pytest
import simplejpeg

from consult.models import User
from tests.api.authorization.callers import the_guest_is_sent_away
from tests.api.authorization.server import Server, serving
from tests.api.authorization.world import World, make_world

Happens = Callable[[World], Awaitable[None]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    async with serving(tmp_path_factory.mktemp("slow") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def photo() -> bytes:
    """More than all the buffers between the service and a reader hold: noise, 2,500 pixels a side."""
    noise = np.random.default_rng(7).integers(0, 256, (2500, 2500, 3), np.uint8)
    return simplejpeg.encode_jpeg(noise, quality=95)


async def nothing(_: World) -> None:
    """The download that nobody disturbs."""


async def the_guest_is_shut_out(world: World) -> None:
    await world.change(User, world["guest"].user.id, active=False)


@pytest.mark.parametrize("part", ["image", "dicom"])
@pytest.mark.parametrize(
    ("happens", "whole"),
    [(nothing, True), (the_guest_is_sent_away, False), (the_guest_is_shut_out, False)],
)
async def test_a_slow_reader_loses_the_rest_with_the_right(
    server: Server, photo: bytes, part: str, happens: Happens, whole: bool
) -> None:
    world = await make_world(server)
    sent = await world["crew"].attach(world.ids["consult_id"], photo)
    assert len(photo) > 12_000_000

    read, announced = await slowly(world, f"/api/photos/{sent['id']}/{part}", happens)

    assert announced > 12_000_000
    assert (read == announced) == whole


async def slowly(world: World, path: str, happens: Happens) -> tuple[int, int]:
    """Read a little as the guest, let it happen, wait, read the rest: bytes read and announced."""
    address = urlsplit(world.server.origin)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", address.port))
        head = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        token = f"Authorization: Bearer {world['guest'].token}\r\n\r\n"
        await loop.sock_sendall(connection, (head + token).encode())
        started = await loop.sock_recv(connection, 32_768)
        await happens(world)
        await asyncio.sleep(1.5)
        size = len(started)
        while piece := await loop.sock_recv(connection, 1 << 20):
            size += len(piece)
    headers, _, _ = started.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 200"), headers
    lengths = [line for line in headers.lower().split(b"\r\n") if b"content-length" in line]
    return size - len(headers) - 4, int(lengths[0].partition(b":")[2])
