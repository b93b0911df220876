"""What is mailed about an account: a link to come in, a link to come back, and that it changed.

Fixed words for everybody. None says who it is for, or that it is about anybody's health. A
job's arguments are ids; the secret of a link is derived when the mail is written.
"""

from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.jobs import Jobs
from consult.backends.mail import Message
from consult.config import Settings
from consult.models import User

SEND_INVITATION = "send_invitation"
SEND_RECOVERY_LINK = "send_recovery_link"
SEND_ACCOUNT_NOTICE = "send_account_notice"

_INVITATION = """\
You have been invited to Consult.

Open this link within 24 hours, on the device that you will sign in with:
{link}

It works once. If you expected no invitation, ignore this message: nothing will happen.
This mailbox is not read. In an emergency call {emergency_number}.
"""
_RECOVERY = """\
Somebody, most likely you, asked for a way back into Consult.

Open this link within 24 hours, on the device that you will sign in with:
{link}

You will also need one of your saved codes, or a code from your coordinator. If you did not ask,
ignore this message: the link alone opens nothing.
This mailbox is not read. In an emergency call {emergency_number}.
"""
_CHANGED = """\
The way you sign in to Consult has changed.

If it was you, there is nothing to do. If it was not, tell your coordinator at once, and look
here at what was changed:
{link}

This mailbox is not read. In an emergency call {emergency_number}.
"""


async def mail_invitation(session: AsyncSession, jobs: Jobs, invitation_id: UUID) -> None:
    await jobs.enqueue(session, SEND_INVITATION, invitation_id=str(invitation_id))


async def mail_recovery_link(session: AsyncSession, jobs: Jobs, user_id: UUID) -> None:
    """Ask for the mail whether or not anybody has this id: the job finds out, not the caller."""
    await jobs.enqueue(
        session,
        SEND_RECOVERY_LINK,
        key=f"{SEND_RECOVERY_LINK}:{user_id}",
        user_id=str(user_id),
        code_id=str(uuid4()),
    )


async def mail_account_notice(session: AsyncSession, jobs: Jobs, user_id: UUID) -> None:
    """Tell somebody, at every address we have, that how they sign in has changed."""
    await jobs.enqueue(
        session,
        SEND_ACCOUNT_NOTICE,
        key=f"{SEND_ACCOUNT_NOTICE}:{user_id}",
        user_id=str(user_id),
        notice_id=str(uuid4()),
    )


def invitation_mail(settings: Settings, to: str, invitation_id: UUID, secret: str) -> Message:
    link = f"{settings.origin}/enrol#t={secret}"
    return _message(
        settings, to, invitation_id, subject="Your invitation", text=_INVITATION, link=link
    )


def recovery_mail(settings: Settings, to: str, code_id: UUID, secret: str) -> Message:
    link = f"{settings.origin}/recover#t={secret}"
    return _message(settings, to, code_id, subject="Your way back in", text=_RECOVERY, link=link)


def account_notice(settings: Settings, to: str, notice_id: UUID) -> Message:
    link = f"{settings.origin}/account"
    return _message(
        settings, to, notice_id, subject="How you sign in has changed", text=_CHANGED, link=link
    )


def address_of(user: User | None) -> str | None:
    """Where mail to `user` goes; None when there is nobody to write to."""
    return user.email if user and user.active else None


def _message(
    settings: Settings, to: str, message_id: UUID, *, subject: str, text: str, link: str
) -> Message:
    return Message(
        to=to,
        subject=subject,
        text=text.format(link=link, emergency_number=settings.emergency_number),
        message_id=f"<{message_id}@{settings.rp_id}>",
    )
