"""Where photos are kept: written once under a fresh random key, never changed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from consult.backends.files import Data


@dataclass(frozen=True)
class StoredFile:
    key: str
    size: int
    """Bytes."""


class Storage(Protocol):
    async def put(self, data: Data | Sequence[Data]) -> StoredFile:
        """Store `data`, or the pieces of it in a row. It is on the disk when this returns."""
        ...

    async def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes [start, end). Raises FileNotFoundError."""
        ...

    def chunks(
        self, key: str, start: int = 0, end: int | None = None, *, size: int = 256 * 1024
    ) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) in pieces of at most `size`.

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
