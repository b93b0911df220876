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

from consult.clinical.workflow.service_levels import Priority
from consult.clinical.workflow.states import State
from consult.models.base import Moment, enum_type, now
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


PRIORITY: dict[Urgency, Priority] = {
    Urgency.STAT: Priority.RED,
    Urgency.ASAP: Priority.ORANGE,
    Urgency.URGENT: Priority.YELLOW,
    Urgency.ROUTINE: Priority.GREEN,
}
"""The class whose times a service promises."""


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
    state: State = Field(default=State.SUBMITTED, sa_type=enum_type(State))
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
    """The specialist who took it; None is the inbox of all specialists."""
    service_id: UUID = Field(foreign_key="service.id", index=True)
    """Whose team it is for."""
    owner_id: UUID | None = Field(default=None, foreign_key="user.id")
    """Who has to move next, by name; None while it is the service, and nobody there was paged."""
    due_at: datetime | None = None
    """By when; None only at an end."""
    before_waiting: State | None = Field(
        default=None, sa_type=enum_type(State, name="before_waiting")
    )
    """The state in which information was asked for."""
    waiting_since: datetime | None = None
    """The clock stands still since then."""
    step_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})

    # The reply clock. When it was sent is `created_at`.
    delivered_at: datetime | None = None
    """Somebody on duty was told: the mail server, or their pager, took it over."""
    seen_at: datetime | None = None
    acknowledged_at: datetime | None = None
    """A named person took it, and has it still."""
    answered_at: datetime | None = None
    acknowledge_by: datetime | None = None
    reply_by: datetime | None = None
    emergency_seen_at: datetime | None = None
    """The patient confirmed that they read where to call."""
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
    def holds_at(cls, at: Moment) -> ColumnElement[bool]:
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
    """message.posted · photo.previewed · photo.attached · photo.accepted · photo.rejected · request.changed ·
    outcome.given · consult.changed"""
    subject_id: UUID | None = None
    created_at: datetime = Field(default_factory=now)
