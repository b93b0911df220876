"""Who did what, to what, when: an append-only, keyed hash chain.

No foreign keys: nothing blocks a deletion, and nothing vanishes with one. No names, no free
text. Everything but the mac is kept as text or number: the exact characters are part of the chain.
"""

from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: str
    """RFC 3339 UTC."""
    actor_id: str | None
    role: str | None
    via: str | None
    via_id: str | None
    action: str
    object_id: str | None
    consult_id: str | None = Field(index=True)
    mac: bytes
    """HMAC-SHA256 over this row and the mac before it."""
