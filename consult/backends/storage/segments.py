"""The form of a sealed object. Pure: bytes in, bytes out.

    magic (8) | length of the plaintext (8) | its key, wrapped (40) | nonce prefix (7) | segments

Each segment is 64 KiB of plaintext, the last one less, sealed with AES-256-GCM under the
object's own key. Nonce: prefix | number of the segment (4) | 1 for the last one, else 0: the
STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), in which segments cannot be
swapped, dropped or repeated. Name, subject, kind and length of the object are authenticated
with each of them.
"""

import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consult.backends.files import Data
from consult.backends.keys import SubjectKey
from consult.errors import Damaged

SEGMENT = 64 * 1024
_TAG = 16
SEALED_SEGMENT = SEGMENT + _TAG
_HEAD = struct.Struct(">8sQ40s7s")
HEAD = _HEAD.size
_MAGIC = b"CONSULT\x01"
_KEY_BYTES = 32
_AT_ONCE = 8


@dataclass(frozen=True)
class Label:
    """What an object is: one that is opened as anything else does not open."""

    key: str
    """Its name in the storage."""
    subject: UUID
    kind: str

    def authenticated(self, length: int) -> bytes:
        names = b"\0".join((self.key.encode(), self.kind.encode()))
        return b"consult-object-v1\0" + self.subject.bytes + length.to_bytes(8) + names


@dataclass(frozen=True)
class Seal:
    """What seals and opens the segments of one object."""

    length: int
    """Bytes of the plaintext."""
    prefix: bytes
    authenticated: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)

    @classmethod
    def of_head(cls, head: bytes, stored: int, label: Label, subject_key: SubjectKey) -> Self:
        """Read the head of an object of `stored` bytes in all. Raises Damaged."""
        if len(head) != HEAD:
            raise Damaged
        magic, length, wrapped, prefix = _HEAD.unpack(head)
        # A cut end must show before an inner range is read, and lies in no segment of it.
        if magic != _MAGIC or stored != HEAD + length + segments_of(length) * _TAG:
            raise Damaged
        cipher = AESGCM(subject_key.unwrap(wrapped))
        return cls(length, prefix, label.authenticated(length), cipher)

    def nonce(self, number: int) -> bytes:
        last = number == segments_of(self.length) - 1
        return self.prefix + number.to_bytes(4) + bytes([last])

    def open(self, first: int, sealed: bytes) -> memoryview:
        """Open whole segments in a row, of which `first` is the number. Raises Damaged."""
        source, plain = memoryview(sealed), memoryview(bytearray(len(sealed)))
        size = 0
        for at in range(0, len(source), SEALED_SEGMENT):
            piece, nonce = (
                source[at : at + SEALED_SEGMENT],
                self.nonce(first + at // SEALED_SEGMENT),
            )
            try:
                into = plain[size : size + len(piece) - _TAG]
                size += self.cipher.decrypt_into(nonce, piece, self.authenticated, into)
            except (InvalidTag, ValueError):  # ValueError: shorter than a tag
                raise Damaged from None
        return plain[:size]


def seal(plain: Data, label: Label, subject_key: SubjectKey) -> Iterator[Data]:
    """Yield the head, then segments, some in one piece: fewer writes, and each costs.

    The pieces lie in the same buffer: use each before the next.
    """
    key, prefix = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(7)
    seal = Seal(len(plain), prefix, label.authenticated(len(plain)), AESGCM(key))
    yield _HEAD.pack(_MAGIC, len(plain), subject_key.wrap(key), prefix)
    buffer = memoryview(bytearray(_AT_ONCE * SEALED_SEGMENT))
    for first in range(0, segments_of(len(plain)), _AT_ONCE):
        yield buffer[: _seal_some(seal, plain, first, buffer)]


def _seal_some(seal: Seal, plain: Data, first: int, into: memoryview) -> int:
    view, size = memoryview(plain), 0
    for number in range(first, min(first + _AT_ONCE, segments_of(seal.length))):
        piece = view[number * SEGMENT : (number + 1) * SEGMENT]
        sealed = into[size : size + len(piece) + _TAG]
        size += seal.cipher.encrypt_into(seal.nonce(number), piece, seal.authenticated, sealed)
    return size


def segments_of(length: int) -> int:
    """At least one: an empty object has an end to authenticate, too."""
    return max(1, -(-length // SEGMENT))


def joined(data: Data | Iterable[Data]) -> Data:
    if isinstance(data, bytes | bytearray | memoryview):
        return cast("Data", data)  # pragma: no mutate - of types alone
    return b"".join(data)
