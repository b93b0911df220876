"""Somebody's own passkeys: one more, its name, and one fewer, but never the last."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.binding import bind, creation_options, live_credentials, passkey_name
from consult.accounts.ceremony import CredentialJSON
from consult.accounts.challenges import AnsweredChallenge, make_challenge, require_challenge
from consult.accounts.mail import mail_account_notice
from consult.accounts.sessions import end_sessions_of
from consult.backends.jobs import Jobs
from consult.config import Settings
from consult.errors import Conflict, NotFound
from consult.models import Actor, Ceremony, Credential, User, now, private

_MOST = 20


async def list_passkeys(session: AsyncSession, actor: Actor) -> list[Credential]:
    """The actor's passkeys that are not revoked, oldest first."""
    return await live_credentials(session, await session.get_one(User, actor.user_id))


async def adding_options(session: AsyncSession, settings: Settings, actor: Actor) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptionsJSON. Raises Conflict (`too_many_passkeys`)."""
    user = await session.get_one(User, actor.user_id)
    await _refuse_more_than_enough(session, user)
    challenge = await make_challenge(session, Ceremony.ADDING, user_id=user.id)
    return await creation_options(session, settings, user, challenge)


async def add_passkey(
    session: AsyncSession,
    jobs: Jobs,
    settings: Settings,
    *,
    actor: Actor,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
    name: str,
) -> Credential:
    """Bind one more passkey to the actor; without a name it gets one with the date.

    Raises NotSignedIn for the passkey, InvalidFields for the name, Conflict.
    """
    require_challenge(answered, Ceremony.ADDING, user_id=actor.user_id)
    user = await session.get_one(User, actor.user_id)
    await _refuse_more_than_enough(session, user)
    row = await bind(session, settings, user, credential, answered, name=name)
    await audit.record(session, actor, "passkey.added", row.id)
    await mail_account_notice(session, jobs, user.id)
    return row


async def rename_passkey(
    session: AsyncSession, actor: Actor, passkey_id: UUID, name: str
) -> Credential:
    """Raises NotFound, InvalidFields."""
    row = await _own(session, actor, passkey_id)
    row.name = private(passkey_name(name), actor.user_id)
    session.add(row)
    await audit.record(session, actor, "passkey.named", row.id)
    return row


async def revoke_passkey(session: AsyncSession, jobs: Jobs, actor: Actor, passkey_id: UUID) -> None:
    """End a passkey, and every other session that it opened; the row stays.

    Raises NotFound, or Conflict (`last_passkey`) for the last one that can be used now.
    """
    row = await _own(session, actor, passkey_id)
    others = [each for each in await list_passkeys(session, actor) if each.id != row.id]
    if not any(each.usable_from is None or each.usable_from <= now() for each in others):
        raise Conflict(
            "This is your only passkey. Add another one before you remove it.", code="last_passkey"
        )
    row.revoked_at = now()
    session.add(row)
    await audit.record(session, actor, "passkey.revoked", row.id)
    await end_sessions_of(
        session, actor.user_id, by=actor, credential_id=row.id, except_id=actor.via_id
    )
    await mail_account_notice(session, jobs, actor.user_id)


async def _own(session: AsyncSession, actor: Actor, passkey_id: UUID) -> Credential:
    row = await session.get(Credential, passkey_id)
    if row is None or row.user_id != actor.user_id or row.revoked_at:
        raise NotFound
    return row


async def _refuse_more_than_enough(session: AsyncSession, user: User) -> None:
    if len(await live_credentials(session, user)) >= _MOST:
        raise Conflict(
            f"You have {_MOST} passkeys. Remove one that you do not use.", code="too_many_passkeys"
        )
