"""An upload goes on, becomes a photo, or is given up: by whoever began it, and nobody else."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.bootstrap import Backends
from consult.errors import Forbidden, Gone, NotFound
from consult.image_requests import attach_answer
from consult.links import link_refused, use_link
from consult.models import Actor, Photo, Upload, now
from consult.photos import attach_photo
from consult.uploads.destination import Destination


async def find_upload(session: AsyncSession, actor: Actor, upload_id: UUID) -> Upload:
    """The upload that `actor` began; foreign and absent are one answer.

    Raises NotFound, and Gone (`upload_expired`).
    """
    query = select(Upload).where(Upload.id == upload_id, Upload.created_by == actor.user_id)
    upload = (await session.exec(query)).first()
    if upload is None:
        raise NotFound
    if upload.expires_at <= now():
        raise _expired()
    return upload


async def finish_upload(
    session: AsyncSession,
    backends: Backends,
    destination: Destination,
    upload_id: UUID,
    content: bytes,
) -> tuple[Photo, bool]:
    """Make a photo of all that arrived, with the call that a PUT ends in, and with its errors.

    The second value is False when this very photo was there before.
    """
    try:
        photo, created = await _attach(session, backends, destination, content)
    except (NotFound, Forbidden, Gone):
        if destination.link:
            raise link_refused() from None
        raise
    upload = await session.get(Upload, upload_id)
    if upload is None:  # it expired, and was swept away
        raise _expired()
    upload.finished_at = now()
    session.add(upload)
    return photo, created


async def drop_upload(session: AsyncSession, upload_id: UUID) -> None:
    """Forget that it was begun; a photo that it has become stays."""
    if upload := await session.get(Upload, upload_id):
        await session.delete(upload)


async def give_upload_up(session: AsyncSession, destination: Destination, upload_id: UUID) -> None:
    """The same, as its sender wishes: that is on record."""
    seat, photo_id = destination.place.seat, destination.place.photo_id
    await drop_upload(session, upload_id)
    await audit.record(session, seat.actor, "photo.given_up", photo_id, **seat.about)


async def _attach(
    session: AsyncSession, backends: Backends, destination: Destination, content: bytes
) -> tuple[Photo, bool]:
    place, answer = destination.place, destination.answer
    if answer:
        photo, created = await attach_answer(
            session, backends, place=place, answer=answer, upload=content
        )
    else:
        photo, created = await attach_photo(
            session, backends, place=place, upload=content, facts=destination.facts
        )
    if created and destination.link:
        await use_link(session, destination.link.id)
    return photo, created


def _expired() -> Gone:
    error = Gone("This upload took too long, and was deleted. Send the photo again.")
    error.code = "upload_expired"
    return error
