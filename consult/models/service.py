"""The team that answers: a burn centre's service, who of it is on duty, and who hands over."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.clinical.workflow.service_levels import Rung
from consult.models.base import enum_type, now

DEFAULT_SERVICE = UUID("5e41ce00-0000-4000-8000-000000000001")
"""The one that every installation begins with; a consult that names no service is for it."""


class Service(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(unique=True)
    time_zone: str = "UTC"
    """IANA."""
    telephone: str = ""
    """What is shown wherever somebody waits; empty: the emergency number."""
    supervisor_id: UUID | None = Field(default=None, foreign_key="user.id")
    """Who is paged when nobody is on duty."""
    levels: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """By priority, where it differs from the defaults: minutes until each thing is due."""
    week: list[Any] = Field(default_factory=list, sa_type=sa.JSON)
    """Monday first: ["09:00", "17:00"], or null for shut; empty is Monday to Friday, all day."""
    holidays: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    texts: dict[str, str] = Field(default_factory=dict, sa_type=sa.JSON)
    """What people are shown: `emergency`, `nobody_on_duty`, `waiting`."""
    asker_hours: int = 72
    """How long the asker has to read an answer, or to send what was asked for."""
    remind_hours: int = 24
    """How long before images are due somebody is reminded, and how often from then on."""
    link_grace_hours: int = 72
    """So long after images were due a link still takes them, and somebody is still reminded."""
    outcome_after_days: int = 7
    """So long after a consult was closed it is asked what became of the patient."""
    outcome_within_days: int = 30
    """So long that link takes the answer."""
    active: bool = True
    created_at: datetime = Field(default_factory=now)


class Shift(SQLModel, table=True):
    """Never deleted: who was on duty when somebody waited stays explained."""

    __table_args__ = (sa.Index("ix_shift_service_id_ends_at", "service_id", "ends_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    service_id: UUID = Field(foreign_key="service.id")
    user_id: UUID = Field(foreign_key="user.id", index=True)
    rung: Rung = Field(sa_type=enum_type(Rung))
    starts_at: datetime
    ends_at: datetime
    """The first moment at which it is over."""
    added_by: UUID | None = Field(default=None, foreign_key="user.id")
    added_at: datetime = Field(default_factory=now)
    cancelled_by: UUID | None = Field(default=None, foreign_key="user.id")
    cancelled_at: datetime | None = None
    handed_over_from: UUID | None = Field(default=None, foreign_key="shift.id")


class Handover(SQLModel, table=True):
    """Somebody leaves, somebody comes: nothing changes hands before the other one accepts."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    service_id: UUID = Field(foreign_key="service.id")
    shift_id: UUID | None = Field(default=None, foreign_key="shift.id")
    """Whose rest goes along, if one does."""
    from_id: UUID = Field(foreign_key="user.id", index=True)
    to_id: UUID = Field(foreign_key="user.id", index=True)
    offered_at: datetime = Field(default_factory=now)
    due_at: datetime
    """Not accepted by then, it stays with the leaver, and the supervisor is told."""
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    alarmed_at: datetime | None = None
