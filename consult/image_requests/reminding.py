"""Windows that begin, and reminders until what was asked for has come.

Every mail stands in the row of its request with the time when it is due, so that a restart
forgets none and sends none twice: the row moves on in the transaction that enqueues the mail.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.jobs import Jobs
from consult.backends.mail import Message
from consult.bootstrap import Backends
from consult.clinical.workflow.windows import next_reminder
from consult.config import Settings
from consult.links import address_of, end_link, make_link
from consult.models import Consult, ImageRequest, Language, Link, LinkKind, now
from consult.services import get_service

SEND_IMAGE_REQUEST = "send_image_request"

PHOTOS_PER_LINK = 20

_AT_A_TIME = 200


async def mail_due_requests(
    session: AsyncSession, backends: Backends, *, at: datetime | None = None
) -> int:
    """Begin the windows and send the reminders that are due; return how many there were."""
    query = (
        select(ImageRequest)
        .where(col(ImageRequest.ended_at).is_(None), col(ImageRequest.mail_at) <= (at or now()))
        .order_by(col(ImageRequest.mail_at))
        .limit(_AT_A_TIME)
    )
    due = (await session.exec(query)).all()
    for request in due:
        await begin_or_remind(session, backends, request, at=at)
    return len(due)


async def begin_or_remind(
    session: AsyncSession, backends: Backends, request: ImageRequest, *, at: datetime | None = None
) -> None:
    """Make the link if there is none yet, enqueue the mail, and say when the next one is due."""
    at = at or now()
    if request.link_id is None:
        await give_link(session, backends.secret, request)
    if request.email:
        await _enqueue(session, backends.jobs, request)
    request.mail_at = await _next_mail(session, request, at) if request.email else None
    session.add(request)


async def _next_mail(session: AsyncSession, request: ImageRequest, at: datetime) -> datetime | None:
    every, until = timedelta(hours=request.remind_hours), await _link_ends(session, request)
    return next_reminder(at, due_at=request.due_at, every=every, until=until)


async def _link_ends(session: AsyncSession, request: ImageRequest) -> datetime:
    """So long after it was due the service still takes photos, and still reminds."""
    consult = await session.get_one(Consult, request.consult_id)
    service = await get_service(session, consult.service_id)
    return request.due_at + timedelta(hours=service.link_grace_hours)


async def give_link(session: AsyncSession, key: bytes, request: ImageRequest) -> Link:
    link = await make_link(
        session,
        key,
        consult_id=request.consult_id,
        kind=LinkKind.PHOTOS,
        expires_at=await _link_ends(session, request),
        most_uses=PHOTOS_PER_LINK,
    )
    request.link_id = link.id
    session.add(request)
    await session.flush()
    return link


async def end_of_closed(session: AsyncSession) -> None:
    """Give up whatever was still asked for in consults that were closed since."""
    query = (
        select(ImageRequest)
        .join(Consult, col(Consult.id) == ImageRequest.consult_id)
        .where(col(ImageRequest.ended_at).is_(None), col(Consult.closed_at).is_not(None))
    )
    for request in (await session.exec(query)).all():
        await end_request(session, request)


async def end_request(session: AsyncSession, request: ImageRequest) -> None:
    """Remind nobody any more, and let the link take nothing more."""
    request.ended_at, request.mail_at = now(), None
    session.add(request)
    if request.link_id:
        await end_link(session, await session.get_one(Link, request.link_id))


def request_mail(
    settings: Settings, key: bytes, request: ImageRequest, link: Link, number: int
) -> Message:
    """The mail itself: in each language the same words to everybody, about nobody's health."""
    assert request.email
    subject, text = _LETTERS[request.language]
    return Message(
        to=request.email,
        subject=subject,
        text=text.format(
            link=address_of(settings, key, link), emergency_number=settings.emergency_number
        ),
        message_id=f"<request-{link.id.hex}-{number}@{settings.rp_id}>",
    )


async def _enqueue(session: AsyncSession, jobs: Jobs, request: ImageRequest) -> None:
    request.mails += 1
    await jobs.enqueue(
        session,
        SEND_IMAGE_REQUEST,
        request_id=str(request.id),
        link_id=str(request.link_id),
        number=request.mails,
    )


_LETTERS = {
    Language.ENGLISH: (
        "You are asked to send pictures",
        """\
You are asked to send pictures through Consult.

Open this link on your phone. It shows which pictures, and by when. You need no account:
{link}

The link only sends. It shows nobody what was sent. Do not pass it on.
This mailbox is not read. In an emergency call {emergency_number}.
""",
    ),
    Language.SPANISH: (
        "Le piden que envíe fotos",
        """\
Le piden que envíe fotos por Consult.

Abra este enlace en su teléfono. Dice qué fotos y para cuándo. No necesita una cuenta:
{link}

El enlace solo envía. No muestra a nadie lo que se envió. No lo comparta.
Nadie lee este buzón. En una emergencia llame al {emergency_number}.
""",
    ),
}
