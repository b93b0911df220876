"""The tables: one module per noun. Importing this package registers them all."""

from consult.models.account import (
    CLINICIANS,
    PEOPLE,
    WRITE_ONLY,
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
from consult.models.advice import Advice, Disposition
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
    PRIORITY,
    Audience,
    Consult,
    ConsultKind,
    Event,
    Participant,
    ReadMark,
    Urgency,
)
from consult.models.device import Device, DeviceChallenge, DeviceSession
from consult.models.escalation import Escalation, EscalationKind, EscalationOutcome
from consult.models.image_request import (
    Addressee,
    ImageRequest,
    Language,
    RequestedPhoto,
    RequestPurpose,
)
from consult.models.link import Link, LinkKind
from consult.models.message import Message
from consult.models.notice import (
    Notice,
    NoticeEvent,
    NoticeMode,
    Preference,
    QuietHours,
)
from consult.models.outcome import AdviceTaken, Healing, PatientOutcome, Went
from consult.models.photo import EarlyPreview, Photo, Preview
from consult.models.proxy import FOR_A_CHILD, Proxy, ProxyBasis
from consult.models.review import PhotoVerdict, RejectionReason, Review
from consult.models.sealed import PrivateBytes, PrivateJSON, PrivateText, private
from consult.models.service import DEFAULT_SERVICE, Handover, Service, Shift
from consult.models.step import OPENED, Step
from consult.models.upload import MAY_TAKE, Upload
from consult.models.webhook import Attempt, Delivery, Webhook

__all__ = [
    "CLINICIANS",
    "DEFAULT_SERVICE",
    "FOR_A_CHILD",
    "MAY_TAKE",
    "OPENED",
    "OPEN_FOR",
    "PEOPLE",
    "PRIORITY",
    "RATIFY_WITHIN",
    "REVIEW_WITHIN",
    "TEXT_VERSION",
    "WRITE_ONLY",
    "Actor",
    "Addressee",
    "Advice",
    "AdviceTaken",
    "ApiToken",
    "Attempt",
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
    "Credential",
    "Delivery",
    "Device",
    "DeviceChallenge",
    "DeviceSession",
    "Disposition",
    "EarlyPreview",
    "Escalation",
    "EscalationKind",
    "EscalationOutcome",
    "Event",
    "GlassOutcome",
    "GlassReason",
    "Handover",
    "Healing",
    "ImageRequest",
    "Invitation",
    "InvitationKind",
    "Language",
    "Link",
    "LinkKind",
    "LoginSession",
    "Message",
    "Notice",
    "NoticeEvent",
    "NoticeMode",
    "Outcome",
    "Participant",
    "PatientOutcome",
    "Photo",
    "PhotoVerdict",
    "Preference",
    "Preview",
    "PrivateBytes",
    "PrivateJSON",
    "PrivateText",
    "Proof",
    "Proxy",
    "ProxyBasis",
    "Purpose",
    "QuietHours",
    "ReadMark",
    "RecoveryCode",
    "RecoveryMethod",
    "RejectionReason",
    "RequestPurpose",
    "RequestedPhoto",
    "Review",
    "Role",
    "Service",
    "Shift",
    "Step",
    "Upload",
    "Urgency",
    "User",
    "Via",
    "Webhook",
    "Went",
    "WitnessReason",
    "now",
    "private",
]
