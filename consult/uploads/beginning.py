"""An upload begins: its quota is taken before its first byte is."""

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.bootstrap import Backends
from consult.errors import Conflict
from consult.imaging.refusals import refused
from consult.links import require_use
from consult.models import Link, Upload, now, private
from consult.photos import require_welcome as require_photo_welcome
from consult.quotas import bytes_coming
from consult.uploads.destination import Destination, Wish


async def require_welcome(
    session: AsyncSession, backends: Backends, destination: Destination, *, length: int
) -> None:
    """Look whether there is room for all of it: on the disk, in the quotas, on the link.

    Raises TooMuch, StorageFull, Conflict (`link_used_up`), UnreadablePhoto for no bytes.
    """
    if not length:
        raise refused("empty_upload")
    place, link = destination.place, destination.link
    reserved = length + await bytes_coming(session, place.photo_id)
    await require_photo_welcome(session, backends, place, reserved=reserved)
    if link and place.known is None:
        require_use(link, reserved=await _coming_by(session, link, place.photo_id))


async def find_begun(
    session: AsyncSession, destination: Destination, *, length: int
) -> Upload | None:
    """The upload of this photo that the same sender began before and that may go on.

    Raises Conflict (`upload_exists`): it is of another length, or went to another consult.
    """
    place = destination.place
    query = select(Upload).where(
        Upload.created_by == place.seat.actor.user_id,
        Upload.photo_id == place.photo_id,
        col(Upload.expires_at) > now(),
    )
    begun = (await session.exec(query)).first()
    if begun and (begun.length, begun.consult_id) != (length, place.seat.consult.id):
        raise Conflict(
            "This photo has begun to arrive with other bytes. End that upload first.",
            code="upload_exists",
        )
    return begun


def make_upload(destination: Destination, wish: Wish, *, length: int) -> Upload:
    """The row of a new upload, not yet written down."""
    place, facts = destination.place, wish.facts
    consult = place.seat.consult
    return Upload(
        photo_id=place.photo_id,
        consult_id=consult.id,
        created_by=place.seat.actor.user_id,
        length=length,
        subject_id=consult.subject_id,
        body_site=facts.body_site,
        laterality=facts.laterality,
        view=facts.view,
        note=private(facts.note, consult.subject_id),
        request_id=destination.answer.request.id if destination.answer else None,
        number=wish.number,
    )


async def begin_upload(
    session: AsyncSession, backends: Backends, destination: Destination, upload: Upload
) -> Upload:
    """Write it down, in the place of one that has expired; its file is there already.

    Gives the one that the same sender began meanwhile, if they did. Raises TooMuch, StorageFull,
    Conflict.
    """
    if begun := await find_begun(session, destination, length=upload.length):
        return begun
    await require_welcome(session, backends, destination, length=upload.length)
    query = select(Upload).where(
        Upload.created_by == upload.created_by, Upload.photo_id == upload.photo_id
    )
    if expired := (await session.exec(query)).first():
        await session.delete(expired)
        await session.flush()
    session.add(upload)
    seat = destination.place.seat
    await audit.record(session, seat.actor, "photo.begun", upload.photo_id, **seat.about)
    return upload


async def _coming_by(session: AsyncSession, link: Link, photo_id: object) -> int:
    query = (
        select(func.count())
        .select_from(Upload)
        .where(
            Upload.created_by == link.user_id,
            Upload.photo_id != photo_id,
            col(Upload.finished_at).is_(None),
            col(Upload.expires_at) > now(),
        )
    )
    return (await session.exec(query)).one()
