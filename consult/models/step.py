"""The history of a consult: one row for each step, which is never changed and never deleted."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel, UniqueConstraint

from consult.clinical.workflow.states import Owner, State
from consult.models.base import enum_type, now
from consult.models.sealed import PrivateJSON, PrivateText, sealed

OPENED = "open"
"""The name of the first step of every consult; the others are `clinical.workflow.states.Step`."""


class Step(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("consult_id", "number"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    consult_id: UUID = Field(foreign_key="consult.id")
    number: int
    """1, 2, 3 … in the consult."""
    name: str
    from_state: State | None = Field(default=None, sa_type=enum_type(State, name="from_state"))
    to_state: State = Field(sa_type=enum_type(State))
    by_id: UUID | None = Field(default=None, foreign_key="user.id")
    """None: the service itself."""
    on_behalf_of: UUID | None = Field(default=None, foreign_key="user.id")
    reason_code: str = ""
    reason: PrivateText = Field(sa_type=sealed("step.reason"))
    details: PrivateJSON = Field(sa_type=sealed("step.details", PrivateJSON))
    """What this kind of step names: a transfer its clinician, mode and arrival."""
    service_id: UUID = Field(foreign_key="service.id", index=True)
    owner: Owner | None = Field(default=None, sa_type=enum_type(Owner))
    """Who had to move from then on; None at an end."""
    owner_id: UUID | None = Field(default=None, foreign_key="user.id")
    due_at: datetime | None = None
    at: datetime = Field(default_factory=now)
