"""The tables: one module per noun. Importing this package registers them all."""

from consult.models.account import (
    CLINICIANS,
    ApiToken,
    Ceremony,
    Challenge,
    Credential,
    Invitation,
    LoginSession,
    Role,
    User,
)
from consult.models.actor import Actor, Via
from consult.models.audit import AuditRow
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
from consult.models.sealed import PrivateBytes, PrivateJSON, PrivateText, private

__all__ = [
    "CLINICIANS",
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
    "Participant",
    "Photo",
    "Preview",
    "PrivateBytes",
    "PrivateJSON",
    "PrivateText",
    "ReadMark",
    "Role",
    "Urgency",
    "User",
    "Via",
    "now",
    "private",
]
