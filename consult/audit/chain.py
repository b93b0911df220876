"""Who did what, to what, when: written in the transaction of the deed itself.

Each row carries HMAC-SHA256(key, domain | row as canonical JSON | mac of the row before), so
an edited, removed, reordered or forged row breaks the chain. The key is not in the database.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.models import Actor, AuditRow, now

_DOMAIN = b"consult-audit-v1\0"
_PAGE = 1000


async def record(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    object_id: UUID | None = None,
    *,
    consult_id: UUID | None = None,
) -> None:
    """Append one row. `actor` is None for the service itself and for nobody signed in."""
    query = select(AuditRow.seq, AuditRow.mac).order_by(desc(AuditRow.seq)).limit(1)
    last_seq, last_mac = (await session.exec(query)).first() or (0, b"")
    row = AuditRow(
        seq=last_seq + 1,
        at=now().isoformat(),
        actor_id=str(actor.user_id) if actor else None,
        role=actor.role.value if actor else None,
        via=actor.via.value if actor else None,
        via_id=_text(actor.via_id) if actor else None,
        action=action,
        object_id=_text(object_id),
        consult_id=_text(consult_id),
        mac=b"",
    )
    row.mac = _mac(_key(session), row, last_mac)
    session.add(row)
    await session.flush()


@dataclass(frozen=True)
class ChainReport:
    rows: int
    first_bad_seq: int | None
    """The first row whose place or mac is wrong; None when the chain holds."""


async def verify(session: AsyncSession) -> ChainReport:
    """Walk the whole chain from its first row."""
    mac, expected = b"", 1
    async for row in _rows(session):
        if row.seq != expected or not _holds(session, row, mac):
            return ChainReport(rows=expected - 1, first_bad_seq=expected)
        mac, expected = row.mac, expected + 1
    return ChainReport(rows=expected - 1, first_bad_seq=None)


def _holds(session: AsyncSession, row: AuditRow, mac_before: bytes) -> bool:
    return hmac.compare_digest(bytes(row.mac), _mac(_key(session), row, mac_before))


async def _rows(session: AsyncSession) -> AsyncIterator[AuditRow]:
    after = 0
    while page := (
        await session.exec(
            select(AuditRow).where(AuditRow.seq > after).order_by("seq").limit(_PAGE)
        )
    ).all():
        for row in page:
            yield row
        after = page[-1].seq
        session.expunge_all()


def _key(session: AsyncSession) -> bytes:
    # Put there once by bootstrap, for every session: no use case has to carry it.
    key = session.info["audit_key"]
    assert isinstance(key, bytes)
    return key


def _mac(key: bytes, row: AuditRow, mac_before: bytes) -> bytes:
    # Whatever type a tamperer left in a column, the row is then another, not an exception.
    fields = row.model_dump(exclude={"mac"}, warnings=False)
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=repr)
    return hmac.digest(key, _DOMAIN + canonical.encode() + b"\0" + mac_before, hashlib.sha256)


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
