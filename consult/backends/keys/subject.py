"""One subject's key: what it seals, and the keys of objects that it wraps.

A subject is whoever a thing tells about: a patient, a member of staff, or the unknown person
of one consult. The key seals nothing itself; two keys are derived from it, one for each use.

A sealed value: 0x01 | subject (16) | nonce (12) | AES-256-GCM ciphertext and tag. The column's
name and the subject are authenticated with it.
"""

import hashlib
import hmac
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from consult.errors import Damaged

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE = slice(17, 29)
_CIPHERTEXT = slice(29, None)


class SubjectKey:
    def __init__(self, subject: UUID, key: bytes) -> None:
        self._subject = subject
        self._values = AESGCM(_derive(key, "values"))
        self._objects = _derive(key, "objects")
        self._indexes = _derive(key, "indexes")

    def seal(self, plain: bytes, column: str) -> bytes:
        # Random nonces of 96 bits: NIST SP 800-38D 8.3 allows 2^32 values under one key.
        nonce = secrets.token_bytes(12)
        sealed = self._values.encrypt(nonce, plain, self._authenticated(column))
        return _VERSION + self._subject.bytes + nonce + sealed

    def open(self, sealed: bytes, column: str) -> bytes:
        """Raises Damaged: changed, or of another column."""
        try:
            return self._values.decrypt(
                sealed[_NONCE], sealed[_CIPHERTEXT], self._authenticated(column)
            )
        except (InvalidTag, ValueError):
            raise Damaged from None

    def wrap(self, object_key: bytes) -> bytes:
        return aes_key_wrap(self._objects, object_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises Damaged: changed, or of another subject."""
        try:
            return aes_key_unwrap(self._objects, wrapped)
        except InvalidUnwrap:
            raise Damaged from None

    def index(self, text: str, column: str) -> bytes:
        """A blind index: the same text in the same column gives the same 32 bytes."""
        return hmac.digest(self._indexes, f"{column}\0{text}".encode(), hashlib.sha256)

    def _authenticated(self, column: str) -> bytes:
        return b"consult-value-v1\0" + self._subject.bytes + column.encode()


def subject_of(sealed: bytes) -> UUID:
    """Whose key a sealed value needs. Raises Damaged: it is none."""
    if sealed[:1] != _VERSION or len(sealed) < 45:
        raise Damaged
    return UUID(bytes=sealed[1:17])


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"consult {purpose} key".encode(), hashlib.sha256)
