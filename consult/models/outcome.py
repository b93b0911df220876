"""What became of the patient: asked once, after a consult was closed, and answered by link."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now


class Went(StrEnum):
    """Where the patient was treated in the end."""

    BURN_CENTRE = "burn_centre"
    OTHER_HOSPITAL = "other_hospital"
    CLINIC = "clinic"
    HOME = "home"
    UNKNOWN = "unknown"


class Healing(StrEnum):
    HEALED = "healed"
    HEALING = "healing"
    OPERATED = "operated"
    WORSE = "worse"
    DIED = "died"
    UNKNOWN = "unknown"


class AdviceTaken(StrEnum):
    FOLLOWED = "followed"
    PARTLY = "partly"
    NOT_FOLLOWED = "not_followed"
    UNKNOWN = "unknown"


class PatientOutcome(SQLModel, table=True):
    consult_id: UUID = Field(foreign_key="consult.id", primary_key=True)
    """One a consult: it is asked once."""
    asked_of: UUID | None = Field(default=None, foreign_key="user.id")
    """None: there was nobody whom mail would reach."""
    asked_at: datetime = Field(default_factory=now)
    link_id: UUID | None = Field(default=None, foreign_key="link.id", unique=True)
    answered_at: datetime | None = None
    went: Went | None = Field(default=None, sa_type=enum_type(Went))
    healing: Healing | None = Field(default=None, sa_type=enum_type(Healing))
    advice_taken: AdviceTaken | None = Field(default=None, sa_type=enum_type(AdviceTaken))
