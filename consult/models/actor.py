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


@dataclass(frozen=True)
class Actor:
    user_id: UUID
    role: Role
    name: str
    email: str
    via: Via
    via_id: UUID | None = None
    """The login session or token that was presented."""

    @property
    def is_clinician(self) -> bool:
        return self.role in CLINICIANS
