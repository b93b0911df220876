"""What a seat is shown beside the messages: people, unread marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.consults.events import announce
from consult.consults.facts import seat_holds
from consult.consults.ladder import list_escalations
from consult.consults.seats import Seat
from consult.consults.views import seq_column
from consult.errors import InvalidFields
from consult.models import (
    Audience,
    Consult,
    Escalation,
    EscalationOutcome,
    Message,
    Notice,
    Participant,
    Proxy,
    ReadMark,
    Role,
    Service,
    User,
    now,
)


async def people_of(session: AsyncSession, seat: Seat) -> list[User]:
    """Who is in the consult, as this seat may know it, in the order they joined.

    Then who acts for the patient, unless it is kept from them.
    """
    at, consult = now(), seat.consult
    query = (
        select(User)
        .join(Participant, col(Participant.user_id) == User.id)
        .where(Participant.consult_id == consult.id, seat_holds(at), User.role != Role.LINK)
        .order_by(col(Participant.joined_at), col(User.id))
    )
    if seat.view is Audience.EVERYONE:
        query = query.where(Participant.in_the_open)
    people = list((await session.exec(query)).all())
    if consult.patient_id is None or consult.confidential:
        return people
    acting = (
        select(User)
        .join(Proxy, col(Proxy.proxy_id) == User.id)
        .where(Proxy.patient_id == consult.patient_id, Proxy.holds_at(at))
        .order_by(col(Proxy.valid_from), col(User.id))
    )
    return [*people, *(await session.exec(acting)).all()]


@dataclass(frozen=True)
class Guest:
    """A colleague who was asked in, for a while."""

    user: User
    asked_in_by: User
    purpose: str
    expires_at: datetime


async def guests_of(session: AsyncSession, seat: Seat) -> list[Guest]:
    """Whose seats are live now, in the order in which they end."""
    giver = aliased(User)
    query = (
        select(User, giver, Participant)
        .join(Participant, col(Participant.user_id) == User.id)
        .join(giver, col(giver.id) == Participant.granted_by)
        .where(Participant.consult_id == seat.consult.id, seat_holds(now()))
        .order_by(col(Participant.expires_at), col(User.id))
    )
    rows = (await session.exec(query)).all()
    return [
        Guest(user, by, given.purpose or "", given.expires_at)
        for user, by, given in rows
        if given.expires_at
    ]


async def unread_of(session: AsyncSession, seats: Sequence[Seat]) -> dict[UUID, int]:
    """How many messages of others the actor of `seats` has not read, by consult, in their view."""
    if not seats:
        return {}
    actor = seats[0].actor
    mine = and_(
        col(ReadMark.consult_id) == Message.consult_id, col(ReadMark.user_id) == actor.user_id
    )
    query = (
        select(Message.consult_id, func.count())
        .join(ReadMark, mine, isouter=True)
        .where(
            col(Message.consult_id).in_([seat.consult.id for seat in seats]),
            Message.author_id != actor.user_id,
            seq_column(seats[0].view) > func.coalesce(ReadMark.seq, 0),
        )
        .group_by(col(Message.consult_id))
    )
    return dict((await session.exec(query)).all())


async def named_in(session: AsyncSession, seats: Sequence[Seat]) -> dict[UUID, User]:
    """Everybody whom the consults of `seats` name, by their own id."""
    consults = [seat.consult for seat in seats]
    named = [
        (each.patient_id, each.opened_by, each.claimed_by, each.owner_id, each.assigned_to)
        for each in consults
    ]
    ids = {user_id for several in named for user_id in several if user_id}
    found = await session.exec(select(User).where(col(User.id).in_(ids)))
    return {user.id: user for user in found.all()}


async def services_of(session: AsyncSession, seats: Sequence[Seat]) -> dict[UUID, Service]:
    """Whose teams the consults of `seats` are for."""
    ids = {seat.consult.service_id for seat in seats}
    found = await session.exec(select(Service).where(col(Service.id).in_(ids)))
    return {service.id: service for service in found.all()}


async def note_seen(session: AsyncSession, seat: Seat) -> None:
    """Remember when somebody of the team first looked; whoever asked does not count."""
    actor = seat.actor
    if actor.role not in (Role.SPECIALIST, Role.COORDINATOR) or not actor.ours:
        return
    consult = await session.get_one(Consult, seat.consult.id)
    if consult.seen_at or consult.opened_by == actor.user_id:
        return
    consult.seen_at = now()
    consult.delivered_at = consult.delivered_at or consult.seen_at
    announce(session, consult, "clock.moved")


@dataclass(frozen=True)
class Page:
    """One step of the ladder as it was taken, or will be."""

    escalation: Escalation
    person: User | None
    mail_failed: bool
    """Their address does not work."""


async def pages_of(session: AsyncSession, seat: Seat) -> list[Page]:
    """Who was paged, and who will be when; not what was stopped in time."""
    rows = await list_escalations(session, seat.consult.id)
    shown = [row for row in rows if row.outcome is not EscalationOutcome.STOPPED]
    ids = {row.paged_id for row in shown if row.paged_id}
    users = await session.exec(select(User).where(col(User.id).in_(ids)))
    people = {user.id: user for user in users.all()}
    query = select(Notice.escalation_id).where(
        Notice.consult_id == seat.consult.id, col(Notice.failed_at).is_not(None)
    )
    failed = set((await session.exec(query)).all())
    return [
        Page(row, people[row.paged_id] if row.paged_id else None, row.id in failed) for row in shown
    ]


async def unreachable_of(session: AsyncSession, seat: Seat) -> list[User]:
    """Whose mail address refused a notice of this consult, as this seat may know them."""
    query = (
        select(User)
        .join(Notice, col(Notice.user_id) == User.id)
        .where(Notice.consult_id == seat.consult.id, col(Notice.failed_at).is_not(None))
        .distinct()
        .order_by(col(User.name))
    )
    refused = list((await session.exec(query)).all())
    if seat.view is Audience.CLINICIANS:
        return refused
    return [
        user for user in refused if user.id in {one.id for one in await people_of(session, seat)}
    ]


async def mark_read(session: AsyncSession, seat: Seat, seq: int) -> None:
    """Remember that everything up to `seq` was read. Never goes back."""
    if not 0 <= seq <= seat.last_seq:
        raise InvalidFields({"seq": "There is no message of this number."})
    key = (seat.consult.id, seat.actor.user_id)
    mark = await session.get(ReadMark, key) or ReadMark(
        consult_id=seat.consult.id, user_id=seat.actor.user_id, seq=0
    )
    mark.seq = max(mark.seq, seq)
    session.add(mark)
    await audit.record(session, seat.actor, "messages.read", seat.consult.id, **seat.about)
