"""Who hears of what, and in which words. A notice never carries health information.

One job per person, keyed by person and consult: ten photos in a minute are one e-mail.
"""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import services
from consult.backends.jobs import Jobs
from consult.clinical.workflow.service_levels import Priority, Rung
from consult.models import (
    CLINICIANS,
    PEOPLE,
    PRIORITY,
    Actor,
    Audience,
    Consult,
    Escalation,
    Notice,
    NoticeEvent,
    Participant,
    Proxy,
    Role,
    User,
    now,
)
from consult.notifications.letters import Words
from consult.preferences import timing

SEND_NOTICE = "send_notice"
SEND_ALERT = "send_alert"
SEND_PAGE = "send_page"
SEND_DIGEST = "send_digest"

# Long enough to gather a burst, short enough that nobody waits for it.
_DELAY = 2.0


async def consult_opened(session: AsyncSession, jobs: Jobs, consult: Consult, *, by: Actor) -> None:
    """Tell the team that a consult waits, and the patient if somebody else opened it.

    Whoever is paged for it is not told twice.
    """
    paged = await services.person_to_page(
        session, await services.get_service(session, consult.service_id), Rung.PRIMARY, now()
    )
    hearers = await _team(session, consult) - {paged}
    hearers |= await patients_side(session, consult)
    event = NoticeEvent.CONSULT_OPENED
    await _notify(session, jobs, consult, hearers - {by.user_id}, event=event)


async def something_new(
    session: AsyncSession,
    jobs: Jobs,
    consult: Consult,
    *,
    by: Actor,
    audience: Audience = Audience.EVERYONE,
    event: NoticeEvent = NoticeEvent.NEWS,
) -> None:
    """Tell whoever is in the consult, and the team on duty while nobody has taken it."""
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
        hearers |= await _team(session, consult)
    await _notify(session, jobs, consult, hearers - {by.user_id}, event=event)


async def page(session: AsyncSession, jobs: Jobs, escalation: Escalation, user_id: UUID) -> None:
    """Write to whoever is on duty; in their quiet hours only of what is an emergency."""
    consult = await session.get_one(Consult, escalation.consult_id)
    urgent = PRIORITY[consult.urgency] in (Priority.RED, Priority.ORANGE)
    waits = await timing(session, [user_id], NoticeEvent.PAGE, urgent=urgent, at=now())
    notice = Notice(
        user_id=user_id,
        consult_id=consult.id,
        escalation_id=escalation.id,
        words=Words.PAGE.value,
    )
    session.add(notice)
    await session.flush()
    await jobs.enqueue(
        session,
        SEND_PAGE,
        key=f"{SEND_PAGE}:{notice.id}",
        delay=waits[user_id].delay,
        notice_id=str(notice.id),
    )


async def tell(session: AsyncSession, jobs: Jobs, user_id: UUID, words: Words) -> None:
    """Send somebody a text that names nothing, at once."""
    await jobs.enqueue(
        session, SEND_ALERT, user_id=str(user_id), words=words.value, notice_id=str(uuid4())
    )


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


async def patients_side(session: AsyncSession, consult: Consult) -> set[UUID]:
    """The patient, and who acts for them unless it is kept from those."""
    if consult.patient_id is None:
        return set()
    query = select(Proxy.proxy_id).where(
        Proxy.patient_id == consult.patient_id, Proxy.holds_at(now())
    )
    acting = set[UUID]() if consult.confidential else set((await session.exec(query)).all())
    return {consult.patient_id} | acting


async def _team(session: AsyncSession, consult: Consult) -> set[UUID]:
    """Who is on duty; with nobody on the roster everybody, so that nothing waits in silence."""
    service = await services.get_service(session, consult.service_id)
    on_duty = set((await services.on_duty(session, service, now())).values())
    return on_duty or await _with_roles(session, Role.SPECIALIST, Role.COORDINATOR)


async def _with_roles(session: AsyncSession, *roles: Role) -> set[UUID]:
    query = select(User.id).where(col(User.role).in_(roles), User.active, User.ours)
    return set((await session.exec(query)).all())


async def _notify(
    session: AsyncSession,
    jobs: Jobs,
    consult: Consult,
    hearers: Collection[UUID],
    *,
    words: Words = Words.NEWS,
    delay: float = _DELAY,
    event: NoticeEvent = NoticeEvent.NEWS,
) -> None:
    # News keeps the key it always had: a burst of news is one mail, an alarm is never part of it.
    kind = "" if words is Words.NEWS else f":{words.value}"
    urgent = words is not Words.NEWS or PRIORITY[consult.urgency] in (Priority.RED, Priority.ORANGE)
    waits = await timing(session, hearers, event, urgent=urgent, at=now())
    for user_id in sorted(hearers):
        if waits[user_id].digest:
            await _digest(session, jobs, user_id, waits[user_id].delay)
            continue
        await jobs.enqueue(
            session,
            SEND_NOTICE,
            key=f"{SEND_NOTICE}:{consult.id}:{user_id}{kind}",
            delay=max(delay, waits[user_id].delay),
            user_id=str(user_id),
            consult_id=str(consult.id),
            notice_id=str(uuid4()),
            words=words.value,
        )


async def _digest(session: AsyncSession, jobs: Jobs, user_id: UUID, delay: float) -> None:
    await jobs.enqueue(
        session,
        SEND_DIGEST,
        key=f"{SEND_DIGEST}:{user_id}",
        delay=delay,
        user_id=str(user_id),
        notice_id=str(uuid4()),
    )
