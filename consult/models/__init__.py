"""The tables: one module per noun. Importing this package registers them all."""

from consult.models.account import (
    CLINICIANS,
    PEOPLE,
    ApiToken,
    Ceremony,
    Challenge,
    Credential,
    Invitation,
    InvitationKind,
    LoginSession,
    RecoveryCode,
    RecoveryMethod,
    Role,
    User,
    WitnessReason,
)
from consult.models.actor import Actor, Proof, Via
from consult.models.audit import AuditRow, Outcome
from consult.models.base import now
from consult.models.break_glass import (
    OPEN_FOR,
    REVIEW_WITHIN,
    BreakGlass,
    GlassOutcome,
    GlassReason,
)
from consult.models.consent import (
    RATIFY_WITHIN,
    TEXT_VERSION,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Purpose,
)
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
from consult.models.device import Device, DeviceChallenge, DeviceSession
from consult.models.message import Message
from consult.models.photo import Photo, Preview
from consult.models.proxy import FOR_A_CHILD, Proxy, ProxyBasis
from consult.models.sealed import PrivateBytes, PrivateJSON, PrivateText, private

__all__ = [
    "CLINICIANS",
    "FOR_A_CHILD",
    "OPEN_FOR",
    "PEOPLE",
    "RATIFY_WITHIN",
    "REVIEW_WITHIN",
    "TEXT_VERSION",
    "Actor",
    "ApiToken",
    "Audience",
    "AuditRow",
    "BreakGlass",
    "Capacity",
    "Ceremony",
    "Challenge",
    "ConsentMethod",
    "ConsentRow",
    "Consult",
    "ConsultKind",
    "ConsultState",
    "Credential",
    "Device",
    "DeviceChallenge",
    "DeviceSession",
    "Event",
    "GlassOutcome",
    "GlassReason",
    "Invitation",
    "InvitationKind",
    "LoginSession",
    "Message",
    "Outcome",
    "Participant",
    "Photo",
    "Preview",
    "PrivateBytes",
    "PrivateJSON",
    "PrivateText",
    "Proof",
    "Proxy",
    "ProxyBasis",
    "Purpose",
    "ReadMark",
    "RecoveryCode",
    "RecoveryMethod",
    "Role",
    "Urgency",
    "User",
    "Via",
    "WitnessReason",
    "now",
    "private",
]
