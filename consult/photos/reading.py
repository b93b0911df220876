"""Photos as an actor may see them."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.consults import Seat, get_seat
from consult.errors import NotFound
from consult.models import Actor, Photo


async def get_photo(
    session: AsyncSession, actor: Actor, photo_id: UUID, action: Action = Action.CONSULT_READ
) -> Photo:
    """The photo, if this actor may do `action` in its consult; else NotFound or Forbidden."""
    return (await _seated(session, actor, photo_id, action))[1]


async def open_photo(
    session: AsyncSession,
    actor: Actor,
    photo_id: UUID,
    rendition: str,
    action: Action = Action.IMAGE_READ,
) -> Photo:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves."""
    seat, photo = await _seated(session, actor, photo_id, action)
    await audit.record(session, actor, f"photo.{rendition}.viewed", photo.id, **seat.about)
    return photo


async def show_again(session: AsyncSession, seat: Seat, photo: Photo) -> None:
    """Put on record that the sender of a photo they sent before is told its facts again."""
    await audit.record(session, seat.actor, "photo.facts.viewed", photo.id, **seat.about)


async def _seated(
    session: AsyncSession, actor: Actor, photo_id: UUID, action: Action
) -> tuple[Seat, Photo]:
    photo = await session.get(Photo, photo_id)
    if photo is None:
        raise NotFound
    return await get_seat(session, actor, photo.consult_id, action), photo


async def list_photos(session: AsyncSession, seat: Seat) -> list[Photo]:
    """Every photo of the consult, oldest first, those that were replaced among them."""
    query = (
        select(Photo)
        .where(Photo.consult_id == seat.consult.id)
        .order_by(col(Photo.created_at), col(Photo.id))
    )
    return list((await session.exec(query)).all())
