"""Who hears of what, and in which words. A notice never carries health information.

One job per person, keyed by person and consult: ten photos in a minute are one e-mail.
"""

from collections.abc import Iterable
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.audit import Anchor
from consult.backends.jobs import Jobs
from consult.backends.mail import Message
from consult.config import Settings
from consult.models import CLINICIANS, Actor, Audience, Consult, Participant, Role, User

SEND_NOTICE = "send_notice"

# Long enough to gather a burst, short enough that nobody waits for it.
_DELAY = 2.0

_SUBJECT = "You have a new message"
_TEXT = """\
There is something new for you in Consult.

Sign in to read it:
{link}

This mailbox is not read. In an emergency call {emergency_number}.
"""

_ANCHOR_SUBJECT = "Anchor of the audit trail"
_ANCHOR_TEXT = """\
Please keep this message. It says how far the audit trail of Consult went, and proves
later that nothing was cut off before. Time, row and mac:

{line}
To compare, put the line into a file and run:
consult audit verify --anchor FILE
"""


async def consult_opened(session: AsyncSession, jobs: Jobs, consult: Consult, *, by: Actor) -> None:
    """Tell the service that a consult waits, and the patient if somebody else opened it."""
    hearers = await _service(session)
    if consult.patient_id:
        hearers.add(consult.patient_id)
    await _notify(session, jobs, consult, hearers - {by.user_id})


async def something_new(
    session: AsyncSession,
    jobs: Jobs,
    consult: Consult,
    *,
    by: Actor,
    audience: Audience = Audience.EVERYONE,
) -> None:
    """Tell whoever is in the consult, and the whole service while nobody has taken it."""
    query = (
        select(User.id, User.role)
        .join(Participant, col(Participant.user_id) == User.id)
        .where(Participant.consult_id == consult.id, User.active)
    )
    hearers = {
        user_id
        for user_id, role in (await session.exec(query)).all()
        if audience is Audience.EVERYONE or role in CLINICIANS
    }
    if consult.assigned_to is None:
        hearers |= await _service(session)
    await _notify(session, jobs, consult, hearers - {by.user_id})


def notice(settings: Settings, user: User, consult_id: UUID, notice_id: UUID) -> Message:
    """The e-mail itself: the same words for everybody and every event."""
    link = f"{settings.origin}/consults/{consult_id}"
    return Message(
        to=user.email,
        subject=_SUBJECT,
        text=_TEXT.format(link=link, emergency_number=settings.emergency_number),
        message_id=f"<{notice_id}@{settings.rp_id}>",
    )


def anchor_notice(settings: Settings, to: str, anchor: Anchor) -> Message:
    """The anchor of the audit trail, for somebody whose mailbox the service cannot reach into."""
    return Message(
        to=to,
        subject=_ANCHOR_SUBJECT,
        text=_ANCHOR_TEXT.format(line=anchor.line),
        message_id=f"<anchor-{anchor.seq}-{anchor.mac[:16]}@{settings.rp_id}>",
    )


async def _service(session: AsyncSession) -> set[UUID]:
    on_duty = (Role.SPECIALIST, Role.COORDINATOR)
    query = select(User.id).where(col(User.role).in_(on_duty), User.active)
    return set((await session.exec(query)).all())


async def _notify(
    session: AsyncSession, jobs: Jobs, consult: Consult, hearers: Iterable[UUID]
) -> None:
    for user_id in sorted(hearers):
        await jobs.enqueue(
            session,
            SEND_NOTICE,
            key=f"{SEND_NOTICE}:{consult.id}:{user_id}",
            delay=_DELAY,
            user_id=str(user_id),
            consult_id=str(consult.id),
            notice_id=str(uuid4()),
        )
