"""Uploads that are under way: unscrubbed bytes, which touch no disk in clear.

One request at a time writes to an upload. One whose sender has fallen silent gives way to the
next: a phone that lost its connection comes back before we hear that the old one is dead.
"""

import re
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from anyio import CancelScope, Event, to_thread

from consult.backends.files import Data, make_directory, remove_abandoned, written_at
from consult.backends.keys import Keys, UnknownSubject
from consult.backends.keys.subject import SubjectKey
from consult.backends.staging.records import RECORD, End, Records, Whose, create
from consult.errors import Damaged, Locked

SILENT_SECONDS = 3.0
"""A sender who has not sent a byte for so long gives way to a request that asks for the upload."""

_NAME = re.compile(r"[0-9a-f]{32}")
_SYNCED_EVERY = 4 * RECORD


class Staged:
    """An upload, held by whoever writes to it."""

    def __init__(self) -> None:
        self.released = Event()
        self._records: Records | None = None
        self._pending = bytearray()
        self._listening: CancelScope | None = None
        self._heard = 0.0
        self._began = End(0, 0)
        self.durable = 0
        """Bytes that a power cut does not take any more."""

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        return self._opened.end.offset + len(self._pending)

    @property
    def is_open(self) -> bool:
        return self._records is not None

    @property
    def silent(self) -> bool:
        quiet = time.monotonic() - self._heard
        return self._listening is not None and quiet >= SILENT_SECONDS

    @contextmanager
    def listening(self) -> Generator[CancelScope]:
        """While the sender is waited for; ends early when the upload has to be given up."""
        self.hear()
        with CancelScope() as scope:
            self._listening = scope
            try:
                yield scope
            finally:
                self._listening = None

    def hear(self) -> None:
        self._heard = time.monotonic()

    def give_way(self) -> None:
        """Raises Locked: its sender is at it, or it is being made a photo."""
        if not self.silent or self._listening is None:
            raise Locked
        self._listening.cancel()

    async def append(self, piece: Data) -> None:
        self._pending += piece
        while len(self._pending) >= RECORD:
            await to_thread.run_sync(self._write, RECORD)

    async def flush(self) -> None:
        """Everything that has arrived is on the disk when this returns."""
        await to_thread.run_sync(self._flush)

    async def undo(self) -> None:
        """Forget what has arrived since it was opened."""
        self._pending.clear()
        await to_thread.run_sync(self._opened.cut, self._began)
        self.durable = self._began.offset

    async def read(self) -> bytes:
        return await to_thread.run_sync(self._opened.read)

    def open(self, records: Records) -> None:
        records.sync()  # a crash may have left it written and not yet durable
        self.durable = records.end.offset
        self._records, self._began = records, records.end

    def close(self) -> End | None:
        """Where it ends now; None when it was never opened."""
        if self._records is None:
            return None
        self._records.close()
        return self._records.end

    @property
    def _opened(self) -> Records:
        assert self._records
        return self._records

    def _write(self, size: int) -> None:
        self._opened.append(self._pending[:size])
        del self._pending[:size]
        if self._opened.end.offset - self.durable >= _SYNCED_EVERY:
            self._sync()

    def _flush(self) -> None:
        if self._pending:
            self._write(len(self._pending))
        if self._opened.end.offset != self.durable:
            self._sync()

    def _sync(self) -> None:
        self._opened.sync()
        self.durable = self._opened.end.offset


class Staging:
    """A folder of this machine: an upload that is under way goes on where it began."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder, self._keys = folder, keys
        self._partials = folder / "partial"
        make_directory(self._partials)
        remove_abandoned(self._partials)
        self._held: dict[UUID, Staged] = {}
        self._ends: dict[UUID, End] = {}

    async def create(self, upload_id: UUID, *, subject: UUID) -> None:
        """Begin an upload; its file is there for good when this returns. Raises Gone."""
        key, path = self._key_of(subject), self._path(upload_id)
        await to_thread.run_sync(lambda: create(path, key, partials=self._partials))

    async def size(self, upload_id: UUID, *, subject: UUID) -> int:
        """How many bytes are there for good. Raises FileNotFoundError, Gone, Damaged."""
        with suppress(Locked):
            await self._make_way(upload_id)
        holder = self._held.get(upload_id)
        if holder and holder.is_open:  # one that is only being opened does not know it yet
            return holder.durable
        whose, key = Whose(upload_id, subject), self._key_of(subject)
        return (await to_thread.run_sync(self._measure, whose, key)).offset

    @asynccontextmanager
    async def hold(self, upload_id: UUID, *, subject: UUID) -> AsyncGenerator[Staged]:
        """Open an upload to write to it. Raises Locked, FileNotFoundError, Gone, Damaged."""
        await self._make_way(upload_id)
        if upload_id in self._held:  # somebody else was as quick
            raise Locked
        staged = self._held[upload_id] = Staged()
        whose, key = Whose(upload_id, subject), self._key_of(subject)
        try:
            await to_thread.run_sync(self._open, staged, whose, key)
            yield staged
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._close, staged, upload_id)
            del self._held[upload_id]
            staged.released.set()

    async def delete(self, upload_id: UUID) -> None:
        """Whether it is there or not."""
        self._ends.pop(upload_id, None)
        await to_thread.run_sync(lambda: self._path(upload_id).unlink(missing_ok=True))

    async def list_ids(self, *, older_than: timedelta) -> list[UUID]:
        """Those to which nothing was written for that long."""
        before = time.time() - older_than.total_seconds()
        return await to_thread.run_sync(self._list, before)

    async def _make_way(self, upload_id: UUID) -> None:
        if holder := self._held.get(upload_id):
            holder.give_way()
            await holder.released.wait()

    def _key_of(self, subject: UUID) -> SubjectKey:
        try:
            return self._keys.get(subject)
        except UnknownSubject:
            raise Damaged from None

    def _path(self, upload_id: UUID) -> Path:
        return self._folder / upload_id.hex

    def _open(self, staged: Staged, whose: Whose, key: SubjectKey) -> None:
        path, known = self._path(whose.upload_id), self._ends.get(whose.upload_id)
        staged.open(Records.open(path, whose, key, known, write=True))

    def _close(self, staged: Staged, upload_id: UUID) -> None:
        end = staged.close()
        if end and self._path(upload_id).exists():
            self._ends[upload_id] = end

    def _measure(self, whose: Whose, key: SubjectKey) -> End:
        path, known = self._path(whose.upload_id), self._ends.get(whose.upload_id)
        records = Records.open(path, whose, key, known, write=False)
        try:
            records.sync()
            self._ends[whose.upload_id] = records.end
            return records.end
        finally:
            records.close()

    def _list(self, before: float) -> list[UUID]:
        files = [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        return [UUID(hex=path.name) for path in files if written_at(path) < before]
