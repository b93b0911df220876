"""Secrets that open a door: made here, shown once, kept only as their SHA-256.

A plain hash is enough for at least 112 random bits (OWASP ASVS 5, 6.5.2): there is nothing to
guess. The one that holds fewer, the witness's, is worth nothing after ten minutes.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from uuid import UUID

# Crockford's base 32: no letter that is taken for a digit, none that spells a word by chance.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", " -")
_GROUP = 4
_MAILED_DOMAIN = b"consult-mailed-link-v1\0"


def make_secret(size: int = 32) -> str:
    """Return `size` random bytes in base64url: characters that need no escaping in a URL."""
    return secrets.token_urlsafe(size)


def mailed_secret(key: bytes, row_id: UUID) -> str:
    """Return the 256-bit secret that goes with a row, the same each time.

    A mail may have to be sent twice. With a secret made anew, the link that arrived first
    would be dead. Whoever has the database alone cannot compute it.
    """
    made = hmac.digest(key, _MAILED_DOMAIN + row_id.bytes, hashlib.sha256)
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def make_code(characters: int) -> str:
    """Return a code that a person can read out and type: five bits a character, in groups."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(characters))
    return "-".join(code[start : start + _GROUP] for start in range(0, characters, _GROUP))


def hash_of(secret: str | bytes) -> bytes:
    raw = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return hashlib.sha256(raw).digest()


def hash_of_code(code: str) -> bytes:
    """Hash what the code says, however it was typed: case, spaces, O for 0."""
    return hash_of(code.upper().translate(_MISREAD))


def hashes_of(typed: str) -> tuple[bytes, bytes]:
    """What `typed` is if it is a link's secret, and if it is a code."""
    return hash_of(typed), hash_of_code(typed)
