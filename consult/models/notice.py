"""What was sent to whom, and what each person wants to be sent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now


class NoticeEvent(StrEnum):
    """What somebody can choose for."""

    CONSULT_OPENED = "consult_opened"
    NEWS = "news"
    """A message, a photo, a step."""
    ADVICE = "advice"
    PAGE = "page"
    """You are on duty, and somebody waits."""
    HANDOVER = "handover"


class NoticeMode(StrEnum):
    ON = "on"
    DIGEST = "digest"
    """Once a day, together."""


class Preference(SQLModel, table=True):
    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    event: NoticeEvent = Field(sa_type=enum_type(NoticeEvent), primary_key=True)
    mode: NoticeMode = Field(sa_type=enum_type(NoticeMode))


class QuietHours(SQLModel, table=True):
    """By the wall clock where the person lives. What is not urgent waits until they are over."""

    user_id: UUID = Field(foreign_key="user.id", primary_key=True)
    begins: str | None = None
    """HH:MM; None for no quiet hours."""
    ends: str | None = None
    digest_at: str = "08:00"
    time_zone: str = "UTC"


class Notice(SQLModel, table=True):
    """One mail to one person. Its id is the Message-ID of every attempt."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="user.id", index=True)
    consult_id: UUID | None = Field(default=None, foreign_key="consult.id", index=True)
    escalation_id: UUID | None = Field(default=None, foreign_key="escalation.id", index=True)
    words: str
    created_at: datetime = Field(default_factory=now)
    attempt_count: int = 0
    sent_at: datetime | None = None
    """The mail server took it over."""
    failed_at: datetime | None = None
    """The mail server said that this address does not work."""
    needless_at: datetime | None = None
    """Somebody was quicker, or the person may not know of it any more."""
