"""Seats that are given, to a colleague for a while, and seats that end before their time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.accounts import find_by_email
from consult.backends.jobs import Jobs
from consult.clinical.workflow import states
from consult.consults import Seat, Why, announce, join, take_step
from consult.errors import Conflict, Forbidden, InvalidFields, NotFound
from consult.models import Audience, Participant, Role, User, now, private

DEFAULT_HOURS = 72
LONGEST_HOURS = 14 * 24


@dataclass(frozen=True)
class Wish:
    """Whom to ask in, and what for."""

    email: str
    purpose: str
    hours: int = DEFAULT_HOURS


async def give_seat(
    session: AsyncSession, jobs: Jobs, seat: Seat, wish: Wish, *, at: datetime | None = None
) -> User:
    """Ask a colleague in until the time is over; asking again gives a new time.

    `seat` must have been taken for SEAT_GIVE. Raises InvalidFields, or Conflict when they are
    in it by themselves.
    """
    at, consult = at or now(), seat.consult
    colleague = await _colleague(session, wish.email)
    participant = await session.get(Participant, (consult.id, colleague.id))
    if participant and participant.granted_by is None and participant.ended_at is None:
        raise Conflict("They are in this consult already.", code="already_in_it")
    await join(session, seat, openly=True)  # a seat hangs on the seat of who gave it
    given = participant or Participant(
        consult_id=consult.id, user_id=colleague.id, in_the_open=True
    )
    given.granted_by, given.purpose = seat.actor.user_id, private(wish.purpose, consult.subject_id)
    given.expires_at, given.ended_at = at + timedelta(hours=wish.hours), None
    given.in_the_open, given.joined_at = True, at
    session.add(given)
    announce(session, consult, "consult.changed")
    await audit.record(session, seat.actor, "seat.given", colleague.id, consult_id=consult.id)
    await notifications.something_new(session, jobs, consult, by=seat.actor)
    return colleague


async def end_seat(session: AsyncSession, jobs: Jobs, seat: Seat, user_id: UUID) -> None:
    """End somebody's seat, and in the same breath every seat that they gave, and so on.

    Pages of theirs that are open end with it, and mail that waits for them is not sent. `seat`
    must have been taken for SEAT_END. Raises NotFound, Forbidden or Conflict.
    """
    consult = seat.consult
    participant = await session.get(Participant, (consult.id, user_id))
    if participant is None or participant.ended_at:
        raise NotFound
    _require_right_to_end(seat, participant)
    ended = await _hanging_on(session, participant)
    for one in ended:
        one.ended_at = now()
        session.add(one)
        await audit.record(session, seat.actor, "seat.ended", one.user_id, consult_id=consult.id)
    if consult.assigned_to in {one.user_id for one in ended}:
        await _let_it_wait(session, seat)
        await notifications.something_new(
            session, jobs, consult, by=seat.actor, audience=Audience.CLINICIANS
        )
    announce(session, consult, "consult.changed")


async def _let_it_wait(session: AsyncSession, seat: Seat) -> None:
    """Nobody's now: back to the inbox, or it would be forgotten."""
    if seat.consult.state in states.MOVES[states.Step.RELEASE].leaves:
        await take_step(session, seat, states.Step.RELEASE, Why(code="seat_ended"), announced=False)
    seat.consult.assigned_to = None


def _require_right_to_end(seat: Seat, participant: Participant) -> None:
    if participant.user_id == seat.consult.patient_id:
        raise Conflict("The patient stays in their own consult.", code="is_the_patient")
    own = participant.user_id == seat.actor.user_id
    if not (participant.granted_by or own or seat.actor.role is Role.COORDINATOR):
        raise Forbidden("Only a coordinator ends the seat of a member.")


async def _hanging_on(session: AsyncSession, participant: Participant) -> list[Participant]:
    """`participant`, and every live seat that comes from theirs."""
    query = select(Participant).where(
        Participant.consult_id == participant.consult_id, col(Participant.ended_at).is_(None)
    )
    live, hanging = (await session.exec(query)).all(), [participant]
    for giver in hanging:  # grows while it is walked
        hanging += [one for one in live if one.granted_by == giver.user_id and one not in hanging]
    return hanging


async def _colleague(session: AsyncSession, email: str) -> User:
    found = await find_by_email(session, email)
    if found is None or not found.active or found.role is not Role.SPECIALIST:
        # One answer, whoever it is: this is no way to ask who has an account.
        raise InvalidFields({"email": "No specialist has this address. Have them invited first."})
    return found
