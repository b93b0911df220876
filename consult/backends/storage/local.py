"""Photos in a folder of this machine: <folder>/ab/cd/abcd….

Every write goes to `partial/` first and is synced before it gets its name.
"""

import os
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import cast

import anyio
from anyio import to_thread

from consult.backends.files import (
    Data,
    make_directory,
    remove_abandoned,
    write_durably,
    written_at,
)
from consult.backends.storage import StoredFile, new_key

_KEY = re.compile(r"[0-9a-f]{32}")


class LocalStorage:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._partials = folder / "partial"
        make_directory(self._partials)
        remove_abandoned(self._partials)

    async def put(self, data: Data | Iterable[Data], *, key: str | None = None) -> StoredFile:
        one = isinstance(data, bytes | bytearray | memoryview)
        pieces = [cast("Data", data)] if one else data
        key = key or new_key()
        return StoredFile(key, await to_thread.run_sync(self._write, key, pieces))

    async def peek(self, key: str, count: int) -> tuple[bytes, int]:
        return await to_thread.run_sync(_peek, self._path(key), count)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return await to_thread.run_sync(_read, self._path(key), start, end)

    async def chunks(
        self, key: str, start: int = 0, end: int | None = None, *, size: int = 256 * 1024
    ) -> AsyncGenerator[bytes]:
        async with await anyio.open_file(self._path(key), "rb") as file:
            position = await file.seek(start)
            while chunk := await file.read(size if end is None else min(size, end - position)):
                position += len(chunk)
                yield chunk

    async def delete(self, key: str) -> None:
        await to_thread.run_sync(self._path(key).unlink)

    async def keys(self, *, older_than: timedelta) -> AsyncIterator[str]:
        before = time.time() - older_than.total_seconds()
        for number in range(256):
            for key in await to_thread.run_sync(_list, self._folder / f"{number:02x}", before):
                yield key

    async def check(self) -> None:
        await to_thread.run_sync(self._probe)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):  # a key never leads out of the folder
            raise FileNotFoundError(key)
        return self._folder / key[:2] / key[2:4] / key

    def _write(self, key: str, pieces: Iterable[Data]) -> int:
        return write_durably(self._path(key), pieces, partials=self._partials)

    def _probe(self) -> None:
        probe = self._partials / f"probe-{secrets.token_hex(8)}"
        try:
            write_durably(probe, [b"\0"], partials=self._partials)
        finally:
            probe.unlink(missing_ok=True)


def _peek(path: Path, count: int) -> tuple[bytes, int]:
    with path.open("rb") as file:
        return file.read(count), os.fstat(file.fileno()).st_size


def _read(path: Path, start: int, end: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if end is None else max(0, end - start))


def _list(folder: Path, before: float) -> list[str]:
    files = (path for path in folder.glob("*/*") if _KEY.fullmatch(path.name))
    return [path.name for path in files if written_at(path) < before]
