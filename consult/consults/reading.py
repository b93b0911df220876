"""What a seat is shown beside the messages: people, unread marks."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.consults.seats import Seat
from consult.consults.views import seq_column
from consult.errors import InvalidFields
from consult.models import Audience, Message, Participant, ReadMark, User


async def people_of(session: AsyncSession, seat: Seat) -> list[User]:
    """Who is in the consult, as this seat may know it, in the order they joined."""
    query = (
        select(User)
        .join(Participant, col(Participant.user_id) == User.id)
        .where(Participant.consult_id == seat.consult.id)
        .order_by(col(Participant.joined_at), col(User.id))
    )
    if seat.view is Audience.EVERYONE:
        query = query.where(Participant.in_the_open)
    return list((await session.exec(query)).all())


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


async def patients_of(session: AsyncSession, seats: Sequence[Seat]) -> dict[UUID, User]:
    """The known patients of `seats`, by their own id."""
    ids = {seat.consult.patient_id for seat in seats if seat.consult.patient_id}
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
