"""People and the ways in: passkeys, invitations, sessions, tokens.

Secrets are never here, only their SHA-256: a copy of the database opens no door. Names and
addresses are sealed: it tells of nobody either.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class Role(StrEnum):
    PATIENT = "patient"
    EMS = "ems"
    SPECIALIST = "specialist"
    COORDINATOR = "coordinator"
    ADMIN = "admin"


CLINICIANS = frozenset({Role.EMS, Role.SPECIALIST, Role.COORDINATOR})
"""Who reads and writes what is for clinicians only."""


class User(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: PrivateText = Field(sa_type=sealed("user.email"))
    """Lower case: the one address notices go to."""
    email_index: bytes | None = Field(unique=True)
    """Finds the address and tells nothing of it (`Keys.index`); None once it was shredded."""
    name: PrivateText = Field(sa_type=sealed("user.name"))
    role: Role = Field(sa_type=enum_type(Role))
    handle: bytes = Field(unique=True)
    """WebAuthn user handle: 32 random bytes, says nothing about the person."""
    active: bool = True
    created_at: datetime = Field(default_factory=now)


class Credential(SQLModel, table=True):
    """A passkey. Revoked ones stay: the record of all authenticators is kept."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = 0
    backup_eligible: bool
    backed_up: bool
    rp_id: str
    created_at: datetime = Field(default_factory=now)
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class Invitation(SQLModel, table=True):
    """A one-time right to bind a passkey to one user. It reads nothing."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    token_hash: bytes = Field(unique=True)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None


class Ceremony(StrEnum):
    REGISTRATION = "registration"
    AUTHENTICATION = "authentication"


class Challenge(SQLModel, table=True):
    """A WebAuthn challenge that has not been answered yet; deleted by the first answer."""

    challenge_hash: bytes = Field(primary_key=True)
    ceremony: Ceremony = Field(sa_type=enum_type(Ceremony))
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id")
    expires_at: datetime = Field(index=True)


class LoginSession(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    created_at: datetime = Field(default_factory=now)
    seen_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class ApiToken(SQLModel, table=True):
    """A bearer token for an integration; acts as its user."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    name: PrivateText = Field(sa_type=sealed("apitoken.name"))
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
