"""The jobs by name, and what each does. Every one may run twice: it must then change nothing more."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlmodel import col, select

from consult import (
    accounts,
    audit,
    escalations,
    handovers,
    image_requests,
    notifications,
    outcomes,
    sending,
    services,
    uploads,
    webhooks,
)
from consult.accounts import mail
from consult.accounts.secret import mailed_secret
from consult.backends.jobs import Task
from consult.bootstrap import Backends
from consult.break_glass import remind_of_overdue
from consult.models import (
    Consult,
    ImageRequest,
    Invitation,
    Link,
    PatientOutcome,
    Photo,
    User,
    now,
)

SWEEP_ORPHANS = "sweep_orphans"
SWEEP_UPLOADS = "sweep_uploads"
REMIND_OF_REVIEWS = "remind_of_reviews"
ANCHOR_AUDIT = "anchor_audit"
MAIL_ANCHOR = "mail_anchor"
MAIL_DUE_REQUESTS = "mail_due_requests"
ASK_FOR_OUTCOMES = "ask_for_outcomes"
RELEASE_ABANDONED = "release_abandoned"
RESUME_SENDING = "resume_sending"
WARN_OF_GAPS = "warn_of_gaps"
NAMES = frozenset(
    {
        notifications.SEND_NOTICE,
        notifications.SEND_ALERT,
        notifications.SEND_PAGE,
        notifications.SEND_DIGEST,
        webhooks.SEND_WEBHOOK,
        handovers.CHECK_HANDOVER,
        RELEASE_ABANDONED,
        RESUME_SENDING,
        WARN_OF_GAPS,
        mail.SEND_INVITATION,
        mail.SEND_RECOVERY_LINK,
        mail.SEND_ACCOUNT_NOTICE,
        SWEEP_ORPHANS,
        SWEEP_UPLOADS,
        REMIND_OF_REVIEWS,
        ANCHOR_AUDIT,
        MAIL_ANCHOR,
        MAIL_DUE_REQUESTS,
        ASK_FOR_OUTCOMES,
        image_requests.SEND_IMAGE_REQUEST,
        outcomes.SEND_OUTCOME_QUESTION,
    }
)

ORPHAN_AGE = timedelta(hours=24)
"""No upload lasts that long: a file this old without a row was cut off between the two."""


def tasks_of(backends: Backends) -> Mapping[str, Task]:
    return {
        notifications.SEND_NOTICE: partial(sending.send_notice, backends),
        notifications.SEND_ALERT: partial(send_alert, backends),
        notifications.SEND_PAGE: partial(sending.send_page, backends),
        notifications.SEND_DIGEST: partial(sending.send_digest, backends),
        webhooks.SEND_WEBHOOK: partial(sending.send_webhook, backends),
        handovers.CHECK_HANDOVER: partial(check_handover, backends),
        RELEASE_ABANDONED: partial(release_abandoned, backends),
        RESUME_SENDING: partial(resume_sending, backends),
        WARN_OF_GAPS: partial(warn_of_gaps, backends),
        mail.SEND_INVITATION: partial(send_invitation, backends),
        mail.SEND_RECOVERY_LINK: partial(send_recovery_link, backends),
        mail.SEND_ACCOUNT_NOTICE: partial(send_account_notice, backends),
        SWEEP_ORPHANS: partial(sweep_orphans, backends),
        SWEEP_UPLOADS: partial(sweep_uploads, backends),
        REMIND_OF_REVIEWS: partial(remind_of_reviews, backends),
        ANCHOR_AUDIT: partial(anchor_audit, backends),
        MAIL_ANCHOR: partial(mail_anchor, backends),
        MAIL_DUE_REQUESTS: partial(mail_due_requests, backends),
        ASK_FOR_OUTCOMES: partial(ask_for_outcomes, backends),
        image_requests.SEND_IMAGE_REQUEST: partial(send_image_request, backends),
        outcomes.SEND_OUTCOME_QUESTION: partial(send_outcome_question, backends),
    }


async def send_alert(backends: Backends, *, user_id: str, words: str, notice_id: str) -> None:
    """Send a text that names nothing to somebody on duty; without `user_id`, to the privacy officers."""
    addresses = backends.settings.privacy_officers
    if user_id:
        async with backends.database.reads() as session:
            user = await session.get(User, UUID(user_id))
        address = mail.address_of(user)
        addresses = (address,) if address else ()
    for number, address in enumerate(addresses):
        letter = notifications.notice(
            backends.settings, address, f"{notice_id}.{number}", notifications.Words(words)
        )
        await backends.mailer.send(letter)


async def remind_of_reviews(backends: Backends) -> None:
    """Raise the alarm for every broken glass whose review is overdue, at most once a day."""
    async with backends.database.writes.begin() as session:
        await remind_of_overdue(session, backends.jobs)


async def check_handover(backends: Backends, *, handover_id: str) -> None:
    """Tell the supervisor of a hand-over that nobody has accepted in time."""
    async with backends.database.writes.begin() as session:
        await handovers.alarm_when_overdue(session, backends.jobs, UUID(handover_id))


async def release_abandoned(backends: Backends) -> None:
    """Let wait again what belongs to somebody who cannot come in any more."""
    async with backends.database.writes.begin() as session:
        await escalations.release_abandoned(session)


async def resume_sending(backends: Backends) -> None:
    async with backends.database.writes.begin() as session:
        await sending.resume(session, backends.jobs)


async def warn_of_gaps(backends: Backends) -> None:
    """Tell the coordinators when a service that keeps a roster has nobody on it soon."""
    async with backends.database.writes.begin() as session:
        if await services.any_gap_soon(session):
            words = notifications.Words.ROSTER_GAP
            await notifications.alert(session, backends.jobs, words, officers_too=False)


async def send_invitation(backends: Backends, *, invitation_id: str) -> None:
    """Mail the link, unless it was used or taken back since. A retry mails the same link."""
    row_id = UUID(invitation_id)
    async with backends.database.reads() as session:
        invitation = await session.get(Invitation, row_id)
        if invitation is None or invitation.used_at or invitation.revoked_at:
            return
        address = mail.address_of(await session.get(User, invitation.user_id))
    if address is None or invitation.expires_at <= now():
        return
    secret = mailed_secret(backends.secret, row_id)
    await backends.mailer.send(mail.invitation_mail(backends.settings, address, row_id, secret))


async def send_recovery_link(backends: Backends, *, user_id: str, code_id: str) -> None:
    """Make the link and mail it, if anybody is there to write to. A retry mails the same link."""
    async with backends.database.writes.begin() as session:
        made = await accounts.make_recovery_link(
            session, backends.secret, UUID(user_id), UUID(code_id)
        )
        address = mail.address_of(made[0]) if made else None
    if made and address:
        await backends.mailer.send(
            mail.recovery_mail(backends.settings, address, UUID(code_id), made[1])
        )


async def send_account_notice(backends: Backends, *, user_id: str, notice_id: str) -> None:
    async with backends.database.reads() as session:
        address = mail.address_of(await session.get(User, UUID(user_id)))
    if address:
        await backends.mailer.send(mail.account_notice(backends.settings, address, UUID(notice_id)))


async def sweep_orphans(backends: Backends) -> None:
    """Delete stored files that no photo owns: uploads that were cut between file and row.

    What was sealed for somebody who was shredded is nobody's either.
    """
    keys = [key async for key in backends.storage.keys(older_than=ORPHAN_AGE)]
    for start in range(0, len(keys), 500):
        batch = keys[start : start + 500]
        async with backends.database.reads() as session:
            query = (
                select(Photo.storage_key)
                .join(Consult, col(Consult.id) == Photo.consult_id)
                .where(col(Photo.storage_key).in_(batch), col(Consult.shredded_at).is_(None))
            )
            owned = set((await session.exec(query)).all())
        for key in batch:
            if key not in owned:
                await backends.storage.delete(key)


async def sweep_uploads(backends: Backends) -> None:
    """Delete what is left of uploads that expired, were finished, or are nobody's."""
    async with backends.database.writes.begin() as session:
        unwanted = await uploads.sweep_uploads(session, backends)
    for upload_id in unwanted:
        await backends.staging.delete(upload_id)


async def anchor_audit(backends: Backends) -> None:
    """Anchor the audit trail outside the database; once a day the privacy officer hears it too.

    Raises ChainContradicted, so that the job is seen to fail for good.
    """
    settings = backends.settings
    anchored = await audit.drop_anchor(backends.database, settings.audit_anchor)
    if anchored and anchored.first_of_day and settings.privacy_officers:
        anchor = anchored.anchor
        async with backends.database.writes.begin() as session:
            await backends.jobs.enqueue(
                session, MAIL_ANCHOR, at=anchor.at, seq=anchor.seq, mac=anchor.mac
            )


async def mail_anchor(backends: Backends, *, at: str, seq: int, mac: str) -> None:
    anchor = audit.Anchor(at, seq, mac)
    for officer in backends.settings.privacy_officers:
        await backends.mailer.send(notifications.anchor_notice(backends.settings, officer, anchor))


async def mail_due_requests(backends: Backends) -> None:
    """Begin the photo windows and send the reminders that are due, until none is."""
    async with backends.database.writes.begin() as session:
        await image_requests.end_of_closed(session)
    due = 1
    while due:
        async with backends.database.writes.begin() as session:
            due = await image_requests.mail_due_requests(session, backends)


async def send_image_request(
    backends: Backends, *, request_id: str, link_id: str, number: int
) -> None:
    """Mail the link, unless it has come, was taken back, or another link was given since."""
    async with backends.database.reads() as session:
        request = await session.get(ImageRequest, UUID(request_id))
        link = await session.get(Link, UUID(link_id))
    if request is None or link is None or request.ended_at or link.ended_at or not request.email:
        return
    key, settings = backends.secret, backends.settings
    await backends.mailer.send(image_requests.request_mail(settings, key, request, link, number))


async def ask_for_outcomes(backends: Backends) -> None:
    """Ask, once, about every consult that was closed a while ago."""
    asked = 1
    while asked:
        async with backends.database.writes.begin() as session:
            asked = await outcomes.ask_for_outcomes(session, backends)


async def send_outcome_question(backends: Backends, *, link_id: str) -> None:
    async with backends.database.reads() as session:
        link = await session.get_one(Link, UUID(link_id))
        outcome = await session.get_one(PatientOutcome, link.consult_id)
        address = mail.address_of(await session.get(User, outcome.asked_of))
    if address and outcome.answered_at is None:
        await backends.mailer.send(
            outcomes.outcome_mail(backends.settings, backends.secret, address, link)
        )
