"""Who did what, to what, when: an append-only, keyed hash chain.

No foreign keys: nothing blocks a deletion, and nothing vanishes with one. No names, no free
text. Everything but the mac is kept as text or number: the exact characters are part of the chain.
"""

from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel


class Outcome(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"


class AuditRow(SQLModel, table=True):
    __table_args__ = (
        # Who saw a consult in a list is asked by what the list held.
        Index("ix_auditrow_listed", "seq", sqlite_where=text("consult_ids IS NOT NULL")),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: str
    """RFC 3339 UTC."""
    actor_id: str | None
    role: str | None
    via: str | None
    via_id: str | None
    """The login session, token or device that was presented."""
    action: str
    """A deed, as `photo.image.viewed`; of a refusal what was asked for, as `image.read`."""
    object_id: str | None
    consult_id: str | None = Field(index=True)
    mac: bytes
    """HMAC-SHA256 over this row and the mac before it."""

    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Which form of the row the mac is over: 1 ends above, 2 takes in all that follows."""
    patient_id: str | None = Field(default=None, index=True)
    consult_ids: str | None = None
    """The consults that one answer told of, with a space between: of a list."""
    on_behalf_of: str | None = None
    outcome: str | None = None
    rule: str | None = None
    """The name of the rule that decided."""
    purpose: str | None = None
    break_glass_id: str | None = None
    address: str | None = None
    """The network address that the request came from."""
    request_id: str | None = None
