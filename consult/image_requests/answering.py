"""What was asked for arrives: by a link, or from somebody who is signed in."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, View
from consult.consults import Seat, announce, get_seat
from consult.errors import Conflict, InvalidFields
from consult.image_requests.reading import audience_of, get_request
from consult.links import link_refused
from consult.models import (
    Actor,
    ImageRequest,
    Link,
    Photo,
    RejectionReason,
    RequestedPhoto,
    now,
)
from consult.photos import Facts, Place, attach_photo


@dataclass(frozen=True)
class Answer:
    """Which request a photo answers, and which of its wanted images it is."""

    request: ImageRequest
    number: int | None
    sent: frozenset[int]
    """The numbers of those that have come."""
    retake_of: UUID | None
    """The rejected photo whose place the next one takes; None once one has taken it."""
    rejected_for: RejectionReason | None
    """What was wrong with that photo."""

    @property
    def facts(self) -> Facts:
        """What the request says of the photo, where its sender says which one it is."""
        if self.number is None:
            return Facts()
        wanted = self.request.wanted[self.number]
        return Facts(
            body_site=BodySite(wanted["body_site"]) if wanted["body_site"] else None,
            laterality=Laterality(wanted["laterality"]) if wanted["laterality"] else None,
            view=View(wanted["view"]) if wanted["view"] else None,
        )


async def asked_by(
    session: AsyncSession, actor: Actor, link: Link, *, number: int | None = None
) -> tuple[Seat, Answer]:
    """What a link asks for. Raises NotSignedIn, InvalidFields."""
    seat = await get_seat(session, actor, link.consult_id, Action.LINK_ANSWER)
    request = await _request_of(session, seat, link)
    return seat, await _answer(session, seat, request, number)


async def find_answer(
    session: AsyncSession,
    actor: Actor,
    consult_id: UUID,
    request_id: UUID,
    *,
    number: int | None = None,
) -> Answer:
    """Which request somebody answers who may read the consult.

    Raises NotFound, Forbidden, Conflict (`request_ended`), InvalidFields.
    """
    seat = await get_seat(session, actor, consult_id)
    request = await get_request(session, seat, request_id)
    if request.ended_at and request.met_at is None:
        raise Conflict("This request was taken back.", code="request_ended")
    return await _answer(session, seat, request, number)


async def attach_answer(
    session: AsyncSession, backends: Backends, *, place: Place, answer: Answer, upload: bytes
) -> tuple[Photo, bool]:
    """Attach a photo as `attach_photo` does, and count it towards the request that it answers."""
    photo, created = await attach_photo(
        session,
        backends,
        place=place,
        upload=upload,
        facts=answer.facts,
        retake_of=answer.retake_of,
    )
    if created:
        # The seat in `place` was read before this transaction.
        actor, consult_id = place.seat.actor, photo.consult_id
        seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH)
        await _note(session, seat, answer, photo)
    return photo, created


async def _note(session: AsyncSession, seat: Seat, answer: Answer, photo: Photo) -> None:
    """Count a new photo towards its request, which is met once each wanted image has come."""
    request = await session.get_one(ImageRequest, answer.request.id, populate_existing=True)
    session.add(RequestedPhoto(photo_id=photo.id, request_id=request.id, number=answer.number))
    await session.flush()
    if request.ended_at or not _complete(request, await _numbers(session, seat, request)):
        return
    request.met_at = request.ended_at = now()
    request.mail_at = None
    session.add(request)
    announce(session, seat.consult, "request.changed", request.id, audience_of(request.addressee))


async def _request_of(session: AsyncSession, seat: Seat, link: Link) -> ImageRequest:
    query = select(ImageRequest).where(
        ImageRequest.link_id == link.id, ImageRequest.consult_id == seat.consult.id
    )
    request = (await session.exec(query)).first()
    if request is None:
        raise link_refused()
    return request


def _complete(request: ImageRequest, sent: frozenset[int]) -> bool:
    return sent >= frozenset(range(len(request.wanted)))


async def _answer(
    session: AsyncSession, seat: Seat, request: ImageRequest, number: int | None
) -> Answer:
    last = len(request.wanted) - 1
    if number is None and last == 0:
        number = 0
    if number is not None and number > last:
        raise InvalidFields({"number": "There is no wanted image of this number."})
    rejected = await _rejected(session, seat, request.retake_of)
    open_place = rejected if rejected and rejected.replaced_by is None else None
    return Answer(
        request,
        number,
        sent=await _numbers(session, seat, request),
        retake_of=open_place.id if open_place else None,
        rejected_for=rejected.rejected_for if rejected else None,
    )


async def _rejected(session: AsyncSession, seat: Seat, photo_id: UUID | None) -> Photo | None:
    if photo_id is None:
        return None
    query = select(Photo).where(Photo.id == photo_id, Photo.consult_id == seat.consult.id)
    return (await session.exec(query)).first()


async def _numbers(session: AsyncSession, seat: Seat, request: ImageRequest) -> frozenset[int]:
    query = (
        select(RequestedPhoto.number)
        .join(ImageRequest, col(ImageRequest.id) == RequestedPhoto.request_id)
        .where(
            RequestedPhoto.request_id == request.id,
            ImageRequest.consult_id == seat.consult.id,
            col(RequestedPhoto.number).is_not(None),
        )
    )
    return frozenset(number for number in (await session.exec(query)).all() if number is not None)
