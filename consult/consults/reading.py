"""What a seat is shown beside the messages: people, unread marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.consults.facts import seat_holds
from consult.consults.seats import Seat
from consult.consults.views import seq_column
from consult.errors import InvalidFields
from consult.models import Audience, Message, Participant, Proxy, ReadMark, User, now


async def people_of(session: AsyncSession, seat: Seat) -> list[User]:
    """Who is in the consult, as this seat may know it, in the order they joined.

    Then who acts for the patient, unless it is kept from them.
    """
    at, consult = now(), seat.consult
    query = (
        select(User)
        .join(Participant, col(Participant.user_id) == User.id)
        .where(Participant.consult_id == consult.id, seat_holds(at))
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
    """Whom the consults of `seats` are about, who opened and who claimed them, by their own id."""
    consults = [seat.consult for seat in seats]
    named = {(each.patient_id, each.opened_by, each.claimed_by) for each in consults}
    ids = {user_id for three in named for user_id in three if user_id}
    found = await session.exec(select(User).where(col(User.id).in_(ids)))
    return {user.id: user for user in found.all()}


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
