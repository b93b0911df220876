"""Sealing over any storage: an object opens under its own name, for its own subject, whole.

Unfinished files hold ciphertext only: a segment is sealed before it is written.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID

import structlog

from consult.backends.files import Data
from consult.backends.keys import Keys, UnknownSubject
from consult.backends.storage import Storage, StoredFile, new_key
from consult.backends.storage.segments import (
    HEAD,
    SEALED_SEGMENT,
    SEGMENT,
    Label,
    Seal,
    joined,
    seal,
    segments_of,
)
from consult.errors import Damaged

INSTANCE = "dicom-instance"

log = structlog.get_logger()


class SealedStorage:
    def __init__(self, storage: Storage, keys: Keys) -> None:
        self._storage = storage
        self._keys = keys

    async def put(
        self, data: Data | Iterable[Data], *, subject: UUID, kind: str = INSTANCE
    ) -> StoredFile:
        """Seal and store. It is on the disk when this returns; `size` is that of `data`.

        Raises Gone: the subject was shredded.
        """
        plain, key = joined(data), new_key()
        pieces = seal(plain, Label(key, subject, kind), self._keys.get(subject))
        await self._storage.put(pieces, key=key)
        return StoredFile(key, len(plain))

    async def read(
        self,
        key: str,
        start: int = 0,
        end: int | None = None,
        *,
        subject: UUID,
        kind: str = INSTANCE,
    ) -> bytes:
        """Return bytes [start, end) of the plaintext.

        Raises FileNotFoundError, Gone, and Damaged: changed, cut off, renamed, another
        subject's, of another kind.
        """
        chunks = self.chunks(key, start, end, subject=subject, kind=kind)
        return b"".join([chunk async for chunk in chunks])

    async def chunks(
        self,
        key: str,
        start: int = 0,
        end: int | None = None,
        *,
        subject: UUID,
        kind: str = INSTANCE,
        size: int = 4 * SEGMENT,
    ) -> AsyncGenerator[bytes]:
        """Yield bytes [start, end) of the plaintext in pieces of at most `size`.

        Raises as `read` does, most of it when the first is asked for; no byte of a damaged
        segment is ever yielded.
        """
        try:
            opened = await self._open(Label(key, subject, kind))
            async with aclosing(self._opened(key, opened, start, end, size)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Damaged:
            log.error("storage.object_refused", object_id=key)  # noqa: TRY400 - the trace says no more
            raise

    async def delete(self, key: str) -> None:
        await self._storage.delete(key)

    def keys(self, *, older_than: timedelta) -> AsyncIterator[str]:
        return self._storage.keys(older_than=older_than)

    async def check(self) -> None:
        await self._storage.check()

    async def _open(self, label: Label) -> Seal:
        try:
            subject_key = self._keys.get(label.subject)
        except UnknownSubject:
            raise Damaged from None
        head, stored = await self._storage.peek(label.key, HEAD)
        return Seal.of_head(head, stored, label, subject_key)

    async def _opened(
        self, key: str, seal: Seal, start: int, end: int | None, size: int
    ) -> AsyncGenerator[bytes]:
        end = min(seal.length, seal.length if end is None else end)
        if start >= end and seal.length:
            return
        number, after = start // SEGMENT, segments_of(end)
        sealed = self._storage.chunks(
            key,
            HEAD + number * SEALED_SEGMENT,
            HEAD + after * SEALED_SEGMENT,
            size=max(1, size // SEGMENT) * SEALED_SEGMENT,
        )
        async with aclosing(sealed):
            async for piece in sealed:
                plain = seal.open(number, piece)
                at = number * SEGMENT
                number += -(-len(piece) // SEALED_SEGMENT)
                wanted = plain[max(0, start - at) : end - at]
                for begin in range(0, len(wanted), size):
                    yield bytes(wanted[begin : begin + size])
        if number < after:  # cut off since we looked at its length
            raise Damaged
