"""Requests that leave the house: to addresses that somebody typed in, so nothing is taken on trust.

https only (plain http to this very machine), the address is looked up once and checked before
anything connects to it, redirects are not followed, and all of it has one deadline.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_DEADLINE = 10.0
"""Seconds for all of it."""
_LONGEST_LINE = 1024

Address = IPv4Address | IPv6Address


class NotReached(Exception):
    """No answer came; `word` says why, without anything that the other side sent."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True)
class Policy:
    private: bool = False
    """Addresses that are not of the open Internet are allowed too."""
    ca_file: Path | None = None
    deadline: float = _DEADLINE


def require_url(url: str, *, private: bool) -> SplitResult:
    """Take the address apart. Raises ValueError with what is wrong with it."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        raise ValueError("Use an address such as https://example.org/hook, without a password.")
    if not url.isascii() or any(character <= " " for character in url):
        raise ValueError("Use an address without spaces.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise ValueError("Use https.")
    written = _written(parts.hostname)
    if written and not _allowed(written, private=private):
        raise ValueError("This address is not on the open Internet.")
    _ = parts.port  # raises ValueError for what is none
    return parts


async def post(url: str, body: bytes, headers: Mapping[str, str], policy: Policy) -> int:
    """POST `body` and return the status. Raises NotReached."""
    try:
        async with asyncio.timeout(policy.deadline):
            parts = require_url(url, private=policy.private)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            address = await _look_up(parts.hostname or "", port, policy)
            request = _head(parts, headers, len(body)) + body
            return await _exchange(address, port, request, _tls(parts, policy), parts.hostname)
    except TimeoutError:
        raise NotReached("timeout") from None
    except ssl.SSLError:
        raise NotReached("tls") from None
    except ValueError:
        raise NotReached("address") from None
    except OSError:
        raise NotReached("connection") from None


async def _look_up(host: str, port: int, policy: Policy) -> str:
    """Every address of the name must be allowed: the one that is checked is the one that is used."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, proto=6)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(
        _allowed(ip_address(one.partition("%")[0]), private=policy.private) for one in addresses
    ):
        raise NotReached("private_address")
    return addresses[0]


async def _exchange(
    address: str, port: int, request: bytes, tls: ssl.SSLContext | None, host: str | None
) -> int:
    reader, writer = await asyncio.open_connection(
        address, port, ssl=tls, server_hostname=host if tls else None, limit=_LONGEST_LINE
    )
    try:
        writer.write(request)
        await writer.drain()
        return _status(await reader.readline())
    finally:
        writer.transport.abort()  # nothing more is said, and nothing waited for


def _tls(parts: SplitResult, policy: Policy) -> ssl.SSLContext | None:
    if parts.scheme != "https":
        return None
    tls = ssl.create_default_context()
    if policy.ca_file is not None:
        tls.load_verify_locations(policy.ca_file)
    return tls


def _head(parts: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        "User-Agent: Consult",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _status(line: bytes) -> int:
    """RFC 9112 4: `HTTP/1.1 204 No Content`."""
    words = line.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise NotReached("not_http")
    return int(words[1])


def _allowed(address: Address, *, private: bool) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified:
        return False
    return private or address.is_global


def _is_here(host: str) -> bool:
    written = _written(host)
    return host == "localhost" or bool(written and written.is_loopback)


def _written(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
