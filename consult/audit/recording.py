"""Writing the trail: one row in the transaction of the deed, or the deed does not happen."""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.audit.chain import VERSION, seal
from consult.errors import AuditUnavailable
from consult.models import Actor, AuditRow, Outcome, now


class About(TypedDict, total=False):
    """What a decision about health data was about: keyword arguments of `record`."""

    consult_id: UUID | None
    patient_id: UUID | None
    rule: str | None
    purpose: str | None
    break_glass_id: UUID | None


@dataclass
class Occasion:
    """The request that is being answered: where it came from, and the rows it has left."""

    address: str = ""
    request_id: str = ""
    rows: int = 0


_occasion: ContextVar[Occasion | None] = ContextVar("occasion", default=None)


def begin_occasion(*, address: str, request_id: str) -> None:
    """Say where everything comes from that this task records from now on."""
    _occasion.set(Occasion(address, request_id))


def rows_left() -> int:
    """How many rows the request that is being answered has left so far."""
    occasion = _occasion.get()
    return occasion.rows if occasion else 0


async def record(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    object_id: UUID | None = None,
    *,
    consult_id: UUID | None = None,
    consult_ids: Iterable[UUID] = (),
    patient_id: UUID | None = None,
    outcome: Outcome = Outcome.ALLOWED,
    rule: str | None = None,
    purpose: str | None = None,
    break_glass_id: UUID | None = None,
) -> None:
    """Append one row. `actor` is None for the service itself and for nobody signed in.

    `consult_ids` is for a list: every consult that the answer tells of. What concerns a consult
    is for care unless `purpose` says otherwise. Raises AuditUnavailable.
    """
    await session.flush()  # what the use case got wrong is not the trail's fault
    listed = " ".join(str(one) for one in consult_ids)
    occasion = _occasion.get() or Occasion()
    row = AuditRow(
        seq=0,
        at=now().isoformat(),
        actor_id=str(actor.user_id) if actor else None,
        role=actor.role.value if actor else None,
        via=actor.via.value if actor else None,
        via_id=_text(actor.via_id) if actor else None,
        action=action,
        object_id=_text(object_id),
        consult_id=_text(consult_id),
        mac=b"",
        version=VERSION,
        patient_id=_text(patient_id),
        consult_ids=listed or None,
        on_behalf_of=_text(actor.on_behalf_of) if actor else None,
        outcome=outcome.value,
        rule=rule,
        purpose=purpose or ("care" if consult_id or listed else None),
        break_glass_id=_text(break_glass_id),
        address=(actor and actor.address) or occasion.address or None,
        request_id=(actor and actor.request_id) or occasion.request_id or None,
    )
    try:
        await _append(session, row)
    except SQLAlchemyError as error:
        raise AuditUnavailable from error
    occasion.rows += 1


async def _append(session: AsyncSession, row: AuditRow) -> None:
    query = select(AuditRow.seq, AuditRow.mac).order_by(desc(AuditRow.seq)).limit(1)
    last_seq, last_mac = (await session.exec(query)).first() or (0, b"")
    row.seq = last_seq + 1
    row.mac = seal(session, row, last_mac)
    await session.exec(insert(AuditRow).values(row.model_dump()))


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
