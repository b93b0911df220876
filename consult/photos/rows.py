"""The rows of photos, each read through a seat of its consult."""

from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.consults import Seat
from consult.errors import Conflict
from consult.models import EarlyPreview, Photo, Preview


async def find_photo(session: AsyncSession, seat: Seat, photo_id: UUID) -> Photo | None:
    query = select(Photo).where(Photo.id == photo_id, Photo.consult_id == seat.consult.id)
    return (await session.exec(query)).first()


async def known_photo(session: AsyncSession, seat: Seat, photo_id: UUID) -> Photo | None:
    """The photo of this consult that already has this id; Conflict when it is another's."""
    if photo := await find_photo(session, seat, photo_id):
        return photo
    if await consult_of(session, photo_id):
        raise id_taken()
    return None


async def photos_in(session: AsyncSession, seat: Seat) -> list[Photo]:
    """Every photo of the consult, oldest first, those that were replaced among them."""
    query = (
        select(Photo)
        .where(Photo.consult_id == seat.consult.id)
        .order_by(col(Photo.created_at), col(Photo.id))
    )
    return list((await session.exec(query)).all())


async def find_preview(session: AsyncSession, seat: Seat, photo_id: UUID) -> Preview | None:
    """The small picture; `seat` must have been taken to look at it, for care or for others."""
    seat.require(Action.IMAGE_READ, Action.IMAGE_READ_FOR_OTHERS)
    query = (
        select(Preview)
        .join(Photo, col(Photo.id) == Preview.photo_id)
        .where(Photo.id == photo_id, Photo.consult_id == seat.consult.id)
    )
    return (await session.exec(query)).first()


async def early_in(session: AsyncSession, seat: Seat, photo_id: UUID) -> EarlyPreview | None:
    """The small picture that was sent ahead of a photo that has not come."""
    query = select(EarlyPreview).where(
        EarlyPreview.photo_id == photo_id, EarlyPreview.consult_id == seat.consult.id
    )
    return (await session.exec(query)).first()


async def coming_in(session: AsyncSession, seat: Seat) -> list[EarlyPreview]:
    """Those of the consult, oldest first: each is all that there is of its photo."""
    query = (
        select(EarlyPreview)
        .where(EarlyPreview.consult_id == seat.consult.id)
        .order_by(col(EarlyPreview.created_at), col(EarlyPreview.photo_id))
    )
    return list((await session.exec(query)).all())


async def consult_of_either(session: AsyncSession, photo_id: UUID) -> UUID | None:
    """The same where only the small picture has come. One question, whatever there is."""
    photo = select(Photo.consult_id).where(Photo.id == photo_id).scalar_subquery()
    early = (
        select(EarlyPreview.consult_id).where(EarlyPreview.photo_id == photo_id).scalar_subquery()
    )
    return (await session.exec(select(func.coalesce(photo, early)))).first()


async def consult_of(session: AsyncSession, photo_id: UUID) -> UUID | None:
    """Whose consult to ask for, and nothing else of the photo."""
    return (await session.exec(select(Photo.consult_id).where(Photo.id == photo_id))).first()


def original_missing() -> Conflict:
    return Conflict(
        "Only a small picture of this photo has come so far. Look at that, and wait for the rest.",
        code="original_missing",
    )


def id_taken() -> Conflict:
    return Conflict("Another photo already has this id. Send it with a new id.", code="id_taken")


def require_newest(photo: Photo) -> None:
    """Raises Conflict (`already_replaced`) for a photo whose place another one has taken."""
    if photo.replaced_by:
        raise Conflict(
            "Another photo has taken the place of this one. Open it again to see it as it is now.",
            code="already_replaced",
        )
