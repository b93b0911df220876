"""Somebody hands their duty over: nothing changes hands before the other one accepts."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications, services
from consult.access import Action
from consult.accounts.people import acting
from consult.backends.jobs import Jobs
from consult.clinical.workflow import states
from consult.clinical.workflow.service_levels import Priority, Rung
from consult.consults import Why, get_seat, take_step
from consult.errors import Conflict, InvalidFields, NotFound
from consult.models import (
    PRIORITY,
    Actor,
    Consult,
    Handover,
    Role,
    Service,
    Shift,
    User,
    Via,
    now,
)

CHECK_HANDOVER = "check_handover"
ACCEPT_WITHIN = timedelta(minutes=15)


async def offer(
    session: AsyncSession, jobs: Jobs, service: Service, to_id: UUID, *, actor: Actor
) -> Handover:
    """Offer what the actor has, and the rest of their shift. Raises InvalidFields, Conflict."""
    await _require_colleague(session, to_id, actor)
    at = now()
    if await _open_from(session, service, actor.user_id):
        raise Conflict("You have offered this already.", code="already_offered")
    handover = Handover(
        service_id=service.id,
        shift_id=await _shift_of(session, service, actor.user_id, at),
        from_id=actor.user_id,
        to_id=to_id,
        offered_at=at,
        due_at=at + ACCEPT_WITHIN,
    )
    session.add(handover)
    await session.flush()
    await audit.record(session, actor, "handover.offered", handover.id)
    await notifications.tell(session, jobs, to_id, notifications.Words.HANDOVER)
    seconds = ACCEPT_WITHIN.total_seconds()
    await jobs.enqueue(session, CHECK_HANDOVER, delay=seconds, handover_id=str(handover.id))
    return handover


async def accept(session: AsyncSession, jobs: Jobs, handover_id: UUID, *, actor: Actor) -> Handover:
    """Take it all over: every open consult, and the rest of the shift.

    Raises NotFound for what was not offered to the actor, or Conflict when it is over.
    """
    handover, at = await _mine(session, handover_id, actor), now()
    handover.accepted_at = at
    giver = await session.get_one(User, handover.from_id)
    taker = await session.get_one(User, handover.to_id)
    for consult_id in await _open_consults(session, handover):
        seat = await get_seat(
            session, acting(giver, via=Via.COMMAND), consult_id, Action.CONSULT_MOVE
        )
        why = Why(code="handover", details={"handover_id": str(handover.id)}, to=taker)
        await take_step(session, seat, states.Step.REASSIGN, why, at=at)
        await notifications.something_new(session, jobs, seat.consult, by=actor)
    await _take_shift(session, handover, at)
    session.add(handover)
    await audit.record(session, actor, "handover.accepted", handover.id)
    return handover


async def decline(session: AsyncSession, handover_id: UUID, *, actor: Actor) -> Handover:
    """Everything stays where it is. Raises NotFound or Conflict."""
    handover = await _mine(session, handover_id, actor)
    handover.declined_at = now()
    session.add(handover)
    await audit.record(session, actor, "handover.declined", handover.id)
    return handover


async def list_handovers(session: AsyncSession, actor: Actor) -> list[Handover]:
    """What the actor offered, or was offered, the newest first."""
    mine = or_(Handover.from_id == actor.user_id, Handover.to_id == actor.user_id)
    query = select(Handover).where(mine).order_by(col(Handover.offered_at).desc()).limit(50)
    return list((await session.exec(query)).all())


async def weight_of(session: AsyncSession, handover: Handover) -> dict[Priority, int]:
    """How many open consults would change hands, by priority; not which."""
    ids = await _open_consults(session, handover)
    query = select(Consult).where(col(Consult.id).in_(ids))
    rows = (await session.exec(query)).all()
    return dict(Counter(PRIORITY[row.urgency] for row in rows))


async def alarm_when_overdue(session: AsyncSession, jobs: Jobs, handover_id: UUID) -> None:
    """Nobody accepted in time: it stays with the leaver, and the supervisor hears of it."""
    handover = await session.get_one(Handover, handover_id)
    if handover.accepted_at or handover.declined_at or handover.alarmed_at:
        return
    handover.alarmed_at = now()
    session.add(handover)
    service = await services.get_service(session, handover.service_id)
    above = await services.person_to_page(session, service, Rung.SUPERVISOR, now())
    hearers = {handover.from_id} | ({above} if above else set[UUID]())
    for user_id in sorted(hearers):
        await notifications.tell(session, jobs, user_id, notifications.Words.HANDOVER_OVERDUE)
    if above is None:
        words = notifications.Words.HANDOVER_OVERDUE
        await notifications.alert(session, jobs, words, officers_too=False)
    await audit.record(session, None, "handover.overdue", handover.id)


async def _mine(session: AsyncSession, handover_id: UUID, actor: Actor) -> Handover:
    handover = await session.get(Handover, handover_id)
    if handover is None or handover.to_id != actor.user_id:
        raise NotFound
    if handover.accepted_at or handover.declined_at:
        raise Conflict("This hand-over is over.", code="handover_over")
    return handover


async def _open_from(session: AsyncSession, service: Service, user_id: UUID) -> Handover | None:
    query = select(Handover).where(
        Handover.service_id == service.id,
        Handover.from_id == user_id,
        col(Handover.accepted_at).is_(None),
        col(Handover.declined_at).is_(None),
    )
    return (await session.exec(query)).first()


async def _open_consults(session: AsyncSession, handover: Handover) -> list[UUID]:
    """Those of the leaver in this service that somebody has to answer, the most urgent first."""
    query = select(Consult).where(
        Consult.service_id == handover.service_id,
        Consult.assigned_to == handover.from_id,
        col(Consult.state).in_(states.MOVES[states.Step.REASSIGN].leaves),
    )
    order, rows = list(Priority), (await session.exec(query)).all()
    return [row.id for row in sorted(rows, key=lambda row: order.index(PRIORITY[row.urgency]))]


async def _shift_of(
    session: AsyncSession, service: Service, user_id: UUID, at: datetime
) -> UUID | None:
    soon = at + timedelta(microseconds=1)
    shifts = await services.list_shifts(session, service, since=at, until=soon)
    return next((shift.id for shift in shifts if shift.user_id == user_id), None)


async def _take_shift(session: AsyncSession, handover: Handover, at: datetime) -> None:
    shift = await session.get(Shift, handover.shift_id) if handover.shift_id else None
    if shift is None or shift.ends_at <= at or shift.cancelled_at:
        return
    rest = Shift(
        service_id=shift.service_id,
        user_id=handover.to_id,
        rung=shift.rung,
        starts_at=at,
        ends_at=shift.ends_at,
        added_by=handover.from_id,
        handed_over_from=shift.id,
    )
    shift.ends_at = at
    session.add_all([shift, rest])


async def _require_colleague(session: AsyncSession, to_id: UUID, actor: Actor) -> None:
    user = await session.get(User, to_id)
    if (
        user is None
        or not user.active
        or not user.ours
        or user.role is not actor.role
        or user.id == actor.user_id
        or user.role not in (Role.SPECIALIST, Role.COORDINATOR)
    ):
        raise InvalidFields({"to_id": "Choose a colleague of this service."})
