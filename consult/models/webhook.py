"""Where a service's pages go besides the mailbox, and how each of them fared.

The secret of a webhook is not here: it is derived from the service's own, by id and generation.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from consult.models.base import now


class Webhook(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    url: str
    generation: int = 1
    """Counts the secrets that it has had."""
    added_by: UUID | None = Field(default=None, foreign_key="user.id")
    added_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class Delivery(SQLModel, table=True):
    """One event for one webhook; its id is the `webhook-id` of every attempt."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    webhook_id: UUID = Field(foreign_key="webhook.id", index=True)
    consult_id: UUID | None = Field(default=None, foreign_key="consult.id", index=True)
    body: str
    """JSON, word for word as it is signed: ids and times, nothing about anybody's health."""
    created_at: datetime = Field(default_factory=now)
    delivered_at: datetime | None = None
    given_up_at: datetime | None = None
    next_at: datetime | None = None
    attempt_count: int = 0


class Attempt(SQLModel, table=True):
    delivery_id: UUID = Field(foreign_key="delivery.id", primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(default_factory=now)
    status: int | None = None
    """Of HTTP; None when no answer came."""
    error: str = ""
    """Why none came, in a word of ours."""
    milliseconds: int = 0
