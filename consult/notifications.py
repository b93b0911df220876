"""Who hears of what, and in which words. A notice never carries health information.

One job per person, keyed by person and consult: ten photos in a minute are one e-mail.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.audit import Anchor
from consult.backends.jobs import Jobs
from consult.backends.mail import Message
from consult.config import Settings
from consult.models import (
    CLINICIANS,
    PEOPLE,
    Actor,
    Audience,
    Consult,
    Participant,
    Proxy,
    Role,
    User,
    now,
)

SEND_NOTICE = "send_notice"
SEND_ALERT = "send_alert"

# Long enough to gather a burst, short enough that nobody waits for it.
_DELAY = 2.0


class Words(StrEnum):
    """Which of the fixed texts somebody is sent."""

    NEWS = "news"
    GLASS_BROKEN = "glass_broken"
    """To the patient, and to who acts for them."""
    GLASS_TO_REVIEW = "glass_to_review"
    GLASS_OVERDUE = "glass_overdue"
    PROXY_ENDED = "proxy_ended"


class _Letter(NamedTuple):
    subject: str
    text: str
    path: str


_LETTERS = {
    Words.NEWS: _Letter(
        "You have a new message",
        "There is something new for you in Consult.\n\nSign in to read it:",
        "/consults/{consult_id}",
    ),
    Words.GLASS_BROKEN: _Letter(
        "Somebody opened your consult in an emergency",
        "Somebody who is not in your consult opened it, and said that it was an emergency.\n"
        "It was written down, and it will be reviewed.\n\nSign in to read more:",
        "/consults/{consult_id}",
    ),
    Words.GLASS_TO_REVIEW: _Letter(
        "An emergency access has to be reviewed",
        "Somebody opened a consult that is not theirs, and said that it was an emergency.\n"
        "Review it within 72 hours.\n\nSign in to do so:",
        "/break-glass",
    ),
    Words.GLASS_OVERDUE: _Letter(
        "Overdue: an emergency access has not been reviewed",
        "Somebody opened a consult that is not theirs more than 72 hours ago, and nobody has\n"
        "reviewed it.\n\nSign in to do it now:",
        "/break-glass",
    ),
    Words.PROXY_ENDED: _Letter(
        "A patient ended what somebody may do for them",
        "A patient ended what somebody else may do for them.\n"
        "Ask whether they need help with that.\n\nSign in:",
        "/",
    ),
}
_FOOT = "\n{link}\n\nThis mailbox is not read. In an emergency call {emergency_number}.\n"

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
    hearers = await _service(session) | await patients_side(session, consult)
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
        .where(Participant.consult_id == consult.id, Participant.holds_at(now()))
        .where(User.active, col(User.role).in_(PEOPLE))
    )
    hearers = {
        user_id
        for user_id, role in (await session.exec(query)).all()
        if audience is Audience.EVERYONE or role in CLINICIANS
    }
    if audience is Audience.EVERYONE:
        hearers |= await patients_side(session, consult)
    if consult.assigned_to is None:
        hearers |= await _service(session)
    await _notify(session, jobs, consult, hearers - {by.user_id})


async def glass_broken(session: AsyncSession, jobs: Jobs, consult: Consult) -> None:
    """Tell the privacy officers, every coordinator and the patient's side, at once."""
    await alert(session, jobs, Words.GLASS_TO_REVIEW)
    hearers = await patients_side(session, consult)
    await _notify(session, jobs, consult, hearers, words=Words.GLASS_BROKEN, delay=0.0)


async def alert(
    session: AsyncSession, jobs: Jobs, words: Words, *, officers_too: bool = True
) -> None:
    """Send `words` to every coordinator, and to the privacy officers: of no consult by name."""
    coordinators = await _with_roles(session, Role.COORDINATOR)
    hearers = [str(user_id) for user_id in sorted(coordinators)]
    for user_id in [*hearers, ""] if officers_too else hearers:
        await jobs.enqueue(
            session, SEND_ALERT, user_id=user_id, words=words.value, notice_id=str(uuid4())
        )


def notice(
    settings: Settings,
    to: str,
    notice_id: str,
    words: Words = Words.NEWS,
    *,
    consult_id: UUID | None = None,
) -> Message:
    """The e-mail itself: for every event of a kind the same words to everybody."""
    letter = _LETTERS[words]
    link = settings.origin + letter.path.format(consult_id=consult_id)
    foot = _FOOT.format(link=link, emergency_number=settings.emergency_number)
    return Message(
        to=to,
        subject=letter.subject,
        text=letter.text + foot,
        message_id=f"<{notice_id}@{settings.rp_id}>",
    )


async def patients_side(session: AsyncSession, consult: Consult) -> set[UUID]:
    """The patient, and who acts for them unless it is kept from those."""
    if consult.patient_id is None:
        return set()
    query = select(Proxy.proxy_id).where(
        Proxy.patient_id == consult.patient_id, Proxy.holds_at(now())
    )
    acting = set[UUID]() if consult.confidential else set((await session.exec(query)).all())
    return {consult.patient_id} | acting


def anchor_notice(settings: Settings, to: str, anchor: Anchor) -> Message:
    """The anchor of the audit trail, for somebody whose mailbox the service cannot reach into."""
    return Message(
        to=to,
        subject=_ANCHOR_SUBJECT,
        text=_ANCHOR_TEXT.format(line=anchor.line),
        message_id=f"<anchor-{anchor.seq}-{anchor.mac[:16]}@{settings.rp_id}>",
    )


async def _service(session: AsyncSession) -> set[UUID]:
    return await _with_roles(session, Role.SPECIALIST, Role.COORDINATOR)


async def _with_roles(session: AsyncSession, *roles: Role) -> set[UUID]:
    query = select(User.id).where(col(User.role).in_(roles), User.active, User.ours)
    return set((await session.exec(query)).all())


async def _notify(
    session: AsyncSession,
    jobs: Jobs,
    consult: Consult,
    hearers: Iterable[UUID],
    *,
    words: Words = Words.NEWS,
    delay: float = _DELAY,
) -> None:
    # News keeps the key it always had: a burst of news is one mail, an alarm is never part of it.
    kind = "" if words is Words.NEWS else f":{words.value}"
    for user_id in sorted(hearers):
        await jobs.enqueue(
            session,
            SEND_NOTICE,
            key=f"{SEND_NOTICE}:{consult.id}:{user_id}{kind}",
            delay=delay,
            user_id=str(user_id),
            consult_id=str(consult.id),
            notice_id=str(uuid4()),
            words=words.value,
        )
