"""What a seat is shown beside the messages: people, unread marks."""

from sqlmodel import col, func, select
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


async def unread_of(session: AsyncSession, seat: Seat) -> int:
    """How many messages of others this actor has not read, counted in their own view."""
    seq = seq_column(seat.view)
    mark = await session.get(ReadMark, (seat.consult.id, seat.actor.user_id))
    query = select(func.count()).where(
        Message.consult_id == seat.consult.id,
        Message.author_id != seat.actor.user_id,
        seq > (mark.seq if mark else 0),
    )
    return (await session.exec(query)).one()


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
    await audit.record(
        session, seat.actor, "messages.read", seat.consult.id, consult_id=seat.consult.id
    )
