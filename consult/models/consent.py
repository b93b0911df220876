"""What a patient agreed to, and took back: rows are added and never changed."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now

TEXT_VERSION = "2026-11"
"""Of the words that people are shown today when they are asked."""

RATIFY_WITHIN = timedelta(hours=72)
"""In that time somebody has to be asked what an emergency could not wait for."""


class Purpose(StrEnum):
    CARE = "care"
    TEACHING = "teaching"
    RESEARCH = "research"


class Capacity(StrEnum):
    """In what capacity somebody said so for the patient."""

    SELF = "self"
    PROXY = "proxy"
    CLINICIAN = "clinician"
    """Wrote down what the patient said or signed."""


class ConsentMethod(StrEnum):
    TAP = "tap"
    VERBAL = "verbal"
    SIGNATURE = "signature"
    EMERGENCY = "emergency"
    """Nobody could be asked: made by opening a consult, never afterwards."""


class ConsentRow(SQLModel, table=True):
    seq: int | None = Field(default=None, primary_key=True)
    """The newest row that speaks of a purpose counts, whatever a clock says."""
    patient_id: UUID | None = Field(default=None, foreign_key="user.id", index=True)
    consult_id: UUID | None = Field(default=None, foreign_key="consult.id", index=True)
    """None: of everything about the patient."""
    purpose: Purpose = Field(sa_type=enum_type(Purpose))
    given: bool
    """False: refused, or taken back."""
    capacity: Capacity = Field(sa_type=enum_type(Capacity))
    method: ConsentMethod = Field(sa_type=enum_type(ConsentMethod))
    text_version: str = TEXT_VERSION
    given_by: UUID = Field(foreign_key="user.id")
    """Who said so, or wrote it down."""
    at: datetime = Field(default_factory=now)
