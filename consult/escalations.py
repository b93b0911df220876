"""What is due is done: the next one is paged, the sender sees it, the webhooks hear of it.

Everything of one escalation is one transaction, so that a service which is killed anywhere either
has done all of it or does it again from the start.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications, services, webhooks
from consult.backends.jobs import Jobs
from consult.clinical.workflow.states import MOVES
from consult.clinical.workflow.states import Step as Move
from consult.consults import Why, announce, release
from consult.models import (
    Consult,
    Escalation,
    EscalationKind,
    EscalationOutcome,
    Service,
    User,
)

_AT_ONCE = 50


async def next_due(session: AsyncSession) -> datetime | None:
    """When the first of all open escalations is due."""
    query = select(Escalation.due_at).where(*_OPEN).order_by(col(Escalation.due_at)).limit(1)
    return (await session.exec(query)).first()


async def due_ids(session: AsyncSession, at: datetime) -> list[UUID]:
    """The open escalations that are due, the oldest first; so many as are done in one go."""
    query = select(Escalation.id).where(*_OPEN, col(Escalation.due_at) <= at)
    return list((await session.exec(query.order_by(col(Escalation.due_at)).limit(_AT_ONCE))).all())


async def fire(session: AsyncSession, jobs: Jobs, escalation_id: UUID, at: datetime) -> bool:
    """Page whoever is next. False when somebody moved in the meantime."""
    row = await session.get_one(Escalation, escalation_id)
    if row.settled_at or row.due_at is None or row.due_at > at:
        return False
    consult = await session.get_one(Consult, row.consult_id)
    service = await services.get_service(session, consult.service_id)
    person = await _person(session, consult, service, row, at)
    row.settled_at, row.paged_id = at, person
    row.outcome = EscalationOutcome.PAGED if person else EscalationOutcome.TELEPHONE
    session.add(row)
    if row.kind is EscalationKind.ACKNOWLEDGE:
        consult.owner_id = person
    if person:
        await notifications.page(session, jobs, row, person)
    await _tell(session, jobs, consult, row, at)
    return True


async def release_abandoned(session: AsyncSession) -> None:
    """Let wait again what belongs to somebody who cannot come in any more."""
    query = (
        select(Consult)
        .join(User, col(User.id) == Consult.assigned_to)
        .where(~col(User.active), col(Consult.state).in_(MOVES[Move.RELEASE].leaves))
    )
    for consult in (await session.exec(query)).all():
        await release(session, consult, Why(code="account_closed"))


async def _person(
    session: AsyncSession, consult: Consult, service: Service, row: Escalation, at: datetime
) -> UUID | None:
    """Nobody is paged about their own question."""
    person = await services.person_to_page(session, service, row.rung, at)
    return None if person == consult.opened_by else person


async def _tell(
    session: AsyncSession, jobs: Jobs, consult: Consult, row: Escalation, at: datetime
) -> None:
    assert row.outcome is not None  # set by who calls this
    announce(session, consult, "clock.moved", row.id)
    deed = "consult.paged" if row.paged_id else "consult.nobody_on_duty"
    await webhooks.publish(
        session,
        jobs,
        consult.service_id,
        deed,
        consult_id=consult.id,
        about={
            "escalation_id": str(row.id),
            "kind": row.kind.value,
            "rung": row.rung.value,
            "paged_id": str(row.paged_id) if row.paged_id else "",
        },
        at=at,
    )
    about: audit.About = {"consult_id": consult.id, "patient_id": consult.patient_id}
    await audit.record(session, None, deed, row.paged_id, **about)


_OPEN = (col(Escalation.settled_at).is_(None), col(Escalation.due_at).is_not(None))
