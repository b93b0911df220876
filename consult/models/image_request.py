"""Images that somebody was asked for: what for, which, by when, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class RequestPurpose(StrEnum):
    """What the images are for. Coded, so that a link can say it without saying about whom."""

    ASSESSMENT = "assessment"
    DRESSING_CHANGE = "dressing_change"
    BEFORE_VISIT = "before_visit"
    FOLLOW_UP = "follow_up"
    RETAKE = "retake"


class Addressee(StrEnum):
    PATIENT = "patient"
    COLLEAGUE = "colleague"


class Language(StrEnum):
    """ISO 639-1."""

    ENGLISH = "en"
    SPANISH = "es"


class ImageRequest(SQLModel, table=True):
    __table_args__ = (
        sa.Index("ix_imagerequest_open_due_at", "due_at", sqlite_where=sa.text("ended_at IS NULL")),
        sa.Index(
            "ix_imagerequest_open_mail_at", "mail_at", sqlite_where=sa.text("ended_at IS NULL")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    series_id: UUID = Field(index=True)
    """The same for every window of a request that repeats; of a single one its own id."""
    purpose: RequestPurpose = Field(sa_type=enum_type(RequestPurpose))
    wanted: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    """`body_site`, `laterality` and `view` of each image, in the order in which it is shown."""
    addressee: Addressee = Field(sa_type=enum_type(Addressee))
    user_id: UUID | None = Field(default=None, foreign_key="user.id")
    """Who is asked, where they have an account."""
    email: PrivateText | None = Field(default=None, sa_type=sealed("imagerequest.email"))
    """Where the link goes; None: it is handed over by whoever asks."""
    language: Language = Field(sa_type=enum_type(Language))
    requested_by: UUID = Field(foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)

    opens_at: datetime
    """When the window begins, and the first mail goes out."""
    due_at: datetime
    remind_hours: int
    mail_at: datetime | None = None
    """When the next mail goes out; None: never again."""
    mails: int = 0
    link_id: UUID | None = Field(default=None, foreign_key="link.id", unique=True)
    """None until the window begins."""
    retake_of: UUID | None = Field(default=None, foreign_key="photo.id")
    """The photo that was not good enough."""

    met_at: datetime | None = None
    cancelled_by: UUID | None = Field(default=None, foreign_key="user.id")
    ended_at: datetime | None = None
    """Met, cancelled, or given up; from then on nobody is reminded."""


class RequestedPhoto(SQLModel, table=True):
    """A photo that came because it was asked for."""

    photo_id: UUID = Field(foreign_key="photo.id", primary_key=True)
    request_id: UUID = Field(foreign_key="imagerequest.id", index=True)
    number: int | None = None
    """Which of the wanted images it is, from 0; None: the sender did not say."""
