"""The tables: one module per noun. Importing this package registers them all."""

from consult.models.account import (
    CLINICIANS,
    PEOPLE,
    ApiToken,
    Ceremony,
    Challenge,
    Credential,
    Invitation,
    LoginSession,
    Role,
    User,
)
from consult.models.actor import Actor, Proof, Via
from consult.models.audit import AuditRow, Outcome
from consult.models.base import now
from consult.models.consult import (
    Audience,
    Consult,
    ConsultKind,
    ConsultState,
    Event,
    Participant,
    ReadMark,
    Urgency,
)
from consult.models.message import Message
from consult.models.photo import Photo, Preview

__all__ = [
    "CLINICIANS",
    "PEOPLE",
    "Actor",
    "ApiToken",
    "Audience",
    "AuditRow",
    "Ceremony",
    "Challenge",
    "Consult",
    "ConsultKind",
    "ConsultState",
    "Credential",
    "Event",
    "Invitation",
    "LoginSession",
    "Message",
    "Outcome",
    "Participant",
    "Photo",
    "Preview",
    "Proof",
    "ReadMark",
    "Role",
    "Urgency",
    "User",
    "Via",
    "now",
]
