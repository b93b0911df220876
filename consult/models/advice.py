"""What a specialist advises: a draft until it is signed, and never changed after that."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.sealed import PrivateText, sealed


class Disposition(StrEnum):
    TRANSFER = "transfer"
    TREAT_LOCALLY = "treat_locally"
    CLINIC = "clinic"
    REDIRECT = "redirect"
    MORE_IMAGES = "more_images"


class Advice(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    """Made by the author's phone."""
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    author_id: UUID = Field(foreign_key="user.id")
    text: PrivateText = Field(sa_type=sealed("advice.text"))
    disposition: Disposition = Field(sa_type=enum_type(Disposition))
    valid_until: datetime | None = None
    until_next_photo: bool = False
    """It holds until somebody sends another photo."""
    created_at: datetime = Field(default_factory=now)
    changed_at: datetime = Field(default_factory=now)
    signed_at: datetime | None = None
    """None: a draft, which nobody but its author sees."""
    sha256: str | None = None
    """Over what was signed."""
    number: int | None = None
    """1, 2, 3 … of the signed ones in the consult."""
    superseded_by: UUID | None = Field(default=None, foreign_key="advice.id")
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = Field(default=None, foreign_key="user.id")
