"""Staff ask somebody for images; they may take that back, or give a new link."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, View
from consult.clinical.workflow.windows import Window, windows
from consult.config.checks import mail_address
from consult.consults import Seat, announce
from consult.errors import Conflict, InvalidFields
from consult.image_requests.reading import audience_of, get_request, requests_of_series
from consult.image_requests.reminding import begin_or_remind, end_request, give_link
from consult.links import end_link
from consult.models import (
    Addressee,
    ImageRequest,
    Language,
    Link,
    RequestPurpose,
    User,
    now,
    private,
)
from consult.services import get_service

LONGEST_LEAD = timedelta(days=14)
"""How long before images are due a link may begin to take them."""
FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Wanted:
    """One image that is asked for."""

    body_site: BodySite | None = None
    laterality: Laterality | None = None
    view: View | None = None


@dataclass(frozen=True)
class Wish:
    purpose: RequestPurpose
    addressee: Addressee
    due_at: datetime
    wanted: tuple[Wanted, ...] = ()
    """Empty: one image of whatever it is about."""
    request_id: UUID | None = None
    """Made by whoever asks, so that asking twice asks once."""
    email: str | None = None
    """Where the link goes. None: to the patient's own address, if that is who is asked."""
    language: Language = Language.ENGLISH
    remind_hours: int | None = None
    """None: as the service has it."""
    every_days: int = 0
    """A window again every so many days, as dressings are changed; 0 for one window only."""
    times: int = 1
    lead_hours: int = 24
    """How long before it is due a repeated window begins."""
    time_zone: str = "UTC"
    """Where the patient's clock hangs (IANA)."""
    retake_of: UUID | None = None
    user_id: UUID | None = None
    """Who is asked, if that is known already."""


class Made(NamedTuple):
    requests: list[ImageRequest]
    """One a window, in their order."""
    created: bool


async def ask_for_images(
    session: AsyncSession, backends: Backends, seat: Seat, wish: Wish, *, at: datetime | None = None
) -> Made:
    """Ask for images; `seat` must have been taken for REQUEST_MAKE, or for the review of a photo.

    Raises InvalidFields, or Conflict (`id_taken`).
    """
    seat.require(Action.REQUEST_MAKE, Action.PHOTO_REVIEW)
    at = at or now()
    request_id = wish.request_id or uuid4()
    if known := await _known(session, seat, request_id):
        await audit.record(session, seat.actor, "requests.viewed", request_id, **seat.about)
        return Made(known, created=False)
    _check(wish, at)
    user, email = await _addressee(session, seat, wish)
    service = await get_service(session, seat.consult.service_id)
    requests = [
        ImageRequest(
            id=request_id if number == 0 else uuid4(),
            consult_id=seat.consult.id,
            series_id=request_id,
            purpose=wish.purpose,
            wanted=[asdict(one) for one in wish.wanted or (Wanted(),)],
            addressee=wish.addressee,
            user_id=user.id if user else None,
            email=private(email, seat.consult.subject_id),
            language=wish.language,
            requested_by=seat.actor.user_id,
            created_at=at,
            opens_at=window.opens_at,
            due_at=window.due_at,
            remind_hours=wish.remind_hours or service.remind_hours,
            mail_at=window.opens_at,
            retake_of=wish.retake_of,
        )
        for number, window in enumerate(_windows(wish, at))
    ]
    session.add_all(requests)
    await session.flush()
    for request in requests:
        if request.opens_at <= at:
            await begin_or_remind(session, backends, request, at=at)
    announce(session, seat.consult, "request.changed", request_id, audience_of(wish.addressee))
    if seat.action is Action.REQUEST_MAKE:  # else the review is the deed
        await audit.record(session, seat.actor, "request.made", request_id, **seat.about)
    return Made(requests, created=True)


async def cancel_request(session: AsyncSession, seat: Seat, request_id: UUID) -> None:
    """Take back a request and every later window of it. Doing so twice changes nothing.

    `seat` must have been taken for REQUEST_MAKE. Raises NotFound.
    """
    seat.require(Action.REQUEST_MAKE)
    asked = await get_request(session, seat, request_id)
    for request in await requests_of_series(session, seat, asked.series_id):
        if request.ended_at is None and request.due_at >= asked.due_at:
            request.cancelled_by = seat.actor.user_id
            await end_request(session, request)
    announce(session, seat.consult, "request.changed", request_id, audience_of(asked.addressee))
    await audit.record(session, seat.actor, "request.cancelled", request_id, **seat.about)


async def renew_link(
    session: AsyncSession,
    backends: Backends,
    seat: Seat,
    request_id: UUID,
    *,
    due_at: datetime | None = None,
) -> ImageRequest:
    """Give a new link, which ends the old one, and a new time if `due_at` says so.

    `seat` must have been taken for REQUEST_MAKE. Raises NotFound, InvalidFields, or Conflict
    (`request_ended`).
    """
    seat.require(Action.REQUEST_MAKE)
    request, at = await get_request(session, seat, request_id), now()
    if request.ended_at:
        raise Conflict("This request has ended. Ask anew.", code="request_ended")
    due_at = due_at or request.due_at
    _check_due(due_at, at)
    if request.link_id:
        await end_link(session, await session.get_one(Link, request.link_id))
    request.due_at, request.opens_at, request.link_id = due_at, at, None
    await give_link(session, backends.secret, request)
    await begin_or_remind(session, backends, request, at=at)
    announce(session, seat.consult, "request.changed", request_id, audience_of(request.addressee))
    await audit.record(session, seat.actor, "request.renewed", request_id, **seat.about)
    return request


def _windows(wish: Wish, at: datetime) -> list[Window]:
    single = wish.times == 1
    return windows(
        wish.due_at,
        now=at,
        lead=LONGEST_LEAD if single else timedelta(hours=wish.lead_hours),
        every_days=wish.every_days,
        times=wish.times,
        zone=ZoneInfo(wish.time_zone),
    )


def _check(wish: Wish, at: datetime) -> None:
    _check_due(wish.due_at, at)
    if (wish.times > 1) != (wish.every_days > 0):
        raise InvalidFields({"times": "Say both: how often, and every how many days."})
    if wish.every_days * (wish.times - 1) > FURTHEST.days:
        raise InvalidFields({"times": "The last window would be more than a year away."})


def _check_due(due_at: datetime, at: datetime) -> None:
    if not at < due_at <= at + FURTHEST:
        raise InvalidFields({"due_at": "This must be a time within the year to come."})


async def _known(session: AsyncSession, seat: Seat, request_id: UUID) -> list[ImageRequest]:
    request = await session.get(ImageRequest, request_id)
    if request is None:
        return []
    if request.consult_id != seat.consult.id or request.series_id != request_id:
        raise Conflict("Another request already has this id. Use a new one.", code="id_taken")
    return await requests_of_series(session, seat, request_id)


async def _addressee(
    session: AsyncSession, seat: Seat, wish: Wish
) -> tuple[User | None, str | None]:
    """Who is asked, if they have an account, and where the link goes, if anywhere."""
    email = wish.email.strip().lower() if wish.email else None
    if email and not _is_address(email):
        raise InvalidFields({"email": "This is not one e-mail address, such as ana@example.org."})
    patient = seat.consult.patient_id if wish.addressee is Addressee.PATIENT else None
    if user_id := wish.user_id or patient:
        user = await session.get_one(User, user_id)
        return user, email or user.email
    if email is None:
        return None, None
    query = select(User).where(col(User.email) == email, col(User.active))
    return (await session.exec(query)).first(), email


def _is_address(text: str) -> bool:
    try:
        mail_address(text)
    except ValueError:
        return False
    return True


async def end_retakes_of(session: AsyncSession, seat: Seat, photo_id: UUID) -> None:
    """Take back whatever asks for this photo again: it was looked over anew."""
    query = select(ImageRequest).where(
        ImageRequest.retake_of == photo_id,
        ImageRequest.consult_id == seat.consult.id,
        col(ImageRequest.ended_at).is_(None),
    )
    for request in (await session.exec(query)).all():
        request.cancelled_by = seat.actor.user_id
        await end_request(session, request)
