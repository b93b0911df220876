"""keys.db: every subject's key, wrapped. A database of its own, so that its backups can be short-lived.

A row whose `wrapped` is NULL is a subject that was shredded.
"""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from consult.backends.files import make_directory
from consult.errors import Conflict

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "secure_delete=ON",  # a forgotten key is overwritten with zeros
    "temp_store=MEMORY",
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subject (
    subject BLOB PRIMARY KEY CHECK (length(subject) = 16),
    wrapped BLOB CHECK (length(wrapped) = 40),
    kek_id TEXT,
    created_at TEXT NOT NULL,
    shredded_at TEXT,
    CHECK ((wrapped IS NULL) = (kek_id IS NULL) AND (wrapped IS NULL) = (shredded_at IS NOT NULL))
) WITHOUT ROWID
"""
_EMPTY_SECONDS = 10.0
_INDEX = "CREATE INDEX IF NOT EXISTS subject_kek_id ON subject (kek_id)"


@dataclass(frozen=True)
class Wrapped:
    """`key` and `kek_id` are None once the subject was shredded."""

    key: bytes | None
    kek_id: str | None


@dataclass(frozen=True)
class Shredded:
    subject: UUID
    at: datetime


def connect(path: Path) -> sqlite3.Connection:
    make_directory(path.parent)
    path.touch(mode=0o600)  # SQLite would give it the mode of the umask, and its log the same
    # Used by the threads that seal photos too, one at a time.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute(_SCHEMA)
    connection.execute(_INDEX)
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Generator[None]:
    """A transaction that holds the only writer from its first moment."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection, of whatever process, has committed."""
    return connection.execute("PRAGMA data_version").fetchall()[0][0]


def find(connection: sqlite3.Connection, subject: UUID) -> Wrapped | None:
    query = "SELECT wrapped, kek_id FROM subject WHERE subject = ?"
    rows = connection.execute(query, (subject.bytes,)).fetchall()
    return Wrapped(*rows[0]) if rows else None


def add(connection: sqlite3.Connection, subject: UUID, wrapped: bytes, kek_id: str) -> None:
    statement = "INSERT INTO subject (subject, wrapped, kek_id, created_at) VALUES (?, ?, ?, ?)"
    connection.execute(statement, (subject.bytes, wrapped, kek_id, _now()))


def wrapped_by(
    connection: sqlite3.Connection, kek_id: str, *, limit: int
) -> list[tuple[bytes, bytes]]:
    """(subject, wrapped) of keys that this key-encryption key wraps."""
    query = "SELECT subject, wrapped FROM subject WHERE kek_id = ? LIMIT ?"
    return connection.execute(query, (kek_id, limit)).fetchall()


def rewrap(connection: sqlite3.Connection, rows: list[tuple[bytes, str, bytes]]) -> None:
    """Write (wrapped, kek_id, subject)."""
    connection.executemany("UPDATE subject SET wrapped = ?, kek_id = ? WHERE subject = ?", rows)


def shred(connection: sqlite3.Connection, subject: UUID) -> None:
    """Forget the key; the row stays, and tells when. A second time changes nothing."""
    connection.execute(
        "INSERT INTO subject (subject, created_at, shredded_at) VALUES (:subject, :at, :at)"
        " ON CONFLICT DO UPDATE SET wrapped = NULL, kek_id = NULL, shredded_at = :at"
        " WHERE shredded_at IS NULL",
        {"subject": subject.bytes, "at": _now()},
    )


def empty_log(connection: sqlite3.Connection) -> None:
    """Move the log into the file and cut it to nothing: it holds what secure_delete has zeroed there.

    Raises Conflict: somebody has been reading for ten seconds, so the log could not be emptied.
    """
    deadline = time.monotonic() + _EMPTY_SECONDS
    while not _emptied(connection):
        if time.monotonic() > deadline:
            raise Conflict(
                "Another program reads keys.db, and so keeps old bytes in its log. Run this again.",
                code="keys_busy",
            )
        time.sleep(0.05)


def _emptied(connection: sqlite3.Connection) -> bool:
    ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return busy == 0


def count_by_kek(connection: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT kek_id, count(*) FROM subject WHERE kek_id IS NOT NULL GROUP BY kek_id"
    return dict(connection.execute(query).fetchall())


def list_shredded(connection: sqlite3.Connection) -> list[Shredded]:
    query = (
        "SELECT subject, shredded_at FROM subject WHERE shredded_at IS NOT NULL"
        " ORDER BY shredded_at, subject"
    )
    rows = connection.execute(query).fetchall()
    return [Shredded(UUID(bytes=row[0]), datetime.fromisoformat(row[1])) for row in rows]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
