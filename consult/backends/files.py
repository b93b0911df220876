"""Files that are still there after a power cut, and locks that end with their process."""

import fcntl
import os
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

Data = bytes | bytearray | memoryview

_ABANDONED_SECONDS = 60 * 60.0
"""No write takes that long: an older unfinished file is what a crash left behind."""


def write_durably(path: Path, pieces: Iterable[Data], *, partials: Path) -> int:
    """Write a new file of mode 0600 whole or not at all, and return its size in bytes.

    `partials` is an existing folder on the same file system, where a crash may leave an
    unfinished file.
    Raises FileExistsError when `path` exists: what was written once is never changed.
    """
    handle, name = tempfile.mkstemp(dir=partials)
    try:
        size = _write_synced(handle, pieces)
        make_directory(path.parent)
        _refuse_existing(path)
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
    return size


def remove_abandoned(partials: Path) -> None:
    """Delete what `write_durably` left unfinished in there, when it is old."""
    before = time.time() - _ABANDONED_SECONDS
    for path in partials.iterdir():
        if written_at(path) < before:
            path.unlink(missing_ok=True)


def written_at(path: Path) -> float:
    """Seconds since the epoch; infinite, so never old, when the file is gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def make_directory(path: Path) -> None:
    """Make a folder of mode 0700 and its parents, durably. An existing one is left as it is."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a folder durable: fsync of a file does not."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def exclusive(path: Path, *, wait: bool) -> Generator[None]:
    """Hold the lock on a file. It ends with the process, whichever way that ends.

    Raises BlockingIOError when somebody else holds it and `wait` is False.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _write_synced(handle: int, pieces: Iterable[Data]) -> int:
    with open(handle, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(handle)
        return file.tell()


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise FileExistsError(path)
