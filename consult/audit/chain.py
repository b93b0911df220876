"""The chain: each row carries a keyed mac over itself and the mac of the row before.

    mac = HMAC-SHA256(key, domain | row as canonical JSON | 0 | mac of the row before)

So an edited, removed, reordered or forged row breaks it. The key is not in the database. A cut
tail breaks nothing; that is what the anchors are for.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.audit.anchors import Anchor, by_seq
from consult.models import AuditRow

VERSION = 2
"""The form of the rows that are written now."""

_DOMAINS = {1: b"consult-audit-v1\0", 2: b"consult-audit-v2\0"}
_FIELDS = frozenset(AuditRow.model_fields) - {"mac"}
_FIRST_FIELDS = frozenset(
    {"seq", "at", "actor_id", "role", "via", "via_id", "action", "object_id", "consult_id"}
)
_LATER_FIELDS = _FIELDS - _FIRST_FIELDS - {"version"}
_PAGE = 1000


@dataclass(frozen=True)
class ChainReport:
    rows: int
    first_bad_seq: int | None
    """The first row whose place or mac is wrong, or that is missing; None when the chain holds."""
    anchored: int = 0
    """The last row that an anchor vouches for."""


async def verify(session: AsyncSession, anchors: Sequence[Anchor] = ()) -> ChainReport:
    """Walk the whole chain from its first row. `anchors` were read before `session` began."""
    mac, expected, anchored = b"", 1, by_seq(anchors)
    async for row in rows_of_the_chain(session):
        said = anchored.get(expected, frozenset())
        if row.seq != expected or not _holds(session, row, mac) or said - {row.mac.hex()}:
            return ChainReport(rows=expected - 1, first_bad_seq=expected)
        mac, expected = row.mac, expected + 1
    last = max(anchored, default=0)
    cut = expected if last >= expected else None
    return ChainReport(rows=expected - 1, first_bad_seq=cut, anchored=0 if cut else last)


async def rows_of_the_chain(session: AsyncSession) -> AsyncIterator[AuditRow]:
    """Every row in order. What the session held until then is forgotten, page by page."""
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


def seal(session: AsyncSession, row: AuditRow, mac_before: bytes) -> bytes:
    """The mac of `row` in the place after the row whose mac is `mac_before`."""
    return _mac(_key(session), row, mac_before)


def _holds(session: AsyncSession, row: AuditRow, mac_before: bytes) -> bool:
    # Whatever type a tamperer left in a column, the row is then another, not an exception.
    mac: Any = row.mac
    return (
        isinstance(mac, bytes)
        and row.version in _DOMAINS
        and (row.version > 1 or _is_of_the_first_form(row))
        and hmac.compare_digest(mac, _mac(_key(session), row, mac_before))
    )


def _is_of_the_first_form(row: AuditRow) -> bool:
    # The mac of such a row says nothing about the columns that came later: they must be empty.
    return all(getattr(row, field) is None for field in _LATER_FIELDS)


def _mac(key: bytes, row: AuditRow, mac_before: bytes) -> bytes:
    named = _FIRST_FIELDS if row.version == 1 else _FIELDS
    fields = {name: getattr(row, name) for name in named}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=repr)
    message = _DOMAINS[row.version] + canonical.encode() + b"\0" + mac_before
    return hmac.digest(key, message, hashlib.sha256)


def _key(session: AsyncSession) -> bytes:
    # Put there once by bootstrap, for every session: no use case has to carry it.
    key = session.info["audit_key"]
    assert isinstance(key, bytes)
    return key
