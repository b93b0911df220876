"""Photos as an actor may see them."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.consults import Seat, get_seat
from consult.errors import NotFound
from consult.models import Actor, Photo, Purpose


async def get_photo(
    session: AsyncSession, actor: Actor, photo_id: UUID, action: Action = Action.CONSULT_READ
) -> Photo:
    """The photo, if this actor may do `action` in its consult; else NotFound or Forbidden."""
    photo, _ = await _photo_and_seat(session, actor, photo_id, action)
    return photo


async def open_photo(
    session: AsyncSession,
    actor: Actor,
    photo_id: UUID,
    rendition: str,
    *,
    purpose: Purpose = Purpose.CARE,
) -> Photo:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves.

    For teaching or research, the patient must have agreed to that very purpose.
    """
    care = purpose is Purpose.CARE
    action = Action.IMAGE_READ if care else Action.IMAGE_READ_FOR_OTHERS
    photo, seat = await _photo_and_seat(session, actor, photo_id, action, purpose)
    deed = f"photo.{rendition}.viewed" if care else f"photo.{rendition}.viewed_for_{purpose}"
    await audit.record(session, seat.actor, deed, photo.id, consult_id=photo.consult_id)
    return photo


async def _photo_and_seat(
    session: AsyncSession,
    actor: Actor,
    photo_id: UUID,
    action: Action,
    purpose: Purpose = Purpose.CARE,
) -> tuple[Photo, Seat]:
    photo = await session.get(Photo, photo_id)
    if photo is None:
        raise NotFound
    return photo, await get_seat(session, actor, photo.consult_id, action, purpose=purpose)


async def list_photos(session: AsyncSession, seat: Seat) -> list[Photo]:
    """Every photo of the consult, oldest first, those that were replaced among them."""
    query = (
        select(Photo)
        .where(Photo.consult_id == seat.consult.id)
        .order_by(col(Photo.created_at), col(Photo.id))
    )
    return list((await session.exec(query)).all())
