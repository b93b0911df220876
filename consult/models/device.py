"""The tablets of ambulances: each has an account of its own, and a key that never leaves it.

Its secrets are never here, only their SHA-256; its name is that of its account.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import now


class Device(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", unique=True)
    """Of role device: what the tablet opens and sends is by this account."""
    public_key: bytes | None = None
    """SubjectPublicKeyInfo, DER (RFC 5480), of a P-256 key; None until it is enrolled."""
    code_hash: bytes = Field(unique=True)
    """Of the one-time code that lets a tablet bind its key."""
    code_expires_at: datetime
    code_used_at: datetime | None = None
    enrolled_by: UUID | None = Field(default=None, foreign_key="user.id")
    """Who made the code; None: the command line."""
    created_at: datetime = Field(default_factory=now)
    enrolled_at: datetime | None = None
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None


class DeviceChallenge(SQLModel, table=True):
    """What a tablet is asked to sign; deleted by the first answer."""

    challenge_hash: bytes = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


class DeviceSession(SQLModel, table=True):
    """A tablet has shown its key: for a quarter of an hour it may send."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(unique=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    expires_at: datetime = Field(index=True)
