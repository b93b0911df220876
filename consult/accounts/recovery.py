"""The way back in for somebody who lost their passkeys: a new one, on two proofs.

It ends every session, and tells every address. Where a coordinator's word was one of the
proofs, a colleague's new passkey waits for a day, so that the true owner can object; an
administrator changes nothing for three days.
"""

import hashlib
import hmac
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.binding import bind, creation_options, live_credentials, was_enrolled
from consult.accounts.ceremony import CredentialJSON
from consult.accounts.challenges import AnsweredChallenge, make_challenge, require_challenge
from consult.accounts.invitations import revoke_invitations
from consult.accounts.mail import mail_account_notice, mail_recovery_link
from consult.accounts.people import acting, find_user
from consult.accounts.proofs import LINK_LIFETIME, Proven, proven, recovery_refused, use_proofs
from consult.accounts.secret import hash_of, mailed_secret
from consult.accounts.sessions import end_sessions_of
from consult.accounts.standing import revoke_passing_codes
from consult.backends.jobs import Jobs
from consult.config import Settings
from consult.errors import NotFound
from consult.models import (
    Ceremony,
    Credential,
    RecoveryCode,
    RecoveryMethod,
    Role,
    User,
    Via,
    now,
)

READ_ONLY_FOR = timedelta(hours=72)
_STRANGER_DOMAIN = b"consult-stranger-v1\0"


async def ask_to_recover(session: AsyncSession, jobs: Jobs, key: bytes, email: str) -> None:
    """Ask for a recovery link. What is done here is the same whoever has this address, or nobody.

    Whether anybody is there to write to is found out by the job, when nobody waits for it.
    """
    try:
        user_id = (await find_user(session, email)).id
    except NotFound:
        user_id = _nobody(key, email)
    await audit.record(session, None, "recovery.asked", user_id)
    await mail_recovery_link(session, jobs, user_id)


async def make_recovery_link(
    session: AsyncSession, key: bytes, user_id: UUID, code_id: UUID
) -> tuple[User, str] | None:
    """Write down the link of one asked-for mail: whom it is for, and its secret.

    The same again for the same `code_id`. None when there is nobody to write to.
    """
    user = await session.get(User, user_id)
    if user is None or not user.active or not user.email or not await was_enrolled(session, user):
        return None
    secret = mailed_secret(key, code_id)
    if await session.get(RecoveryCode, code_id) is None:
        made_at = now()
        code = RecoveryCode(
            id=code_id,
            user_id=user.id,
            method=RecoveryMethod.MAIL,
            code_hash=hash_of(secret),
            created_at=made_at,
            expires_at=made_at + LINK_LIFETIME,
        )
        session.add(code)
        await session.flush()
        await audit.record(session, None, "recovery.link_made", user.id)
    return user, secret


async def recovery_options(
    session: AsyncSession, settings: Settings, first: str, second: str
) -> tuple[dict[str, Any], list[Credential]]:
    """Return PublicKeyCredentialCreationOptionsJSON, and the passkeys that may be named as lost.

    Neither proof is used up. Raises InvalidRequest.
    """
    person = await proven(session, first, second)
    challenge = await make_challenge(session, Ceremony.RECOVERY, user_id=person.user.id)
    options = await creation_options(session, settings, person.user, challenge)
    return options, await live_credentials(session, person.user)


async def recover(
    session: AsyncSession,
    jobs: Jobs,
    settings: Settings,
    *,
    first: str,
    second: str,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
    lost: Collection[UUID],
) -> tuple[User, Credential]:
    """Bind a new passkey, use both proofs up, revoke what was lost, end every session.

    Raises InvalidRequest for the proofs and for what was named as lost, NotSignedIn for the
    passkey. If the new one has to wait, its `usable_from` says until when.
    """
    person = await proven(session, first, second)
    user = person.user
    require_challenge(answered, Ceremony.RECOVERY, user_id=user.id)
    known = await live_credentials(session, user)
    hold = timedelta(hours=settings.recovery_hold_hours) if _has_to_wait(person) else None
    row = await bind(
        session,
        settings,
        user,
        credential,
        answered,
        usable_from=now() + hold if hold else None,
    )
    await use_proofs(session, person)
    await _revoke_lost(session, user, known, lost)
    await _start_afresh(session, user)
    await audit.record(session, acting(user, via=Via.SESSION), "account.recovered", row.id)
    await mail_account_notice(session, jobs, user.id)
    return user, row


def _has_to_wait(person: Proven) -> bool:
    return person.witnessed and person.user.role is not Role.PATIENT


async def _revoke_lost(
    session: AsyncSession, user: User, known: list[Credential], lost: Collection[UUID]
) -> None:
    if set(lost) - {each.id for each in known}:
        raise recovery_refused()
    for each in known:
        if each.id in lost:
            each.revoked_at = now()
            session.add(each)
            actor = acting(user, via=Via.SESSION)
            await audit.record(session, actor, "passkey.revoked", each.id)


async def _start_afresh(session: AsyncSession, user: User) -> None:
    if user.role is Role.ADMIN:
        user.read_only_until = now() + READ_ONLY_FOR
        session.add(user)
    await session.flush()
    await end_sessions_of(session, user.id, by=acting(user, via=Via.SESSION))
    await revoke_invitations(session, user)
    await revoke_passing_codes(session, user)


def _nobody(key: bytes, email: str) -> UUID:
    """An id that stands for an address nobody has: the same each time, and no hint at it."""
    made = hmac.digest(key, _STRANGER_DOMAIN + email.lower().encode(), hashlib.sha256)
    return UUID(bytes=made[:16], version=4)
