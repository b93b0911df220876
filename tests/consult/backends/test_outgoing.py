"""Requests to addresses that somebody typed in: where they go, and where they never go."""

import asyncio
import time

import pytest

from consult.backends.outgoing import NotReached, Policy, post, require_url
from tests.receiver import receiving

HERE = Policy(private=True, deadline=5.0)


async def test_it_posts_and_tells_the_status() -> None:
    async with receiving() as receiver:
        receiver.answers = lambda _: 202

        status = await post(receiver.url, b'{"a":1}', {"webhook-id": "1"}, HERE)

    (got,) = receiver.got
    assert (status, got.path, got.body) == (202, "/hook?from=consult", b'{"a":1}')
    assert (got.headers["webhook-id"], got.headers["content-type"]) == ("1", "application/json")


async def test_it_follows_nobody_elsewhere() -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        receiver.answers, receiver.location = (lambda _: 307), elsewhere.url

        status = await post(receiver.url, b"{}", {}, HERE)

    assert (status, elsewhere.got) == (307, [])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_this_machine_is_not_reached_unless_a_setting_allows_it(host: str) -> None:
    async with receiving() as receiver:
        with pytest.raises(NotReached, match=r"address|connection"):
            await post(f"http://{host}:{receiver.port}/", b"{}", {}, Policy())

    assert receiver.got == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
        *("[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.8]", "[::]", "224.0.0.1"),
        "100.64.0.1",
    ],
)
def test_an_address_that_is_not_of_the_open_internet_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="open Internet"):
        require_url(f"https://{host}/hook", private=False)


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "http://10.0.0.8/", "//example.org", "https://", "https://a:b@c/"],
)
def test_anything_but_https_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|address"):
        require_url(url, private=True)


async def test_a_receiver_that_says_nothing_is_given_up() -> None:
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.transport.abort()
        over.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port, started = server.sockets[0].getsockname()[1], time.monotonic()
    async with server:
        with pytest.raises(NotReached, match="timeout"):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, Policy(private=True, deadline=0.3))
        await over.wait()

    assert time.monotonic() - started < 3


async def test_what_does_not_speak_http_is_told_apart() -> None:
    async def strange(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(strange, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NotReached, match="not_http"):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, HERE)
