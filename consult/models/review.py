"""What a reviewer says of a photo: can it be used, and if not, why not. Rows are only added."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class PhotoVerdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class RejectionReason(StrEnum):
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    WRONG_SITE = "wrong_site"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    NO_SCALE = "no_scale"
    OBSTRUCTED = "obstructed"
    OTHER = "other"


class Review(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    photo_id: UUID = Field(foreign_key="photo.id", index=True)
    verdict: PhotoVerdict = Field(sa_type=enum_type(PhotoVerdict))
    reason: RejectionReason | None = Field(default=None, sa_type=enum_type(RejectionReason))
    note: PrivateText = Field(sa_type=sealed("review.note"))
    """For clinicians; the sender of the photo is shown the reason alone."""
    reviewed_by: UUID = Field(foreign_key="user.id")
    reviewed_at: datetime = Field(default_factory=now)
