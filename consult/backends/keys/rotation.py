"""Rotation: a new key-encryption key, every subject's key wrapped anew, then the old one removed.

Online: in small transactions, while services make and read keys. It may be killed at any
moment: both keys are in the file until nothing needs the old one, and the next run goes on
from there.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from consult.backends.files import exclusive
from consult.backends.keys import table
from consult.backends.keys.ring import KeyEncryptionKey, Ring, read_ring, write_ring
from consult.config import Settings
from consult.errors import Conflict

_BATCH = 200


@dataclass(frozen=True)
class Rotation:
    newest: str
    """The id of the key that wraps everything now."""
    removed: tuple[str, ...]
    rewrapped: int
    resumed: bool
    """An earlier run was cut off, and this one has finished it."""


def rotate(settings: Settings) -> Rotation:
    """Rotate, or finish the rotation that was cut off. Raises Conflict: another one runs."""
    try:
        with (
            exclusive(settings.data_dir / "keys.lock", wait=False),
            closing(table.connect(settings.keys_path)) as connection,
        ):
            return _rotate(connection, settings.key_file)
    except BlockingIOError:
        raise Conflict("Another rotation is running.", code="keys_busy") from None


def _rotate(connection: sqlite3.Connection, path: Path) -> Rotation:
    ring = read_ring(path)
    resumed = len(ring.keys) > 1
    if not resumed:
        ring = Ring((*ring.keys, KeyEncryptionKey.make()))
        write_ring(path, ring)
    old, rewrapped = ring.keys[:-1], 0
    while True:
        rewrapped += sum(_rewrap_all(connection, key, ring.newest) for key in old)
        if _remove(connection, path, ring):
            break
    table.empty_log(connection)  # what the old key wrapped
    return Rotation(ring.newest.id, tuple(key.id for key in old), rewrapped, resumed)


def _rewrap_all(
    connection: sqlite3.Connection, old: KeyEncryptionKey, newest: KeyEncryptionKey
) -> int:
    done = 0
    while rewrapped := _rewrap_some(connection, old, newest):
        done += rewrapped
    return done


def _rewrap_some(
    connection: sqlite3.Connection, old: KeyEncryptionKey, newest: KeyEncryptionKey
) -> int:
    with table.writing(connection):
        rows = table.wrapped_by(connection, old.id, limit=_BATCH)
        table.rewrap(
            connection,
            [(newest.wrap(old.unwrap(wrapped)), newest.id, subject) for subject, wrapped in rows],
        )
    return len(rows)


def _remove(connection: sqlite3.Connection, path: Path, ring: Ring) -> bool:
    """Leave only the newest key in the file, unless a key was made with an old one meanwhile."""
    with table.writing(connection):  # nobody makes a key now
        if table.count_by_kek(connection).keys() - {ring.newest.id}:
            return False
        write_ring(path, Ring((ring.newest,)))
    return True
