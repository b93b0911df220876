"""Photos looked over: each is accepted, or rejected for a reason and taken again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, View
from consult.consults import Seat, announce, seats_where
from consult.errors import Conflict, InvalidFields, NotFound
from consult.image_requests import (
    Wanted,
    Wish,
    ask_for_images,
    end_retakes_of,
    request_answered_by,
)
from consult.imaging.dicom import Rejection
from consult.models import (
    Actor,
    Addressee,
    Consult,
    ImageRequest,
    Language,
    Photo,
    PhotoVerdict,
    RejectionReason,
    RequestPurpose,
    Review,
    Role,
    User,
    private,
)
from consult.photos import Seen, require_newest


@dataclass(frozen=True)
class Judgement:
    """What a reviewer says. A rejection has a reason, and nothing else has."""

    verdict: PhotoVerdict
    reason: RejectionReason | None = None
    note: str = ""
    retake_by: datetime | None = None
    """Ask whoever sent it for another one by then; None: ask nobody."""
    review_id: UUID | None = None
    """Made by whoever reviews: the same again is the same review."""


@dataclass(frozen=True)
class Reviewed:
    review: Review
    photo: Photo
    retake: ImageRequest | None
    """What asks for another one."""
    created: bool = True


async def review_photo(
    session: AsyncSession, backends: Backends, seen: Seen, judgement: Judgement
) -> Reviewed:
    """Accept or reject a photo; `seen` must have been taken for PHOTO_REVIEW.

    A later review counts in the place of an earlier one. Raises InvalidFields, or Conflict
    (`already_replaced`, `id_taken`).
    """
    seat, photo = seen
    seat.require(Action.PHOTO_REVIEW)
    if (judgement.verdict is PhotoVerdict.REJECTED) != (judgement.reason is not None):
        raise InvalidFields({"reason": "A rejection has a reason, and nothing else has."})
    review_id = judgement.review_id or uuid4()
    if known := await _known(session, seat, review_id):
        return await _shown_again(session, seat, photo, known, judgement)
    require_newest(photo)
    review = Review(
        id=review_id,
        photo_id=photo.id,
        verdict=judgement.verdict,
        reason=judgement.reason,
        note=private(judgement.note, seat.consult.subject_id),
        reviewed_by=seat.actor.user_id,
    )
    photo.verdict, photo.rejected_for = judgement.verdict, judgement.reason
    session.add_all((review, photo))
    await end_retakes_of(session, seat, photo.id)
    retake = await _ask_again(session, backends, seen, judgement.retake_by)
    announce(session, seat.consult, f"photo.{judgement.verdict}", photo.id)
    await audit.record(session, seat.actor, f"photo.{judgement.verdict}", photo.id, **seat.about)
    return Reviewed(review, photo, retake)


async def photos_to_review(
    session: AsyncSession, actor: Actor, *, limit: int
) -> tuple[list[Seat], list[Photo]]:
    """What nobody has looked over yet, oldest first, in the consults where `actor` may do so."""
    waiting = (
        select(Photo.created_at)
        .where(*_unseen(), col(Photo.consult_id) == col(Consult.id))
        .order_by(col(Photo.created_at))
        .limit(1)
        .correlate(Consult)
        .scalar_subquery()
    )
    open_still = col(Consult.closed_at).is_(None)
    clause = waiting.is_not(None) & open_still
    seats = await seats_where(session, actor, Action.PHOTO_REVIEW, clause, by=waiting, limit=limit)
    return seats, await _unseen_in(session, seats, limit=limit)


async def _unseen_in(session: AsyncSession, seats: Sequence[Seat], *, limit: int) -> list[Photo]:
    query = (
        select(Photo)
        .where(*_unseen(), col(Photo.consult_id).in_([seat.consult.id for seat in seats]))
        .order_by(col(Photo.created_at), col(Photo.id))
        .limit(limit)
    )
    return list((await session.exec(query)).all())


async def rejection_of(session: AsyncSession, seat: Seat, photo: Photo) -> Rejection:
    """The newest review of a photo, for its DICOM document. Raises NotFound unless it rejects."""
    query = (
        select(Review, User)
        .join(User, col(User.id) == Review.reviewed_by)
        .join(Photo, col(Photo.id) == Review.photo_id)
        .where(Review.photo_id == photo.id, Photo.consult_id == seat.consult.id)
        .order_by(col(Review.reviewed_at).desc())
    )
    found = (await session.exec(query)).first()
    if found is None or found[0].reason is None:
        raise NotFound
    review, reviewer = found
    return Rejection(
        review_id=review.id,
        reason=found[0].reason.value,
        rejected_at=review.reviewed_at,
        rejected_by=reviewer.name,
    )


def _unseen() -> tuple[bool, bool]:
    return (
        col(Photo.verdict).is_(None),  # pyright: ignore[reportReturnType] - an expression, typed as SQLModel types `==`
        col(Photo.replaced_by).is_(None),  # pyright: ignore[reportReturnType] - the same
    )


async def _ask_again(
    session: AsyncSession, backends: Backends, seen: Seen, retake_by: datetime | None
) -> ImageRequest | None:
    if seen.photo.verdict is not PhotoVerdict.REJECTED or retake_by is None:
        return None
    wish = await _retake(session, seen.seat, seen.photo, retake_by)
    (request,) = (await ask_for_images(session, backends, seen.seat, wish)).requests
    return request


async def _retake(session: AsyncSession, seat: Seat, photo: Photo, retake_by: datetime) -> Wish:
    """Ask whoever was asked for the photo, and else whoever sent it."""
    asked = await request_answered_by(session, seat, photo.id)
    sender = None if asked else await _sender(session, photo)
    by_patient = sender is not None and sender.role is Role.PATIENT
    return Wish(
        purpose=RequestPurpose.RETAKE,
        addressee=asked.addressee if asked else _addressee(by_patient=by_patient),
        due_at=retake_by,
        wanted=(_wanted(photo),),
        user_id=asked.user_id if asked else sender and sender.id,
        email=asked.email if asked else sender and sender.email,
        language=asked.language if asked else Language.ENGLISH,
        retake_of=photo.id,
    )


async def _sender(session: AsyncSession, photo: Photo) -> User | None:
    """Who can be asked: of what a tablet sent, whoever claimed it."""
    sender = await session.get_one(User, photo.claimed_by or photo.created_by)
    return None if sender.role in (Role.DEVICE, Role.LINK) else sender


def _addressee(*, by_patient: bool) -> Addressee:
    return Addressee.PATIENT if by_patient else Addressee.COLLEAGUE


def _wanted(photo: Photo) -> Wanted:
    return Wanted(
        BodySite(photo.body_site) if photo.body_site else None,
        Laterality(photo.laterality) if photo.laterality else None,
        View(photo.view) if photo.view else None,
    )


async def _known(session: AsyncSession, seat: Seat, review_id: UUID) -> Review | None:
    seat.require(Action.PHOTO_REVIEW)
    return await session.get(Review, review_id)


async def _shown_again(
    session: AsyncSession, seat: Seat, photo: Photo, known: Review, judgement: Judgement
) -> Reviewed:
    same = (known.photo_id, known.verdict, known.reason, known.reviewed_by)
    if same != (photo.id, judgement.verdict, judgement.reason, seat.actor.user_id):
        raise Conflict("Another review already has this id. Use a new one.", code="id_taken")
    await audit.record(session, seat.actor, "photo.facts.viewed", photo.id, **seat.about)
    query = select(ImageRequest).where(
        ImageRequest.retake_of == photo.id, col(ImageRequest.ended_at).is_(None)
    )
    return Reviewed(known, photo, (await session.exec(query)).first(), created=False)
