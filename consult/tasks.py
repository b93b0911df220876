"""The jobs by name, and what each does. Every one may run twice: it must then change nothing more."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlmodel import col, select

from consult import accounts, audit, notifications
from consult.access import Action
from consult.accounts import mail
from consult.accounts.people import acting
from consult.accounts.secret import mailed_secret
from consult.backends.jobs import Task
from consult.bootstrap import Backends
from consult.break_glass import remind_of_overdue
from consult.consults import get_seat
from consult.errors import ConsultError
from consult.models import Consult, Invitation, Photo, User, Via, now

SWEEP_ORPHANS = "sweep_orphans"
REMIND_OF_REVIEWS = "remind_of_reviews"
ANCHOR_AUDIT = "anchor_audit"
MAIL_ANCHOR = "mail_anchor"
NAMES = frozenset(
    {
        notifications.SEND_NOTICE,
        notifications.SEND_ALERT,
        mail.SEND_INVITATION,
        mail.SEND_RECOVERY_LINK,
        mail.SEND_ACCOUNT_NOTICE,
        SWEEP_ORPHANS,
        REMIND_OF_REVIEWS,
        ANCHOR_AUDIT,
        MAIL_ANCHOR,
    }
)

ORPHAN_AGE = timedelta(hours=24)
"""No upload lasts that long: a file this old without a row was cut off between the two."""


def tasks_of(backends: Backends) -> Mapping[str, Task]:
    return {
        notifications.SEND_NOTICE: partial(send_notice, backends),
        notifications.SEND_ALERT: partial(send_alert, backends),
        mail.SEND_INVITATION: partial(send_invitation, backends),
        mail.SEND_RECOVERY_LINK: partial(send_recovery_link, backends),
        mail.SEND_ACCOUNT_NOTICE: partial(send_account_notice, backends),
        SWEEP_ORPHANS: partial(sweep_orphans, backends),
        REMIND_OF_REVIEWS: partial(remind_of_reviews, backends),
        ANCHOR_AUDIT: partial(anchor_audit, backends),
        MAIL_ANCHOR: partial(mail_anchor, backends),
    }


async def send_notice(
    backends: Backends,
    *,
    user_id: str,
    consult_id: str,
    notice_id: str,
    words: str = notifications.Words.NEWS,
) -> None:
    """Send one notice, unless the person has lost access since. The Message-ID stays the same on a retry."""
    async with backends.database.reads() as session:
        user = await session.get(User, UUID(user_id))
        if user is None or not user.active or not user.email:
            return
        actor = acting(user, via=Via.COMMAND)
        try:
            await get_seat(session, actor, UUID(consult_id), Action.CONSULT_READ)
        except ConsultError:
            return
    # No transaction is open while we talk to a mail server.
    letter = notifications.notice(
        backends.settings,
        user.email,
        notice_id,
        notifications.Words(words),
        consult_id=UUID(consult_id),
    )
    await backends.mailer.send(letter)


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
