"""Photos as an actor may see them."""

from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.consults import Seat, get_seat
from consult.errors import NotFound
from consult.models import Actor, Photo
from consult.photos.rows import consult_of, find_photo

_NO_CONSULT = UUID(int=0)


class Seen(NamedTuple):
    """A photo, and the seat that it may be seen from."""

    seat: Seat
    photo: Photo


async def get_photo(
    session: AsyncSession, actor: Actor, photo_id: UUID, action: Action = Action.CONSULT_READ
) -> Seen:
    """The photo, if this actor may do `action` in its consult; else as `get_seat` refuses it."""
    # An absent photo takes the same way as one that is not yours, and the same time.
    consult_id = await consult_of(session, photo_id) or _NO_CONSULT
    seat = await get_seat(session, actor, consult_id, action)
    photo = await find_photo(session, seat, photo_id)
    if photo is None:
        raise NotFound
    return Seen(seat, photo)


async def open_photo(session: AsyncSession, actor: Actor, photo_id: UUID, rendition: str) -> Seen:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves."""
    seen = await get_photo(session, actor, photo_id, Action.IMAGE_READ)
    await audit.record(
        session, actor, f"photo.{rendition}.viewed", photo_id, consult_id=seen.seat.consult.id
    )
    return seen
