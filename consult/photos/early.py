"""A small picture is sent ahead of its photo: on a slow link, somebody can begin to look."""

import hashlib
from uuid import UUID

from anyio import to_thread
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.bootstrap import Backends
from consult.config import Settings
from consult.consults import Seat, announce, carry_on, get_seat, join
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from consult.models import EarlyPreview, now, private
from consult.photos.instances import Facts, Place
from consult.photos.reading import show_again
from consult.photos.rows import early_in, id_taken, known_photo
from consult.quotas import require_preview_quota, require_room

MOST_PREVIEW_BYTES = 256 * 1024
"""A phone sends 40 to 80 KB: whoever has more to send sends the photo."""


async def send_preview(
    session: AsyncSession, backends: Backends, *, place: Place, upload: bytes, facts: Facts
) -> tuple[EarlyPreview | None, bool]:
    """Scrub `upload` as a photo is scrubbed, and show it until the photo `place.photo_id` is here.

    The second value is False when this very picture was sent before. No picture at all: the
    photo itself is here already, and nothing changes. Raises InvalidPhoto, Conflict, NotFound,
    Forbidden, TooMuch, StorageFull.
    """
    if place.known:
        await show_again(session, place.seat, place.photo_id)
        return None, False
    await require_room(backends)
    scrubbed = await to_thread.run_sync(
        _scrub, upload, backends.settings, limiter=backends.image_threads
    )

    # The write transaction begins here: nothing slow below this line.
    actor, consult_id = place.seat.actor, place.seat.consult.id
    if await known_photo(session, place.seat, place.photo_id):
        await show_again(session, place.seat, place.photo_id)
        return None, False
    seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH)
    if early := await _known(session, seat, place.photo_id):
        if early.sha256_before != hashlib.sha256(upload).hexdigest():
            raise id_taken()
        await show_again(session, place.seat, place.photo_id)
        return early, False
    await require_preview_quota(session, backends.settings, actor=actor, consult_id=consult_id)
    return await _keep(session, backends, seat, _row_of(scrubbed, seat, place, facts)), True


async def forget_preview(session: AsyncSession, seat: Seat, photo_id: UUID) -> None:
    """The photo has come."""
    await session.exec(
        delete(EarlyPreview).where(
            col(EarlyPreview.photo_id) == photo_id, col(EarlyPreview.consult_id) == seat.consult.id
        )
    )


def _scrub(upload: bytes, settings: Settings) -> ScrubbedPhoto:
    return scrub(upload, max_pixels=settings.max_pixels, received_at=now())


async def _known(session: AsyncSession, seat: Seat, photo_id: UUID) -> EarlyPreview | None:
    """The picture under this id; Conflict when it is of another consult."""
    if early := await early_in(session, seat, photo_id):
        return early
    query = select(EarlyPreview.consult_id).where(EarlyPreview.photo_id == photo_id)
    if (await session.exec(query)).first():
        raise id_taken()
    return None


def _row_of(scrubbed: ScrubbedPhoto, seat: Seat, place: Place, facts: Facts) -> EarlyPreview:
    subject = seat.consult.subject_id
    return EarlyPreview(
        photo_id=place.photo_id,
        consult_id=seat.consult.id,
        created_by=seat.actor.user_id,
        jpeg=private(scrubbed.jpeg, subject),
        sha256_before=scrubbed.certificate.sha256_before,
        width=scrubbed.width,
        height=scrubbed.height,
        body_site=facts.body_site,
        laterality=facts.laterality,
        view=facts.view,
        note=private(facts.note, subject),
    )


async def _keep(
    session: AsyncSession, backends: Backends, seat: Seat, early: EarlyPreview
) -> EarlyPreview:
    session.add(early)
    await session.flush()
    await join(session, seat, openly=True)
    await carry_on(session, seat, answers=False)
    announce(session, seat.consult, "photo.previewed", early.photo_id)
    await audit.record(session, seat.actor, "photo.previewed", early.photo_id, **seat.about)
    await notifications.something_new(session, backends.jobs, seat.consult, by=seat.actor)
    return early
