"""Whether somebody may come in at all, and as what. Every change closes all their ways in at once."""

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.invitations import revoke_invitations
from consult.accounts.people import refuse_higher
from consult.accounts.sessions import end_sessions_of
from consult.accounts.tokens import revoke_tokens_of
from consult.errors import Conflict, InvalidFields
from consult.models import Actor, RecoveryCode, RecoveryMethod, Role, User, now


async def disable_user(session: AsyncSession, user: User, *, actor: Actor | None = None) -> None:
    """Shut the account: sessions, streams, tokens, links and codes are dead from now on.

    Passkeys and saved codes stay, for the day it is enabled again. Raises Conflict
    (`own_account`) for the actor's own account.
    """
    if actor and actor.user_id == user.id:
        raise Conflict("Nobody disables their own account. Ask a colleague.", code="own_account")
    refuse_higher(actor, user.role)
    if not user.active:
        return
    user.active = False
    session.add(user)
    await audit.record(session, actor, "user.disabled", user.id)
    await _close_ways_in(session, user, actor)


async def enable_user(session: AsyncSession, user: User, *, actor: Actor | None = None) -> None:
    """Let somebody in again, by the passkeys they had."""
    refuse_higher(actor, user.role)
    if user.active:
        return
    user.active = True
    session.add(user)
    await audit.record(session, actor, "user.enabled", user.id)


async def change_role(
    session: AsyncSession, user: User, role: Role, *, actor: Actor | None = None
) -> None:
    """Make somebody another kind of member; they sign in anew.

    Raises InvalidFields when the role needs an e-mail address, Forbidden.
    """
    refuse_higher(actor, user.role)
    refuse_higher(actor, role)
    if user.email is None and role is not Role.PATIENT:
        raise InvalidFields({"role": "Only a patient can be here without an e-mail address."})
    if user.role is role:
        return
    user.role = role
    session.add(user)
    await audit.record(session, actor, "user.role_changed", user.id)
    await _close_ways_in(session, user, actor)


async def revoke_passing_codes(session: AsyncSession, user: User) -> None:
    """End the recovery links and the witness's codes that are out; saved codes stay."""
    statement = update(RecoveryCode).where(
        col(RecoveryCode.user_id) == user.id,
        col(RecoveryCode.method) != RecoveryMethod.SAVED,
        col(RecoveryCode.used_at).is_(None),
        col(RecoveryCode.revoked_at).is_(None),
    )
    await session.exec(statement.values(revoked_at=now()))


async def _close_ways_in(session: AsyncSession, user: User, actor: Actor | None) -> None:
    await session.flush()
    await end_sessions_of(session, user.id, by=actor)
    await revoke_tokens_of(session, user.id, actor=actor)
    await revoke_invitations(session, user, actor=actor)
    await revoke_passing_codes(session, user)
