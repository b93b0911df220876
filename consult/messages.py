"""The thread of a consult: what was said, numbered without gaps in each view."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.backends.jobs import Jobs
from consult.consults import Seat, absent_or_taken, announce, carry_on, get_seat, join, seq_column
from consult.errors import Conflict, InvalidFields, NotFound, Taken
from consult.models import Actor, Audience, Consult, Message, Photo, private


@dataclass(frozen=True)
class Draft:
    """What somebody wants to say. The id is made by their phone."""

    id: UUID
    body: str
    photo_ids: tuple[UUID, ...] = ()
    audience: Audience = Audience.EVERYONE


async def post_message(
    session: AsyncSession, jobs: Jobs, *, actor: Actor, consult_id: UUID, draft: Draft
) -> tuple[Message, bool]:
    """Say `draft` in the consult. The same draft again is the same message: then False.

    Raises NotFound, Taken, Forbidden, Conflict (closed; another message has this id), InvalidFields.
    """
    clinicians = draft.audience is Audience.CLINICIANS
    seat = await _seat(session, actor, consult_id)
    if said := await _said(session, seat, draft.id):
        said = _same_again(said, seat, draft)
        await audit.record(session, seat.actor, "message.viewed", said.id, **seat.about)
        return said, False
    action = Action.CLINICIANS_POST if clinicians else Action.MESSAGE_POST
    seat = await get_seat(session, actor, consult_id, action)
    await _require_photos(session, seat, draft.photo_ids)

    consult = seat.consult
    message = _numbered(consult, seat.actor, draft)
    session.add(message)
    await join(session, seat, openly=not clinicians)
    if not clinicians:
        await carry_on(session, seat, answers=True)
    announce(session, consult, "message.posted", message.id, draft.audience)
    await audit.record(session, seat.actor, "message.posted", message.id, **seat.about)
    await notifications.something_new(session, jobs, consult, by=actor, audience=draft.audience)
    return message, True


async def _seat(session: AsyncSession, actor: Actor, consult_id: UUID) -> Seat:
    """Whoever was too late for it is told who was quicker."""
    try:
        return await get_seat(session, actor, consult_id)
    except NotFound as absent:
        told = await absent_or_taken(session, actor, consult_id)
        raise (told if isinstance(told, Taken) else absent) from None


async def list_messages(
    session: AsyncSession, seat: Seat, *, after: int, limit: int
) -> list[Message]:
    """Messages numbered above `after` in the view of `seat`, in their order."""
    seat.require(Action.MESSAGE_READ)
    seq = seq_column(seat.view)
    query = (
        select(Message)
        .where(Message.consult_id == seat.consult.id, seq > after)
        .order_by(seq)
        .limit(limit)
    )
    return list((await session.exec(query)).all())


async def _said(session: AsyncSession, seat: Seat, message_id: UUID) -> Message | None:
    """The message of this consult; raises Conflict for one of another."""
    query = select(Message).where(Message.id == message_id, Message.consult_id == seat.consult.id)
    if said := (await session.exec(query)).first():
        return said
    if (await session.exec(select(Message.id).where(Message.id == message_id))).first():
        raise _id_taken()
    return None


def _same_again(said: Message, seat: Seat, draft: Draft) -> Message:
    same = (
        said.author_id == seat.actor.user_id
        and said.body == draft.body
        and said.audience is draft.audience
        and said.photo_ids == [str(photo_id) for photo_id in draft.photo_ids]
    )
    if not same:
        raise _id_taken()
    return said


def _id_taken() -> Conflict:
    return Conflict("Another message already has this id. Use a new one.", code="id_taken")


def _numbered(consult: Consult, actor: Actor, draft: Draft) -> Message:
    consult.last_seq_clinicians += 1
    if draft.audience is Audience.EVERYONE:
        consult.last_seq += 1
    return Message(
        id=draft.id,
        consult_id=consult.id,
        seq_clinicians=consult.last_seq_clinicians,
        seq=consult.last_seq if draft.audience is Audience.EVERYONE else None,
        author_id=actor.user_id,
        on_behalf_of=actor.on_behalf_of,
        audience=draft.audience,
        body=private(draft.body, consult.subject_id),
        photo_ids=[str(photo_id) for photo_id in draft.photo_ids],
    )


async def _require_photos(session: AsyncSession, seat: Seat, photo_ids: tuple[UUID, ...]) -> None:
    mine = Photo.consult_id == seat.consult.id
    query = select(Photo.id).where(mine, col(Photo.id).in_(photo_ids))
    if len(set(photo_ids)) != len(set((await session.exec(query)).all())):
        raise InvalidFields({"photo_ids": "Send the photos to this consult first."})
