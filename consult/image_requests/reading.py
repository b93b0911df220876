"""Requests as a seat may see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.consults import Seat, seats_where
from consult.errors import NotFound
from consult.models import (
    Actor,
    Addressee,
    Audience,
    Consult,
    ImageRequest,
    Link,
    RequestedPhoto,
    now,
)


def audience_of(addressee: Addressee) -> Audience:
    """What colleagues are asked for is no business of the patient's view."""
    return Audience.EVERYONE if addressee is Addressee.PATIENT else Audience.CLINICIANS


async def requests_in(session: AsyncSession, seat: Seat) -> list[ImageRequest]:
    """Those of the consult, in the order in which they are due; the patient sees their own."""
    query = (
        select(ImageRequest)
        .where(ImageRequest.consult_id == seat.consult.id)
        .order_by(col(ImageRequest.due_at), col(ImageRequest.id))
    )
    if seat.view is Audience.EVERYONE:
        query = query.where(ImageRequest.addressee == Addressee.PATIENT)
    return list((await session.exec(query)).all())


async def get_request(session: AsyncSession, seat: Seat, request_id: UUID) -> ImageRequest:
    """Raises NotFound."""
    request = await session.get(ImageRequest, request_id)
    if request is None or request.consult_id != seat.consult.id:
        raise NotFound
    if seat.view is Audience.EVERYONE and request.addressee is not Addressee.PATIENT:
        raise NotFound
    return request


async def requests_of_series(
    session: AsyncSession, seat: Seat, series_id: UUID
) -> list[ImageRequest]:
    query = (
        select(ImageRequest)
        .where(ImageRequest.series_id == series_id, ImageRequest.consult_id == seat.consult.id)
        .order_by(col(ImageRequest.due_at))
    )
    return list((await session.exec(query)).all())


async def overdue_requests(
    session: AsyncSession, actor: Actor, *, limit: int, at: datetime | None = None
) -> tuple[list[Seat], list[ImageRequest]]:
    """What was due and has not come, longest overdue first, in the consults of this actor."""
    at = at or now()
    overdue = (col(ImageRequest.ended_at).is_(None), col(ImageRequest.due_at) < at)
    longest = (
        select(ImageRequest.due_at)
        .where(*overdue, col(ImageRequest.consult_id) == col(Consult.id))
        .order_by(col(ImageRequest.due_at))
        .limit(1)
        .correlate(Consult)
        .scalar_subquery()
    )
    seats = await seats_where(
        session, actor, Action.REQUEST_MAKE, longest.is_not(None), by=longest, limit=limit, at=at
    )
    return seats, await _overdue_in(session, seats, limit=limit, at=at)


async def _overdue_in(
    session: AsyncSession, seats: Sequence[Seat], *, limit: int, at: datetime
) -> list[ImageRequest]:
    query = (
        select(ImageRequest)
        .where(
            col(ImageRequest.ended_at).is_(None),
            col(ImageRequest.due_at) < at,
            col(ImageRequest.consult_id).in_([seat.consult.id for seat in seats]),
        )
        .order_by(col(ImageRequest.due_at), col(ImageRequest.id))
        .limit(limit)
    )
    return list((await session.exec(query)).all())


async def links_of(session: AsyncSession, requests: Sequence[ImageRequest]) -> dict[UUID, Link]:
    ids = [request.link_id for request in requests if request.link_id]
    found = await session.exec(select(Link).where(col(Link.id).in_(ids)))
    return {link.id: link for link in found.all()}


async def request_answered_by(
    session: AsyncSession, seat: Seat, photo_id: UUID
) -> ImageRequest | None:
    """The request that a photo came in answer to."""
    query = (
        select(ImageRequest)
        .join(RequestedPhoto, col(RequestedPhoto.request_id) == ImageRequest.id)
        .where(RequestedPhoto.photo_id == photo_id, ImageRequest.consult_id == seat.consult.id)
    )
    return (await session.exec(query)).first()
