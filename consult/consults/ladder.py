"""What is to happen when nobody moves: written down with the deed, stopped by the next one."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.clinical.workflow.service_levels import Clock, Rung, clock
from consult.models import (
    PRIORITY,
    Consult,
    Escalation,
    EscalationKind,
    EscalationOutcome,
    Service,
)
from consult.services import calendar_of, level_of


def promised(consult: Consult, service: Service, since: datetime) -> Clock:
    """When things are due in `service`, had the consult been sent at `since`."""
    level = level_of(service, PRIORITY[consult.urgency])
    return clock(since, level, calendar_of(service))


def climb(session: AsyncSession, consult: Consult, times: Clock) -> None:
    """Page each rung at its time, until somebody acknowledges."""
    for rung, due_at in times.page_at.items():
        plan(session, consult, EscalationKind.ACKNOWLEDGE, rung, due_at)


def plan(
    session: AsyncSession, consult: Consult, kind: EscalationKind, rung: Rung, due_at: datetime
) -> None:
    session.add(Escalation(consult_id=consult.id, kind=kind, rung=rung, due_at=due_at))


async def stop(
    session: AsyncSession, consult: Consult, at: datetime, *kinds: EscalationKind
) -> None:
    """Nothing of these kinds happens any more; of all kinds, when none is named."""
    await session.flush()
    await session.exec(
        update(Escalation)
        .where(*_open(consult.id), col(Escalation.kind).in_(kinds or tuple(EscalationKind)))
        .values(settled_at=at, outcome=EscalationOutcome.STOPPED)
    )


async def hold(session: AsyncSession, consult: Consult, at: datetime) -> None:
    """Stop the clock: what is left of each time is kept."""
    for one in await _rows(session, consult.id):
        if one.due_at:
            one.left_seconds, one.due_at = max(0.0, (one.due_at - at).total_seconds()), None
            session.add(one)


async def go_on(session: AsyncSession, consult: Consult, at: datetime) -> None:
    """Start the clock again."""
    for one in await _rows(session, consult.id):
        if one.left_seconds is not None:
            one.due_at, one.left_seconds = at + timedelta(seconds=one.left_seconds), None
            session.add(one)


async def list_escalations(session: AsyncSession, consult_id: UUID) -> list[Escalation]:
    """All of a consult, settled or to come, by their time."""
    query = select(Escalation).where(Escalation.consult_id == consult_id)
    rows = (await session.exec(query)).all()
    return sorted(rows, key=lambda row: (row.settled_at or row.due_at or row.created_at, row.id))


async def _rows(session: AsyncSession, consult_id: UUID) -> list[Escalation]:
    await session.flush()
    return list((await session.exec(select(Escalation).where(*_open(consult_id)))).all())


def _open(consult_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (col(Escalation.consult_id) == consult_id, col(Escalation.settled_at).is_(None))
