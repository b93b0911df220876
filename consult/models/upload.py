"""A photo that is on its way in pieces: where it is to go, and until when it may go on."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.models.base import now
from consult.models.sealed import PrivateText, sealed

MAY_TAKE = timedelta(hours=24)


def _expires() -> datetime:
    return now() + MAY_TAKE


class Upload(SQLModel, table=True):
    __table_args__ = (sa.UniqueConstraint("created_by", "photo_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    photo_id: UUID
    """Made by the phone: that of the photo that this will be."""
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    created_by: UUID = Field(foreign_key="user.id")
    """A person, a tablet or a link. To nobody else it is there."""
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime = Field(default_factory=_expires, index=True)
    length: int
    """Bytes of the whole."""
    subject_id: UUID
    """Whose key it is sealed with: its consult's `subject_id`."""

    body_site: str | None = None
    laterality: str | None = None
    view: str | None = None
    note: PrivateText = Field(sa_type=sealed("upload.note"))
    request_id: UUID | None = Field(default=None, foreign_key="imagerequest.id")
    """What was asked for, and which of the wanted images it is."""
    number: int | None = None

    finished_at: datetime | None = None
    """When it became a photo. Kept until it expires, for whoever did not hear of that."""
