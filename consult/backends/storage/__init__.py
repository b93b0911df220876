"""Where photos are kept: written once under a fresh random key, never changed.

The adapters keep bytes and know nothing of them; `sealed.SealedStorage` seals over either, and
is all that the domain sees.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from consult.backends.files import Data


@dataclass(frozen=True)
class StoredFile:
    key: str
    size: int
    """Bytes."""


def new_key() -> str:
    return secrets.token_hex(16)


class Storage(Protocol):
    async def put(self, data: Data | Iterable[Data], *, key: str | None = None) -> StoredFile:
        """Store `data`, or the pieces of it in a row. It is on the disk when this returns.

        Off the event loop, each piece is asked for when the one before was used: pieces may be
        made on the way, and in the same buffer. `key` comes from `new_key`. Raises
        FileExistsError.
        """
        ...

    async def peek(self, key: str, count: int) -> tuple[bytes, int]:
        """Return the first `count` bytes, and how many there are in all. Raises FileNotFoundError."""
        ...

    async def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes [start, end). Raises FileNotFoundError."""
        ...

    def chunks(
        self, key: str, start: int = 0, end: int | None = None, *, size: int = 256 * 1024
    ) -> AsyncGenerator[bytes]:
        """Yield bytes [start, end) in pieces of `size`, of which only the last is shorter.

        Raises FileNotFoundError when the first is asked for; a deletion after that does no harm.
        """
        ...

    async def delete(self, key: str) -> None:
        """Raises FileNotFoundError."""
        ...

    def keys(self, *, older_than: timedelta) -> AsyncIterator[str]:
        """Yield what was stored longer ago than that: the sweep looks for files without a row."""
        ...

    async def check(self) -> None:
        """Raises OSError when nothing can be stored."""
        ...
