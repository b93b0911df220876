"""The consult: a question about a patient (or about somebody unknown), and who is in it.

Two views of every consult exist: everyone's, and the clinicians'. Each has its own message
numbers, event numbers and time of last change, so that nothing in the first moves when
something happens in the second.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Field, Index, SQLModel, UniqueConstraint, col

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class ConsultKind(StrEnum):
    EMERGENCY = "emergency"
    FOLLOW_UP = "follow_up"
    SECOND_OPINION = "second_opinion"
    PRE_VISIT = "pre_visit"
    PRIOR_IMAGING = "prior_imaging"


class Urgency(StrEnum):
    """FHIR request-priority."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class ConsultState(StrEnum):
    SUBMITTED = "submitted"
    """Nobody has answered yet."""
    IN_REVIEW = "in_review"
    """Answered once, and asked again since."""
    ANSWERED = "answered"
    CLOSED = "closed"


class Audience(StrEnum):
    EVERYONE = "everyone"
    CLINICIANS = "clinicians"


class Consult(SQLModel, table=True):
    __table_args__ = (
        Index(None, "updated_at", "id"),
        Index(None, "updated_at_clinicians", "id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind: ConsultKind = Field(sa_type=enum_type(ConsultKind))
    urgency: Urgency = Field(sa_type=enum_type(Urgency))
    state: ConsultState = Field(
        default=ConsultState.SUBMITTED,
        sa_type=enum_type(ConsultState),
    )
    reason: PrivateText = Field(sa_type=sealed("consult.reason"))
    """Why help is asked for, in the asker's words (FHIR ServiceRequest.reason)."""
    patient_id: UUID | None = Field(default=None, foreign_key="user.id", index=True)
    """None: somebody unknown, as EMS often has it."""
    subject_id: UUID = Field(index=True)
    """Whose key all that is said and shown here is sealed with: the patient's, or else this
    consult's own. Fixed at the opening."""
    shredded_at: datetime | None = None
    """Then it is in nobody's list any more; whether it can be read, the keys alone say."""
    opened_by: UUID = Field(foreign_key="user.id")
    claimed_by: UUID | None = Field(default=None, foreign_key="user.id")
    """Who said, of what a tablet opened: that was me."""
    claimed_at: datetime | None = None
    assigned_to: UUID | None = Field(default=None, foreign_key="user.id", index=True)
    """The specialist who replied first; None is the inbox of all specialists."""
    confidential: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    """Kept from those who act for the patient."""
    study_instance_uid: str = Field(unique=True)
    created_at: datetime = Field(default_factory=now)
    closed_at: datetime | None = None

    updated_at: datetime = Field(default_factory=now)
    updated_at_clinicians: datetime = Field(default_factory=now)
    last_seq: int = 0
    last_seq_clinicians: int = 0
    last_event: int = 0
    last_event_clinicians: int = 0
    photo_count: int = 0


class Participant(SQLModel, table=True):
    consult_id: UUID = Field(foreign_key="consult.id", primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", primary_key=True, index=True)
    in_the_open: bool
    """False while the person has only spoken among clinicians: patients do not see them yet."""
    joined_at: datetime = Field(default_factory=now)
    granted_by: UUID | None = Field(default=None, foreign_key="user.id")
    """Who asked this person in, as a guest; the seat is live only while theirs is."""
    purpose: PrivateText | None = Field(default=None, sa_type=sealed("participant.purpose"))
    """What the guest was asked in for; sealed as the consult is."""
    expires_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def holds_at(cls, at: datetime) -> ColumnElement[bool]:
        """The seat by itself. Whoever ends a seat ends those that hang on it in the same breath."""
        return and_(
            col(cls.ended_at).is_(None),
            or_(col(cls.expires_at).is_(None), col(cls.expires_at) > at),
        )


class ReadMark(SQLModel, table=True):
    """How far somebody has read, in the numbers of their own view."""

    consult_id: UUID = Field(foreign_key="consult.id", primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    seq: int


class Event(SQLModel, table=True):
    """Something happened in a consult: what live pages are told, and resume from."""

    __table_args__ = (UniqueConstraint("consult_id", "number"),)

    consult_id: UUID = Field(foreign_key="consult.id", primary_key=True)
    number_clinicians: int = Field(primary_key=True)
    number: int | None = None
    """Its number in everyone's view; None when only clinicians are told."""
    kind: str
    """message.posted · photo.attached · consult.changed"""
    subject_id: UUID | None = None
    created_at: datetime = Field(default_factory=now)
