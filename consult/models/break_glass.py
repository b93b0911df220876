"""A consult opened in an emergency by somebody who is not in it."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_
from sqlmodel import Field, SQLModel, col

from consult.models.base import Moment, enum_type, now
from consult.models.sealed import PrivateText, sealed

OPEN_FOR = timedelta(minutes=60)
REVIEW_WITHIN = timedelta(hours=72)


class GlassReason(StrEnum):
    EMERGENCY = "emergency"
    """The patient is here, and it cannot wait."""
    COVER = "cover"
    """Whoever has the consult cannot be reached."""
    SAFETY = "safety"
    """Somebody is in danger."""
    OTHER = "other"


class GlassOutcome(StrEnum):
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class BreakGlass(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    reason_code: GlassReason = Field(sa_type=enum_type(GlassReason))
    reason_text: PrivateText = Field(sa_type=sealed("breakglass.reason_text"))
    """Like the comment, it may tell of the patient: both are sealed as the consult is."""
    opened_at: datetime = Field(default_factory=now)
    expires_at: datetime
    review_due_at: datetime
    reminded_at: datetime | None = None
    """When the coordinators were last told that the review is overdue."""
    reviewed_by: UUID | None = Field(default=None, foreign_key="user.id")
    reviewed_at: datetime | None = None
    outcome: GlassOutcome | None = Field(default=None, sa_type=enum_type(GlassOutcome))
    comment: PrivateText | None = Field(default=None, sa_type=sealed("breakglass.comment"))

    @classmethod
    def open_at(cls, at: Moment) -> ColumnElement[bool]:
        return and_(col(cls.opened_at) <= at, col(cls.expires_at) > at)

    @classmethod
    def overdue_at(cls, at: datetime) -> ColumnElement[bool]:
        return and_(col(cls.reviewed_at).is_(None), col(cls.review_due_at) <= at)
