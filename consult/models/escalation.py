"""What happens when nobody moves: rows with a due time, found by it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.clinical.workflow.service_levels import Rung
from consult.models.base import enum_type, now


class EscalationKind(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    """Nobody has taken it."""
    REPLY = "reply"
    """It was taken, and nobody has answered."""
    INFORMATION = "information"
    """What the asker was asked for has not come."""
    EMERGENCY = "emergency"
    """A patient was told to call the emergency number; nobody knows whether they read it."""


class EscalationOutcome(StrEnum):
    PAGED = "paged"
    TELEPHONE = "telephone"
    """Nobody was there to be paged: the telephone was all that was left."""
    STOPPED = "stopped"
    """Somebody moved in time."""


class Escalation(SQLModel, table=True):
    __table_args__ = (
        sa.Index("ix_escalation_due_at_open", "due_at", sqlite_where=sa.text("settled_at IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    kind: EscalationKind = Field(sa_type=enum_type(EscalationKind))
    rung: Rung = Field(sa_type=enum_type(Rung))
    due_at: datetime | None = None
    """None while the clock stands still."""
    left_seconds: float | None = None
    """What was left of the time when the clock was stopped."""
    settled_at: datetime | None = None
    outcome: EscalationOutcome | None = Field(default=None, sa_type=enum_type(EscalationOutcome))
    paged_id: UUID | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
