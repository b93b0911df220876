"""A link that needs no account: it lets one thing be sent into one consult, and shows nothing.

Its secret is never here, only its SHA-256. What is sent with it is sent by an account of its own.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now


class LinkKind(StrEnum):
    PHOTOS = "photos"
    """Send the photos that were asked for."""
    OUTCOME = "outcome"
    """Say what became of the patient."""


class Link(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    """Stands in the link beside the secret, so that wrong secrets can be counted."""
    kind: LinkKind = Field(sa_type=enum_type(LinkKind))
    secret_hash: bytes = Field(unique=True)
    user_id: UUID = Field(foreign_key="user.id", unique=True)
    """Of role link: what comes by this link is by this account."""
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    uses: int = 0
    most_uses: int
    wrong_tries: int = 0
    ended_at: datetime | None = None
