"""What was said in a consult. Written once, never changed."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, UniqueConstraint

from consult.models.base import enum_type, now
from consult.models.consult import Audience
from consult.models.sealed import PrivateText, sealed


class Message(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("consult_id", "seq_clinicians"),
        UniqueConstraint("consult_id", "seq"),
    )

    id: UUID = Field(primary_key=True)
    consult_id: UUID = Field(foreign_key="consult.id")
    seq_clinicians: int
    """1, 2, 3 … over every message of the consult: what clinicians see."""
    seq: int | None = None
    """1, 2, 3 … over the messages for everyone; None when only clinicians see it."""
    author_id: UUID = Field(foreign_key="user.id")
    on_behalf_of: UUID | None = Field(default=None, foreign_key="user.id")
    """The patient whom the author spoke for."""
    audience: Audience = Field(sa_type=enum_type(Audience))
    body: PrivateText = Field(sa_type=sealed("message.body"))
    photo_ids: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    created_at: datetime = Field(default_factory=now)
