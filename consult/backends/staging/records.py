"""The file of one upload that is under way: sealed records, to which more are added.

    magic (8) | the upload's own key, wrapped with its subject's (40) | records
    record: bytes of plaintext (4) | nonce (12) | ciphertext and tag, AES-256-GCM

Each record is authenticated with the upload, its subject, and where in the photo it begins. The
length of the whole is no part of it, unlike in a sealed object: a file that was cut off is an
upload that has not come so far. Nonces are random, because what was cut away is written anew
under the same key (NIST SP 800-38D 8.3 allows 2^32 of them).
"""

import fcntl
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consult.backends.files import Data, write_durably
from consult.backends.keys import SubjectKey
from consult.errors import Damaged, Locked

RECORD = 64 * 1024
"""The most plaintext in one: what has arrived so far is written down after so many bytes."""

_MAGIC = b"CONSULT\x02"
_HEAD = struct.Struct(">8s40s")
_LEAD = struct.Struct(">I12s")
_TAG = 16
_KEY_BYTES = 32


@dataclass(frozen=True)
class Whose:
    upload_id: UUID
    subject: UUID

    def authenticated(self, offset: int) -> bytes:
        names = self.upload_id.bytes + self.subject.bytes
        return b"consult-upload-v1\0" + names + offset.to_bytes(8)


@dataclass(frozen=True)
class End:
    """How far a file goes: of plaintext, and on the disk."""

    offset: int
    at: int


def create(path: Path, subject_key: SubjectKey, *, partials: Path) -> None:
    """Make the file of a new upload, durably. Raises FileExistsError."""
    head = _HEAD.pack(_MAGIC, subject_key.wrap(secrets.token_bytes(_KEY_BYTES)))
    write_durably(path, [head], partials=partials)


class Records:
    """An open file. Nothing here is safe in two threads at once."""

    def __init__(self, file: BinaryIO, whose: Whose, cipher: AESGCM, known: End | None) -> None:
        self._file, self._whose, self._cipher = file, whose, cipher
        on_disk = os.fstat(file.fileno()).st_size
        # What this process wrote or read through before needs no second look.
        self.end = known if known and known.at == on_disk else self._find_end()

    @classmethod
    def open(
        cls, path: Path, whose: Whose, subject_key: SubjectKey, known: End | None, *, write: bool
    ) -> Self:
        """Raises FileNotFoundError, Damaged, and Locked while another process writes to it."""
        file = path.open("r+b" if write else "rb")
        try:
            if write:
                _lock(file)
            cipher = AESGCM(subject_key.unwrap(_wrapped_key(file)))
            return cls(file, whose, cipher, known)
        except BaseException:
            file.close()
            raise

    def append(self, plain: Data) -> None:
        """Write one record. It survives the end of this process, and a power cut after `sync`."""
        nonce = secrets.token_bytes(12)
        lead = _LEAD.pack(len(plain), nonce)
        sealed = self._cipher.encrypt(nonce, plain, self._whose.authenticated(self.end.offset))
        self._file.seek(self.end.at)
        self._file.truncate()  # what a crash left half-written
        self._file.write(lead + sealed)
        self._file.flush()
        self.end = End(self.end.offset + len(plain), self.end.at + len(lead) + len(sealed))

    def cut(self, end: End) -> None:
        """Forget, durably, what came after `end`."""
        self._file.truncate(end.at)
        self.end = end
        self.sync()

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def read(self) -> bytes:
        return b"".join(plain for plain, _ in self._records())

    def close(self) -> None:
        self._file.close()

    def _find_end(self) -> End:
        end = End(0, _HEAD.size)
        for _, end in self._records():  # noqa: B007 - the last one counts
            pass
        return end

    def _records(self) -> Iterator[tuple[bytes, End]]:
        """Yield each record and where it ends, up to the first that is not whole."""
        self._file.seek(_HEAD.size)
        end = End(0, _HEAD.size)
        while len(lead := self._file.read(_LEAD.size)) == _LEAD.size:
            length, nonce = _LEAD.unpack(lead)
            if not 0 < length <= RECORD:
                return
            sealed = self._file.read(length + _TAG)
            try:
                plain = self._cipher.decrypt(nonce, sealed, self._whose.authenticated(end.offset))
            except (InvalidTag, ValueError):  # ValueError: shorter than a tag
                return
            end = End(end.offset + len(plain), end.at + len(lead) + len(sealed))
            yield plain, end


def _wrapped_key(file: BinaryIO) -> bytes:
    head = file.read(_HEAD.size)
    if len(head) != _HEAD.size or not head.startswith(_MAGIC):
        raise Damaged
    return head[len(_MAGIC) :]


def _lock(file: BinaryIO) -> None:
    """Ends with the file, and so with the process, whichever way that ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked from None
