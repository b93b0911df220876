"""The key-encryption keys: one small file apart from the data, mode 0600, the newest key last.

    {"keys": [{"id": "16 hex digits", "key": "64 hex digits", "made_at": "RFC 3339"}]}

A key's id is computed from the key, so it is its check value as well: a damaged key, or
another key under a known id, cannot pass.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from consult.backends.files import make_directory, sync_directory
from consult.config import InvalidSettings

_KEY_BYTES = 32


@dataclass(frozen=True)
class KeyEncryptionKey:
    key: bytes = field(repr=False)
    made_at: str
    """RFC 3339 UTC."""

    @property
    def id(self) -> str:
        return hmac.digest(self.key, b"consult kek id", hashlib.sha256)[:8].hex()

    @classmethod
    def make(cls) -> Self:
        return cls(secrets.token_bytes(_KEY_BYTES), datetime.now(UTC).isoformat(timespec="seconds"))

    def wrap(self, key: bytes) -> bytes:
        """RFC 3394: 8 bytes longer than `key`."""
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises InvalidSettings: this is not the key that it was wrapped with."""
        try:
            return aes_key_unwrap(self.key, wrapped)
        except InvalidUnwrap:
            raise InvalidSettings(
                "CONSULT_KEY_FILE: does not open what was sealed with it. Put the right file back."
            ) from None


@dataclass(frozen=True)
class Ring:
    keys: tuple[KeyEncryptionKey, ...]

    @property
    def newest(self) -> KeyEncryptionKey:
        return self.keys[-1]

    def find(self, kek_id: str) -> KeyEncryptionKey | None:
        return next((key for key in self.keys if key.id == kek_id), None)


def make_ring(path: Path) -> None:
    """Make the file with its first key. Raises FileExistsError."""
    make_directory(path.parent)
    if path.exists():
        raise FileExistsError(path)
    write_ring(path, Ring((KeyEncryptionKey.make(),)))


def write_ring(path: Path, ring: Ring) -> None:
    """Replace the file, durably: whoever reads it finds the old ring or the new one, whole."""
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - the handle has the mode already
        file.write(_to_json(ring))
        file.flush()
        os.fsync(handle)
    fresh.rename(path)
    sync_directory(path.parent)


def read_ring(path: Path) -> Ring:
    """Raises InvalidSettings: unreadable, readable by others, damaged."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InvalidSettings(
                f"CONSULT_KEY_FILE: others can read {path}. Run: chmod 600 {path}"
            )
        return _from_json(path.read_bytes())
    except OSError:
        raise InvalidSettings(
            f"CONSULT_KEY_FILE: {path} cannot be read. Put it back from its backup: without it "
            "nothing that is kept can be read."
        ) from None


def require_apart(path: Path, *folders: Path, beside: Path) -> None:
    """Raise InvalidSettings when the file lies in one of these folders, or in that of `beside`.

    Links are followed. A copy of the data that carries the key along is a copy in clear.
    """
    place = path.resolve()
    inside = any(place.is_relative_to(folder.resolve()) for folder in folders)
    if inside or place.parent == beside.resolve().parent:
        raise InvalidSettings(
            f"CONSULT_KEY_FILE: {path} lies beside what it seals. Move it to another folder, and "
            "say where."
        )


def _to_json(ring: Ring) -> bytes:
    keys = [{"id": key.id, "key": key.key.hex(), "made_at": key.made_at} for key in ring.keys]
    return json.dumps({"keys": keys}, indent=1).encode() + b"\n"


def _from_json(content: bytes) -> Ring:
    try:
        rows = json.loads(content)["keys"]
        ids = [row["id"] for row in rows]
        keys = tuple(KeyEncryptionKey(bytes.fromhex(row["key"]), row["made_at"]) for row in rows)
    except (ValueError, KeyError, TypeError):
        raise _damaged() from None
    whole = all(len(key.key) == _KEY_BYTES for key in keys)
    if not keys or not whole or [key.id for key in keys] != ids:
        raise _damaged()
    return Ring(keys)


def _damaged() -> InvalidSettings:
    return InvalidSettings(
        "CONSULT_KEY_FILE: is damaged, its check values do not fit. Put it back from its backup."
    )
