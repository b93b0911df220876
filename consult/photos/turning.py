"""A photo turned by a person: a new instance beside the old one, which stays as it was sent.

However often a photo is turned, each new one is made from the first: what a turn may lose is
lost once, and a photo turned all the way round is the first one again, to the byte.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from anyio import to_thread
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.bootstrap import Backends
from consult.config import Settings
from consult.consults import Seat, get_seat
from consult.imaging import dicom
from consult.imaging.photo import Certificate, Finding, SourceFormat
from consult.imaging.turning import KeptPhoto, turned
from consult.models import Actor, Photo, now
from consult.photos.instances import Facts, Made, Place, context_of, keep, place_for, row_of
from consult.photos.reading import get_photo, show_again
from consult.photos.rows import find_photo, id_taken, known_photo, require_newest
from consult.quotas import require_consult_quota, require_room


@dataclass(frozen=True)
class Turn:
    """Which photo is to be turned, and how far. Only `find_turn` makes one."""

    place: Place
    photo: Photo
    """The one that the new photo replaces."""
    first: Photo
    """The one that was sent."""
    clockwise: int
    """0, 90, 180 or 270 degrees, against `first`."""

    @property
    def by(self) -> str:
        return (
            "the sender"
            if self.place.seat.actor.user_id == self.first.created_by
            else "a clinician"
        )


async def find_turn(
    session: AsyncSession, *, actor: Actor, photo_id: UUID, clockwise: int, new_id: UUID
) -> Turn:
    """Look whether `photo_id` may become `new_id`, turned `clockwise` by 90, 180 or 270 degrees.

    Raises NotFound, Forbidden, Conflict (closed; replaced already; the new id is taken).
    """
    seat, photo = await get_photo(session, actor, photo_id)
    known = await known_photo(session, seat, new_id)
    action = Action.CONSULT_READ if known else _action(photo, actor)
    seat = await get_seat(session, actor, photo.consult_id, action)
    if known is None:
        require_newest(photo)
    place = await place_for(session, seat, new_id, known=known)
    total = (photo.turned_clockwise + clockwise) % 360
    return Turn(place, photo, await _first(session, seat, photo), total)


async def turn_photo(
    session: AsyncSession, backends: Backends, *, turn: Turn
) -> tuple[Photo, bool]:
    """Make, store and attach the turned photo, and mark the old one as replaced by it.

    The second value is False when this very turn was made before. Raises Conflict, NotFound,
    Forbidden, TooMuch, StorageFull.
    """
    place, first = turn.place, turn.first
    if place.known:
        return await _shown_again(session, place.known, turn), False
    await require_room(backends)
    stored = await backends.storage.read(first.storage_key, subject=first.subject_id)
    turned_at = now()
    made = await to_thread.run_sync(
        _make, stored, turn, turned_at, backends.settings, limiter=backends.image_threads
    )
    file = await backends.storage.put(made.instance.pieces, subject=first.subject_id)

    # The write transaction begins here: nothing slow below this line.
    if known := await known_photo(session, place.seat, place.photo_id):
        return await _shown_again(session, known, turn), False
    actor = place.seat.actor
    seat, old = await get_photo(session, actor, turn.photo.id, _action(turn.photo, actor))
    require_newest(old)
    await require_consult_quota(
        session, backends.settings, consult_id=old.consult_id, photo_id=place.photo_id
    )
    photo = row_of(
        made,
        place,
        Facts.of(first),
        storage_key=file.key,
        created_by=first.created_by,
        on_behalf_of=first.on_behalf_of,
    )
    photo.turned_from, photo.turned_clockwise = old.id, turn.clockwise
    photo.turned_by, photo.turned_at = actor.user_id, turned_at
    photo.claimed_by, photo.claimed_at = old.claimed_by, old.claimed_at
    preview = made.scrubbed.preview
    await keep(session, backends, seat, photo, preview=preview, deed="photo.turned")
    old.replaced_by = photo.id
    session.add(old)
    return photo, True


async def _first(session: AsyncSession, seat: Seat, photo: Photo) -> Photo:
    while photo.turned_from and (earlier := await find_photo(session, seat, photo.turned_from)):
        photo = earlier
    return photo


def _action(photo: Photo, actor: Actor) -> Action:
    own = photo.created_by == actor.user_id
    return Action.PHOTO_TURN if own else Action.OTHERS_PHOTO_TURN


async def _shown_again(session: AsyncSession, known: Photo, turn: Turn) -> Photo:
    if (known.turned_from, known.turned_clockwise) != (turn.photo.id, turn.clockwise):
        raise id_taken()
    await show_again(session, turn.place.seat, known.id)
    return known


def _make(stored: bytes, turn: Turn, turned_at: datetime, settings: Settings) -> Made:
    first, source = turn.first, dicom.read_source(stored)
    kept = KeptPhoto(
        jpeg=stored[first.jpeg_offset : first.jpeg_offset + first.jpeg_length],
        source_format=cast("SourceFormat", first.source_format),
        captured_at=datetime.fromisoformat(first.captured_at) if first.captured_at else None,
        captured_offset=first.captured_offset,
        device_make=first.device_make,
        device_model=first.device_model,
        orientation_applied=first.orientation_applied,
        lossy_steps=source.lossy_steps,
        derivation=source.derivation,
        certificate=_certificate(first.certificate),
    )
    scrubbed = turned(kept, clockwise=turn.clockwise, by=turn.by)
    context = context_of(
        turn.place,
        Facts.of(first),
        scrubbed,
        received_at=first.created_at,
        settings=settings,
        created_at=turned_at,
        source=source.reference,
    )
    return Made(scrubbed, context, dicom.wrap(scrubbed, context))


def _certificate(plain: dict[str, Any]) -> Certificate:
    """The inverse of `certificate_json`, which wrote it."""
    changed: dict[str, Any] = {
        "found": tuple(Finding(**finding) for finding in plain["found"]),
        "steps": tuple(plain["steps"]),
    }
    return Certificate(**plain | changed)
