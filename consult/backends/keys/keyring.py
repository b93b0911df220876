"""The subjects' keys, unwrapped when they are needed and forgotten as soon as one is shredded."""

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.keys import table
from consult.backends.keys.ring import KeyEncryptionKey, read_ring
from consult.backends.keys.subject import KEY_BYTES, SubjectKey, subject_of
from consult.config import InvalidSettings
from consult.errors import Gone

SERVICE = UUID(int=0)
"""The subject of what is nobody's own: the blind indexes."""

_MOST_KNOWN = 4096


class UnknownSubject(LookupError):
    """Nobody has made a key for this subject: `await to_thread.run_sync(keys.make, subject)`."""


@dataclass(frozen=True)
class KeyStatus:
    wrapping: tuple[tuple[KeyEncryptionKey, int], ...]
    """Each key-encryption key, the newest last, and how many subjects' keys it wraps."""
    shredded: tuple[table.Shredded, ...]


class Keys:
    """Safe in threads. A shredding by any process is seen by the next look-up of every other."""

    def __init__(self, connection: sqlite3.Connection, key_file: Path) -> None:
        self._connection = connection
        self._key_file = key_file
        self._ring = read_ring(key_file)
        self._known: dict[UUID, SubjectKey | None] = {}
        self._version = 0
        self._lock = Lock()

    def make(self, *subjects: UUID) -> None:
        """Make the subjects' keys, durably, unless they have one. Raises Gone: one was shredded.

        Before the first thing is sealed for a subject, and off the event loop: it syncs.
        """
        with self._lock, table.writing(self._connection):
            # Read anew: a rotation removes a key only while nobody holds this transaction.
            self._ring = read_ring(self._key_file)
            for subject in subjects:
                self._make(subject)

    def find(self, subject: UUID) -> SubjectKey | None:
        """None: the subject was shredded. Raises UnknownSubject."""
        with self._lock:
            self._forget_what_changed()
            if subject not in self._known:
                self._known[subject] = self._load(subject)
            return self._known[subject]

    def get(self, subject: UUID) -> SubjectKey:
        """Raises Gone, UnknownSubject."""
        key = self.find(subject)
        if key is None:
            raise Gone
        return key

    def open(self, sealed: bytes, column: str) -> bytes | None:
        """Return what was sealed for `column`; None: its subject was shredded. Raises Damaged."""
        key = self.find(subject_of(sealed))
        return key.open(sealed, column) if key else None

    def index(self, text: str, column: str) -> bytes:
        """32 bytes that tell whether two texts are the same, and nothing without the keys."""
        return self.get(SERVICE).index(text, column)

    def shred(self, *subjects: UUID) -> None:
        """Forget these subjects' keys for good, to the last byte of keys.db and of its log.

        Raises Conflict: a reader kept the log from being emptied. The keys are forgotten, but
        only the same call again erases them.
        """
        with self._lock:
            with table.writing(self._connection):
                for subject in subjects:
                    table.shred(self._connection, subject)
            self._known.clear()
            table.empty_log(self._connection)

    def check(self) -> None:
        """Raise InvalidSettings when a key-encryption key in use is missing, or another one."""
        for kek_id in table.count_by_kek(self._connection):
            ((_, wrapped),) = table.wrapped_by(self._connection, kek_id, limit=1)
            self._kek(kek_id).unwrap(wrapped)

    def status(self) -> KeyStatus:
        counts = table.count_by_kek(self._connection)
        ring = read_ring(self._key_file)
        return KeyStatus(
            wrapping=tuple((key, counts.get(key.id, 0)) for key in ring.keys),
            shredded=tuple(table.list_shredded(self._connection)),
        )

    def _make(self, subject: UUID) -> None:
        if known := table.find(self._connection, subject):
            if known.key is None:
                raise Gone
            return
        newest = self._ring.newest
        wrapped = newest.wrap(secrets.token_bytes(KEY_BYTES))
        table.add(self._connection, subject, wrapped, newest.id)

    def _forget_what_changed(self) -> None:
        version = table.version(self._connection)
        if version != self._version or len(self._known) >= _MOST_KNOWN:
            self._known.clear()
            self._version = version

    def _load(self, subject: UUID) -> SubjectKey | None:
        wrapped = table.find(self._connection, subject)
        if wrapped is None:
            raise UnknownSubject(subject)
        if wrapped.key is None or wrapped.kek_id is None:
            return None
        return SubjectKey(subject, self._kek(wrapped.kek_id).unwrap(wrapped.key))

    def _kek(self, kek_id: str) -> KeyEncryptionKey:
        key = self._ring.find(kek_id)
        if key is None:  # another process has rotated meanwhile
            self._ring = read_ring(self._key_file)
            key = self._ring.find(kek_id)
        if key is None:
            raise InvalidSettings(
                f"CONSULT_KEY_FILE: has no key {kek_id}, and keys.db needs it. Put the right file "
                "back."
            )
        return key


def keys_of(session: AsyncSession) -> Keys:
    """The keys that bootstrap has put into every session."""
    keys: Keys = session.info["keys"]
    return keys


def is_shredded(session: AsyncSession, subject: UUID) -> bool:
    """Tell whether nothing of this subject can be read any more."""
    return keys_of(session).find(subject) is None
