"""How much the service takes at once, and how often: counted in memory, for one process.

What has to outlive a restart, photos per hour and per day, is counted from the rows:
consult/quotas.py.
"""

import ipaddress
import math
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import HTTPConnection

from consult.config import Settings
from consult.errors import Busy, TooMuch

VOUCH = "consult.vouch"
"""Of `scope["extensions"]`: what api/protocol.py wants called when somebody is signed in."""

REST = "consult.rest"
"""Of the same: gives what had arrived of a body when its sender was lost, and nobody has read."""

_MINUTE = 60.0
_MOST_ADDRESSES = 10_000


class Window:
    """At most `most` events of one key within any `seconds`."""

    def __init__(
        self, most: int, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._times: dict[str, deque[float]] = {}

    def admit(self, key: str) -> None:
        """Count one more. Raises TooMuch, and then counts nothing."""
        now = self._clock()
        times = self._times.pop(key, None) or deque()
        while times and times[0] <= now - self._seconds:
            times.popleft()
        self._times[key] = times  # last again: the first in line was seen longest ago
        if len(times) >= self._most:
            wait = math.ceil(times[0] + self._seconds - now)
            raise TooMuch(
                "Too many tries from this address. Wait a minute, then try again.",
                retry_after=wait,
            )
        times.append(now)
        if len(self._times) > _MOST_ADDRESSES:
            del self._times[next(iter(self._times))]


class Budget:
    """Bytes of uploads in memory. A single one is always taken: it has a limit of its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    @contextmanager
    def reserve(self, size: int) -> Generator[None]:
        """Raises Busy where `size` bytes more would be too many."""
        if self.taken and self.taken + size > self._most:
            raise Busy("Many photos are arriving just now. Try again shortly.", retry_after=5)
        self.taken += size
        try:
            yield
        finally:
            self.taken -= size


@dataclass(frozen=True)
class Limits:
    sign_ins: Window
    uploads: Budget

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            sign_ins=Window(settings.sign_in_requests_per_minute, seconds=_MINUTE),
            uploads=Budget(settings.upload_bytes_in_flight),
        )


def address_of(connection: HTTPConnection[Any]) -> str:
    return neighbourhood(connection.client.host if connection.client else "")


def neighbourhood(host: str) -> str:
    """Return the address, and of IPv6 the /64: its owner has all of them at once."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def vouch(connection: HTTPConnection[Any]) -> None:
    """Tell the server that somebody is signed in on this connection; it then stays open longer."""
    extensions: dict[str, Any] = connection.scope.get("extensions") or {}
    if VOUCH in extensions:
        extensions[VOUCH]()


def left_over(connection: HTTPConnection[Any]) -> bytes:
    """What arrived of the body before the sender was lost and has not been read; once."""
    extensions: dict[str, Any] = connection.scope.get("extensions") or {}
    return bytes(extensions[REST]()) if REST in extensions else b""
