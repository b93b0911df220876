"""People and the ways in: passkeys, invitations, sessions, tokens.

Secrets are never here, only their SHA-256: a copy of the database opens no door. Names and
addresses are sealed: it tells of nobody either.
"""

from datetime import datetime
from enum import StrEnum
from secrets import token_bytes
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class Role(StrEnum):
    PATIENT = "patient"
    EMS = "ems"
    SPECIALIST = "specialist"
    COORDINATOR = "coordinator"
    ADMIN = "admin"
    DEVICE = "device"
    """A tablet of an ambulance: it sends, and reads nothing."""
    LINK = "link"
    """Whoever holds a link: they send what it asks for, and read nothing."""


WRITE_ONLY = frozenset({Role.DEVICE, Role.LINK})
"""The roles of what sends and reads nothing, not even what it sent."""

PEOPLE = frozenset(Role) - WRITE_ONLY
"""The roles that somebody has who signs in."""


CLINICIANS = frozenset({Role.EMS, Role.SPECIALIST, Role.COORDINATOR})
"""Who reads and writes what is for clinicians only."""


class User(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: PrivateText | None = Field(default=None, sa_type=sealed("user.email"))
    """Lower case: the one address notices go to. A patient may have none."""
    email_index: bytes | None = Field(default=None, unique=True)
    """Finds the address and tells nothing of it (`Keys.index`); None once it was shredded."""
    name: PrivateText = Field(sa_type=sealed("user.name"))
    role: Role = Field(sa_type=enum_type(Role))
    handle: bytes = Field(default_factory=lambda: token_bytes(32), unique=True)
    """WebAuthn user handle: 32 random bytes, says nothing about the person."""
    active: bool = True
    ours: bool = Field(default=True, sa_column_kwargs={"server_default": "1"})
    """False for a colleague from elsewhere: they see only what they were asked into."""
    born_on: PrivateText | None = Field(default=None, sa_type=sealed("user.born_on"))
    """A date, ISO 8601."""
    time_zone: PrivateText | None = Field(default=None, sa_type=sealed("user.time_zone"))
    """Where the person lives (IANA): where their birthday begins."""
    created_at: datetime = Field(default_factory=now)
    read_only_until: datetime | None = None
    """An administrator who came back by recovery changes nothing before this."""


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
    name: PrivateText = Field(sa_type=sealed("credential.name"))
    """What its owner calls it."""
    created_at: datetime = Field(default_factory=now)
    usable_from: datetime | None = None
    """A passkey that waits: whoever owns the account has until then to object."""
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class InvitationKind(StrEnum):
    LINK = "link"
    """For the person's own mailbox, or handed over by the operator."""
    QR = "qr"
    """Shown on a colleague's screen, scanned at once."""
    PRINTED = "printed"
    """A card to take home."""


class Invitation(SQLModel, table=True):
    """A one-time right to bind a passkey to one user. It reads nothing."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    kind: InvitationKind = Field(default=InvitationKind.LINK, sa_type=enum_type(InvitationKind))
    token_hash: bytes = Field(unique=True)
    made_by: UUID | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class RecoveryMethod(StrEnum):
    MAIL = "mail"
    """A link to the person's own mailbox."""
    SAVED = "saved"
    """A code that the person wrote down while they could still sign in."""
    WITNESS = "witness"
    """A code that a coordinator gave after making sure who asks for it."""
    CARD = "card"
    """A code on a card or a screen, given in person: an invitation of that kind."""


class WitnessReason(StrEnum):
    """Why somebody needs another way back; nothing in words, for it goes on record."""

    LOST = "lost"
    STOLEN = "stolen"
    BROKEN = "broken"
    REPLACED = "replaced"


class RecoveryCode(SQLModel, table=True):
    """One of the two proofs that give somebody their account back. Alone it opens nothing."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    method: RecoveryMethod = Field(sa_type=enum_type(RecoveryMethod))
    code_hash: bytes = Field(unique=True)
    made_by: UUID | None = Field(default=None, foreign_key="user.id")
    reason: WitnessReason | None = Field(default=None, sa_type=enum_type(WitnessReason))
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Ceremony(StrEnum):
    REGISTRATION = "registration"
    AUTHENTICATION = "authentication"
    ADDING = "adding"
    """One more passkey, for somebody who is signed in."""
    PROVING = "proving"
    """Touch it again, before something that matters."""
    RECOVERY = "recovery"


class Challenge(SQLModel, table=True):
    """A WebAuthn challenge that has not been answered yet; deleted by the first answer."""

    challenge_hash: bytes = Field(primary_key=True)
    ceremony: Ceremony = Field(sa_type=enum_type(Ceremony))
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id")
    user_id: UUID | None = Field(default=None, foreign_key="user.id")
    """Who alone may answer it, where that is known before."""
    expires_at: datetime = Field(index=True)


class LoginSession(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    credential_id: UUID | None = Field(default=None, foreign_key="credential.id")
    """The passkey that opened it."""
    device: str = ""
    """Browser and system in a few words of ours, to recognise it by; nothing that the browser
    said, and nothing that tells two devices apart."""
    created_at: datetime = Field(default_factory=now)
    seen_at: datetime = Field(default_factory=now)
    proved_at: datetime | None = None
    """When the passkey was last touched."""
    ended_at: datetime | None = None
    device_id: UUID | None = Field(default=None, foreign_key="device.id", index=True)
    """The tablet on which it began: there, sessions are short."""


class ApiToken(SQLModel, table=True):
    """A bearer token for an integration; acts as its user."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    name: PrivateText = Field(sa_type=sealed("apitoken.name"))
    scopes: list[str] | None = Field(default=None, sa_type=sa.JSON)
    """The actions it is for; None: all that its user may do."""
    network: str | None = None
    """The only network it is taken from, in CIDR notation."""
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
