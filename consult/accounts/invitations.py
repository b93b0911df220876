"""Invitations: the one-time right to bind a first passkey, by link, on a screen or on a card.

Looking at one changes nothing: mail scanners open links, and some run the page. It is used up
in the transaction that binds a passkey, and by nothing else. From then on the way back in is
recovery, which takes two proofs; a code given in person is one of them.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.binding import was_enrolled
from consult.accounts.mail import mail_invitation
from consult.accounts.people import refuse_higher
from consult.accounts.secret import (
    hash_of,
    hash_of_code,
    hashes_of,
    mailed_secret,
    make_code,
    make_secret,
)
from consult.backends.jobs import Jobs
from consult.errors import Conflict, InvalidRequest
from consult.models import Actor, Invitation, InvitationKind, Role, User, now

# NIST SP 800-63B-4 4.2.1.2: at most 24 h for a code sent by mail.
LINK_LIFETIME = timedelta(hours=24)
_LIFETIMES = {
    InvitationKind.LINK: LINK_LIFETIME,
    InvitationKind.QR: timedelta(minutes=10),
    InvitationKind.PRINTED: timedelta(days=7),
}
_QR_BYTES = 16
_PRINTED_CHARACTERS = 32


class GivenCode(NamedTuple):
    """A code that was just made. The secret is not kept: show it now."""

    secret: str
    expires_at: datetime


async def invite(
    session: AsyncSession,
    user: User,
    *,
    lifetime: timedelta = LINK_LIFETIME,
    actor: Actor | None = None,
) -> str:
    """Return a one-time secret that lets `user` bind one passkey, and nothing else.

    Raises Conflict for a tablet: it has a key of its own, and nobody signs in as one.
    """
    if user.role is Role.DEVICE:
        raise Conflict("A tablet has no passkey. Make it a new link.", code="is_a_device")
    secret = make_secret()
    await _add(session, user, InvitationKind.LINK, hash_of(secret), actor, lifetime=lifetime)
    return secret


async def invite_by_mail(
    session: AsyncSession, jobs: Jobs, key: bytes, user: User, *, actor: Actor
) -> None:
    """Mail `user` a link in the place of any before; the link's secret is derived from `key`.

    Raises Conflict: `no_address`, `already_enrolled`, `user_disabled`; Forbidden for a role
    above the actor's.
    """
    refuse_higher(actor, user.role)
    _refuse_disabled(user)
    if user.email is None:
        raise Conflict("This person has no e-mail address. Give a code instead.", code="no_address")
    if await was_enrolled(session, user):
        raise already_enrolled()
    await revoke_invitations(session, user, actor=actor)
    invitation_id = uuid4()
    hashed = hash_of(mailed_secret(key, invitation_id))
    await _add(session, user, InvitationKind.LINK, hashed, actor, invitation_id=invitation_id)
    await mail_invitation(session, jobs, invitation_id)


async def give_code(
    session: AsyncSession, user: User, kind: InvitationKind, *, actor: Actor
) -> GivenCode:
    """Make a code for a patient who is there in person, in the place of any before.

    A patient who had a passkey before needs a second proof beside it: see recovery.
    Raises Conflict: `only_for_patients`, `user_disabled`.
    """
    _refuse_disabled(user)
    if user.role is not Role.PATIENT or kind is InvitationKind.LINK:
        raise Conflict("Codes are for patients. Send a link instead.", code="only_for_patients")
    await revoke_invitations(session, user, actor=actor)
    printed = kind is InvitationKind.PRINTED
    secret = make_code(_PRINTED_CHARACTERS) if printed else make_secret(_QR_BYTES)
    hashed = hash_of_code(secret) if printed else hash_of(secret)
    invitation = await _add(session, user, kind, hashed, actor)
    return GivenCode(secret, invitation.expires_at)


async def revoke_invitations(
    session: AsyncSession, user: User, *, actor: Actor | None = None
) -> None:
    """End every link and code of `user` that could still be used: a wrong card, a lost letter."""
    statement = (
        update(Invitation)
        .where(
            col(Invitation.user_id) == user.id,
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
            col(Invitation.expires_at) > now(),
        )
        .values(revoked_at=now())
        .returning(col(Invitation.id))
    )
    if (await session.exec(statement)).all():
        await audit.record(session, actor, "invitations.revoked", user.id)


async def invited(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Invitation, User]:
    """Find the live invitation that `secret` opens, without using it up. Raises InvalidRequest."""
    found = await find_invitation(session, secret, at=at)
    if found is None:
        raise invitation_not_valid()
    invitation, user = found
    if invitation.kind is not InvitationKind.LINK and await was_enrolled(session, user):
        raise invitation_not_valid()
    return found


async def find_invitation(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Invitation, User] | None:
    query = (
        select(Invitation, User)
        .join(User, col(User.id) == Invitation.user_id)
        .where(
            col(Invitation.token_hash).in_(hashes_of(secret)),
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
            Invitation.expires_at > (at or now()),
            col(User.active),
        )
    )
    return (await session.exec(query)).first()


async def use_invitation(session: AsyncSession, invitation_id: UUID) -> None:
    """Of many that try at once exactly one succeeds; the others raise InvalidRequest."""
    statement = (
        update(Invitation)
        .where(
            col(Invitation.id) == invitation_id,
            col(Invitation.used_at).is_(None),
            col(Invitation.revoked_at).is_(None),
        )
        .values(used_at=now())
        .returning(col(Invitation.id))
    )
    if (await session.exec(statement)).first() is None:
        raise invitation_not_valid()


def invitation_not_valid() -> InvalidRequest:
    return InvalidRequest(
        "This link was used already or is too old. Ask for a new one.",
        code="invitation_not_valid",
    )


def already_enrolled() -> Conflict:
    return Conflict(
        "This person has had a passkey. The way back in is recovery.", code="already_enrolled"
    )


def _refuse_disabled(user: User) -> None:
    if not user.active:
        raise Conflict("This account is disabled. Enable it first.", code="user_disabled")


async def _add(
    session: AsyncSession,
    user: User,
    kind: InvitationKind,
    hashed: bytes,
    actor: Actor | None,
    *,
    lifetime: timedelta | None = None,
    invitation_id: UUID | None = None,
) -> Invitation:
    made_at = now()
    invitation = Invitation(
        id=invitation_id or uuid4(),
        user_id=user.id,
        kind=kind,
        token_hash=hashed,
        made_by=actor.user_id if actor else None,
        created_at=made_at,
        expires_at=made_at + (lifetime or _LIFETIMES[kind]),
    )
    session.add(invitation)
    await session.flush()
    await audit.record(session, actor, "invitation.made", user.id)
    return invitation
