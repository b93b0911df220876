"""Breaking the glass: a specialist reads, for an hour, what is not theirs, and all hear of it."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, cast
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action, require
from consult.backends.jobs import Jobs
from consult.backends.keys import is_shredded
from consult.consults import Seat, get_seat
from consult.errors import Conflict, Gone, NotFound
from consult.models import (
    OPEN_FOR,
    REVIEW_WITHIN,
    Actor,
    BreakGlass,
    GlassOutcome,
    GlassReason,
    User,
    now,
    private,
)
from consult.notifications import Words

_REMIND_EVERY = timedelta(hours=24)


async def break_glass(
    session: AsyncSession,
    jobs: Jobs,
    *,
    actor: Actor,
    consult_id: UUID,
    reason: GlassReason,
    text: str,
    at: datetime | None = None,
) -> tuple[BreakGlass, bool]:
    """Open the consult to `actor` for 60 minutes, to look only, and tell everybody who must know.

    While it is open, asking again is the same one: the second value is then False. Raises
    NotFound, or Forbidden (also for who has the consult anyway).
    """
    at = at or now()
    # Before anything is looked up: without the passkey, a foreign id and none are one answer.
    require(actor, Action.GLASS_BREAK)
    seat = await get_seat(session, actor, consult_id, Action.GLASS_BREAK, at=at)
    if opened := await _open_one(session, actor, consult_id, at):
        return opened, False
    glass = BreakGlass(
        user_id=actor.user_id,
        consult_id=consult_id,
        reason_code=reason,
        reason_text=private(text, seat.consult.subject_id),
        opened_at=at,
        expires_at=at + OPEN_FOR,
        review_due_at=at + REVIEW_WITHIN,
    )
    session.add(glass)
    await session.flush()
    await audit.record(session, actor, "glass.broken", glass.id, consult_id=consult_id)
    await notifications.glass_broken(session, jobs, seat.consult)
    return glass, True


async def open_until(session: AsyncSession, seat: Seat) -> datetime | None:
    """When the emergency access ends under which `seat` looks; None where it takes none."""
    if seat.actor.break_glass_id is None:
        return None
    return (await session.get_one(BreakGlass, seat.actor.break_glass_id)).expires_at


class Listed(NamedTuple):
    glass: BreakGlass
    by: User


async def list_glasses(
    session: AsyncSession, actor: Actor, *, reviewed: bool, limit: int
) -> list[Listed]:
    """What waits for a review, the one due first first; or else what had one, newest first.

    Raises NotFound for whoever reviews none.
    """
    require(actor, Action.GLASS_REVIEW)
    done = col(BreakGlass.reviewed_at)
    query = select(BreakGlass, User).join(User, col(User.id) == BreakGlass.user_id).limit(limit)
    if reviewed:
        query = query.where(done.is_not(None)).order_by(done.desc(), col(BreakGlass.id))
    else:
        due = col(BreakGlass.review_due_at)
        query = query.where(done.is_(None)).order_by(due, col(BreakGlass.id))
    return [Listed(glass, user) for glass, user in (await session.exec(query)).all()]


async def review_glass(
    session: AsyncSession,
    *,
    actor: Actor,
    glass_id: UUID,
    outcome: GlassOutcome,
    comment: str,
    at: datetime | None = None,
) -> Listed:
    """Say whether it was right. Once.

    Raises NotFound, Conflict (`already_reviewed`), or Gone: a comment about a shredded patient.
    """
    require(actor, Action.GLASS_REVIEW)
    glass = await session.get(BreakGlass, glass_id)
    if glass is None:
        raise NotFound
    if glass.reviewed_at:
        raise Conflict("Somebody reviewed this already.", code="already_reviewed")
    subject = glass.reason_text.subject
    if comment and is_shredded(session, subject):
        raise Gone
    glass.reviewed_by, glass.reviewed_at = actor.user_id, at or now()
    glass.outcome, glass.comment = outcome, private(comment or None, subject)
    session.add(glass)
    await audit.record(
        session, actor, f"glass.found_{outcome.value}", glass.id, consult_id=glass.consult_id
    )
    return Listed(glass, await session.get_one(User, glass.user_id))


async def remind_of_overdue(
    session: AsyncSession, jobs: Jobs, *, at: datetime | None = None
) -> int:
    """Alarm the coordinators and the privacy officers of reviews that are overdue; how many.

    Once for all of them, and of each at most once a day.
    """
    at = at or now()
    reminded = col(BreakGlass.reminded_at)
    query = select(BreakGlass).where(
        BreakGlass.overdue_at(at), or_(reminded.is_(None), reminded <= at - _REMIND_EVERY)
    )
    overdue = (await session.exec(query)).all()
    for glass in overdue:
        glass.reminded_at = at
        session.add(glass)
    if overdue:
        await notifications.alert(session, jobs, Words.GLASS_OVERDUE)
    return len(overdue)


async def count_waiting(session: AsyncSession, *, at: datetime | None = None) -> tuple[int, int]:
    """How many wait for a review, and how many of those are overdue."""
    overdue = func.coalesce(func.sum(cast(BreakGlass.overdue_at(at or now()), Integer)), 0)
    query = select(func.count(), overdue).where(col(BreakGlass.reviewed_at).is_(None))
    waiting, late = (await session.exec(query)).one()
    return waiting, late


async def _open_one(
    session: AsyncSession, actor: Actor, consult_id: UUID, at: datetime
) -> BreakGlass | None:
    query = select(BreakGlass).where(
        BreakGlass.consult_id == consult_id,
        BreakGlass.user_id == actor.user_id,
        BreakGlass.open_at(at),
    )
    return (await session.exec(query)).first()
