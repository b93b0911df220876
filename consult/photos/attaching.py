"""A photo's way: from the bytes that a phone sent to a DICOM instance in a consult."""

import hashlib
from datetime import datetime
from uuid import UUID

from anyio import to_thread
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.bootstrap import Backends
from consult.config import Settings
from consult.consults import Seat, get_seat
from consult.errors import Conflict, NotFound
from consult.imaging import dicom
from consult.imaging.scrub import scrub
from consult.models import WRITE_ONLY, Actor, Photo, PhotoVerdict, now
from consult.photos.early import forget_preview
from consult.photos.instances import Facts, Made, Place, context_of, keep, place_for, row_of
from consult.photos.reading import show_again
from consult.photos.rows import consult_of, find_photo, id_taken, known_photo, require_newest
from consult.quotas import require_quota, require_room


async def find_place(
    session: AsyncSession, *, actor: Actor, consult_id: UUID, photo_id: UUID
) -> Place:
    """Look, before a byte of the body is read, whether the photo may come in.

    Raises NotFound, Forbidden, Conflict (consult closed; the id belongs to another photo).
    """
    # What was sent before may be sent again even to a closed consult; a tablet or a link reads none.
    read = None if actor.role in WRITE_ONLY else Action.CONSULT_READ
    if read and await consult_of(session, photo_id) == consult_id:
        seat = await get_seat(session, actor, consult_id, read)
    else:
        seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH, also=read)
    known = await known_photo(session, seat, photo_id)
    return await place_for(session, seat, photo_id, known=known)


async def require_welcome(
    session: AsyncSession, backends: Backends, place: Place, *, reserved: int = 0
) -> None:
    """Look, before a byte of the body is read, whether there is room; the same again always is.

    `reserved` are bytes that will be written besides. Raises TooMuch, StorageFull.
    """
    if place.known is None:
        await require_room(backends, reserved=reserved)
        await _require_quota(session, backends, place)


async def attach_photo(
    session: AsyncSession,
    backends: Backends,
    *,
    place: Place,
    upload: bytes,
    facts: Facts,
    retake_of: UUID | None = None,
) -> tuple[Photo, bool]:
    """Scrub, wrap and store `upload`, attach it to the consult, and queue the notice.

    The file is durable before its row exists: a file without a row is swept up later, a row
    without a file would be a hole in the record. The photo takes the place of the rejected one
    that `retake_of` names. The second value is False when this very photo was attached before.
    Raises InvalidPhoto, Conflict (also `not_rejected`, `already_replaced`), NotFound, Forbidden,
    TooMuch, StorageFull.
    """
    if place.known:
        sha256 = await to_thread.run_sync(_sha256, upload)
        return await _shown_again(session, place.seat, place.known, sha256), False

    await require_room(backends)
    made = await to_thread.run_sync(
        _make, upload, place, facts, now(), backends.settings, limiter=backends.image_threads
    )
    subject = place.seat.consult.subject_id
    file = await backends.storage.put(made.instance.pieces, subject=subject)

    # The write transaction begins here: nothing slow below this line.
    actor, consult_id = place.seat.actor, place.seat.consult.id
    if known := await known_photo(session, place.seat, place.photo_id):
        # The same PUT, twice at once. Our file has no row; the sweep takes it.
        sha256 = made.scrubbed.certificate.sha256_before
        return await _shown_again(session, place.seat, known, sha256), False
    seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH)
    await _require_quota(session, backends, place)
    rejected = await _rejected(session, seat, retake_of) if retake_of else None
    photo = row_of(
        made,
        place,
        facts,
        storage_key=file.key,
        created_by=actor.user_id,
        on_behalf_of=seat.actor.on_behalf_of,
    )
    photo.retake_of = retake_of
    seat.consult.photo_count += 1
    preview = made.scrubbed.preview
    await keep(session, backends, seat, photo, preview=preview, deed="photo.attached")
    await forget_preview(session, seat, photo.id)
    if rejected:
        rejected.replaced_by = photo.id
        session.add(rejected)
    return photo, True


async def _require_quota(session: AsyncSession, backends: Backends, place: Place) -> None:
    actor, consult_id = place.seat.actor, place.seat.consult.id
    await require_quota(
        session, backends.settings, actor=actor, consult_id=consult_id, photo_id=place.photo_id
    )


async def _rejected(session: AsyncSession, seat: Seat, photo_id: UUID) -> Photo:
    """The photo whose place another one is to take."""
    photo = await find_photo(session, seat, photo_id)
    if photo is None:
        raise NotFound
    if photo.verdict is not PhotoVerdict.REJECTED:
        raise Conflict("Only a photo that was rejected is taken again.", code="not_rejected")
    require_newest(photo)
    return photo


def _make(
    upload: bytes, place: Place, facts: Facts, received_at: datetime, settings: Settings
) -> Made:
    scrubbed = scrub(upload, max_pixels=settings.max_pixels, received_at=received_at)
    context = context_of(place, facts, scrubbed, received_at=received_at, settings=settings)
    return Made(scrubbed, context, dicom.wrap(scrubbed, context))


async def _shown_again(
    session: AsyncSession, seat: Seat, known: Photo, sha256_before: str
) -> Photo:
    """The answer to a photo that is sent again; raises Conflict for another under its id.

    A photo that was turned is of the same upload, and yet another photo.
    """
    if known.sha256_before != sha256_before or known.turned_from:
        raise id_taken()
    await show_again(session, seat, known.id)
    return known


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
