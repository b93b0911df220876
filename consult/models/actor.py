"""Who acts: the agent of every use case and of every audit row (FHIR AuditEvent.agent)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from consult.models.account import CLINICIANS, Role


class Via(StrEnum):
    """The way in that the actor came by."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    COMMAND = "command"
    DEVICE = "device"
    LINK = "link"


class Proof(StrEnum):
    """How the actor showed who they are."""

    NONE = "none"
    SESSION = "session"
    FRESH = "fresh"
    """A session whose passkey was touched within the last five minutes."""
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    DEVICE = "device"
    LINK = "link"


@dataclass(frozen=True)
class Actor:
    user_id: UUID
    role: Role
    name: str
    email: str | None
    via: Via
    via_id: UUID | None = None
    """The login session, token, device or link that was presented."""
    proof: Proof = Proof.SESSION
    scopes: frozenset[str] | None = None
    """What a token is limited to; None for no limit."""
    ours: bool = True
    """The account belongs to this service; a guest's does not."""
    device_id: UUID | None = None
    """The tablet that the actor is, or signed in on."""
    on_behalf_of: UUID | None = None
    """The patient that a proxy acts for."""
    break_glass_id: UUID | None = None
    """The emergency under which the actor sees what is not theirs."""
    address: str = ""
    request_id: str = ""

    @property
    def is_clinician(self) -> bool:
        return self.role in CLINICIANS
