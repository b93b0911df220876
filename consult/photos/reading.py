"""Photos as an actor may see them."""

from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.consults import Seat, get_seat
from consult.errors import NotFound
from consult.models import Actor, Photo, Purpose
from consult.photos.rows import (
    consult_of_either,
    early_in,
    find_photo,
    find_preview,
    original_missing,
)

_NO_CONSULT = UUID(int=0)


class Seen(NamedTuple):
    """A photo, and the seat that it may be seen from."""

    seat: Seat
    photo: Photo


async def get_photo(
    session: AsyncSession,
    actor: Actor,
    photo_id: UUID,
    action: Action = Action.CONSULT_READ,
    *,
    purpose: Purpose = Purpose.CARE,
) -> Seen:
    """The photo, if this actor may do `action` in its consult; else as `get_seat` refuses it.

    Raises Conflict (`original_missing`) where only a small picture of it has come.
    """
    # An absent photo takes the same way as one that is not yours, and the same time.
    consult_id = await consult_of_either(session, photo_id) or _NO_CONSULT
    seat = await get_seat(session, actor, consult_id, action, purpose=purpose)
    photo = await find_photo(session, seat, photo_id)
    if photo is None:
        raise original_missing() if await early_in(session, seat, photo_id) else NotFound
    return Seen(seat, photo)


async def open_photo(
    session: AsyncSession,
    actor: Actor,
    photo_id: UUID,
    rendition: str,
    *,
    action: Action = Action.IMAGE_READ,
    purpose: Purpose = Purpose.CARE,
) -> Seen:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves.

    For teaching or research, the patient must have agreed to that very purpose.
    """
    if action is Action.IMAGE_READ:
        action = _look_for(purpose)
    seen = await get_photo(session, actor, photo_id, action, purpose=purpose)
    deed = f"photo.{rendition}.viewed"
    about: audit.About = {**seen.seat.about, "purpose": purpose}
    await audit.record(session, seen.seat.actor, deed, photo_id, **about)
    return seen


async def open_preview(
    session: AsyncSession, actor: Actor, photo_id: UUID, *, purpose: Purpose = Purpose.CARE
) -> bytes:
    """The small picture: of the photo, or the one that was sent ahead of it. The look is on record."""
    consult_id = await consult_of_either(session, photo_id) or _NO_CONSULT
    seat = await get_seat(session, actor, consult_id, _look_for(purpose), purpose=purpose)
    found = await find_preview(session, seat, photo_id) or await early_in(session, seat, photo_id)
    if found is None:
        raise NotFound
    about: audit.About = {**seat.about, "purpose": purpose}
    await audit.record(session, seat.actor, "photo.preview.viewed", photo_id, **about)
    return found.jpeg


async def record_damage(session: AsyncSession, seen: Seen) -> None:
    """Put on record that the stored instance was refused: changed, cut off, or another one."""
    seat, photo = seen
    await audit.record(session, seat.actor, "photo.damaged", photo.id, **seat.about)


async def require_still(
    session: AsyncSession, actor: Actor, photo_id: UUID, *, purpose: Purpose
) -> None:
    """Ask once more, in the middle of a download that is on record; raises what refuses it."""
    await get_photo(session, actor, photo_id, _look_for(purpose), purpose=purpose)


def _look_for(purpose: Purpose) -> Action:
    return Action.IMAGE_READ if purpose is Purpose.CARE else Action.IMAGE_READ_FOR_OTHERS


async def show_again(session: AsyncSession, seat: Seat, photo_id: UUID) -> None:
    """Put on record that the sender of a photo they sent before is told its facts again."""
    await audit.record(session, seat.actor, "photo.facts.viewed", photo_id, **seat.about)
