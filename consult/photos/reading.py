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
    photo = await session.get(Photo, photo_id)
    if photo is None:
        raise NotFound
    await get_seat(session, actor, photo.consult_id, action)
    return photo


async def open_photo(session: AsyncSession, actor: Actor, photo_id: UUID, rendition: str) -> Photo:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves."""
    photo = await get_photo(session, actor, photo_id, Action.IMAGE_READ)
    await audit.record(
        session, actor, f"photo.{rendition}.viewed", photo.id, consult_id=photo.consult_id
    )
    return photo


async def record_damage(session: AsyncSession, actor: Actor, photo: Photo) -> None:
    """Put on record that the stored instance was refused: changed, cut off, or another one."""
    await audit.record(session, actor, "photo.damaged", photo.id, consult_id=photo.consult_id)


async def list_photos(session: AsyncSession, seat: Seat) -> list[Photo]:
    """Every photo of the consult, oldest first, those that were replaced among them."""
    query = (
        select(Photo)
        .where(Photo.consult_id == seat.consult.id)
        .order_by(col(Photo.created_at), col(Photo.id))
    )
    return list((await session.exec(query)).all())
