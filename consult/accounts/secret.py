"""Secrets that open a door: made here, shown once, kept only as their SHA-256.

A plain hash is enough: each holds 256 random bits, so there is nothing to guess.
"""

import hashlib
import secrets


def make_secret() -> str:
    """Return 256 random bits in base64url: 43 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str | bytes) -> bytes:
    raw = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return hashlib.sha256(raw).digest()
