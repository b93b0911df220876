"""Who acts for a patient: a parent for a child, a delegate for an adult."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Field, SQLModel, col

from consult.models.base import Moment, enum_type, now


class ProxyBasis(StrEnum):
    """Why somebody may act for the patient (45 CFR 164.502(g))."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    DELEGATE = "delegate"
    """Chosen by the patient, an adult."""
    REPRESENTATIVE = "representative"
    """Named by a court or in a power of attorney, for an adult who cannot decide."""


FOR_A_CHILD = frozenset({ProxyBasis.PARENT, ProxyBasis.GUARDIAN})


class Proxy(SQLModel, table=True):
    """Never deleted: what was said for the patient stays explained."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    patient_id: UUID = Field(foreign_key="user.id", index=True)
    proxy_id: UUID = Field(foreign_key="user.id", index=True)
    basis: ProxyBasis = Field(sa_type=enum_type(ProxyBasis))
    valid_from: datetime = Field(default_factory=now)
    ends_at: datetime | None = None
    """The first moment at which it holds no more; for a child, the birthday that ends it."""
    ended_at: datetime | None = None
    """When somebody ended it before its time."""
    ended_by: UUID | None = Field(default=None, foreign_key="user.id")
    added_by: UUID = Field(foreign_key="user.id")

    @classmethod
    def holds_at(cls, at: Moment) -> ColumnElement[bool]:
        return and_(
            col(cls.valid_from) <= at,
            or_(col(cls.ends_at).is_(None), col(cls.ends_at) > at),
            col(cls.ended_at).is_(None),
        )
