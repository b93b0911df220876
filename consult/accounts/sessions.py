"""Login sessions: opaque, kept here and not on the client, ended by idleness, age or choice."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from consult import audit
from consult.accounts.endings import ring_for
from consult.accounts.people import acting
from consult.accounts.secret import hash_of, make_secret
from consult.errors import NotFound, NotSignedIn
from consult.models import Actor, Credential, LoginSession, Proof, Role, User, Via, now


class Limits(NamedTuple):
    idle: timedelta
    absolute: timedelta


# NIST SP 800-63B-4 2.3.3 (AAL3): at most 12 h in all, 15 min idle. An ambulance's device is
# passed from hand to hand, and an administrator's session is worth most to a thief.
LIMITS: dict[Role, Limits] = {
    Role.PATIENT: Limits(timedelta(minutes=15), timedelta(hours=12)),
    Role.EMS: Limits(timedelta(minutes=5), timedelta(hours=12)),
    Role.SPECIALIST: Limits(timedelta(minutes=15), timedelta(hours=12)),
    Role.COORDINATOR: Limits(timedelta(minutes=15), timedelta(hours=12)),
    Role.ADMIN: Limits(timedelta(minutes=10), timedelta(hours=4)),
}

FRESH_FOR = timedelta(minutes=5)
"""How long a touch of the passkey is good for what matters most."""

ON_A_DEVICE = Limits(timedelta(minutes=5), timedelta(hours=12))
"""On the tablet of an ambulance nobody's session is longer than this."""

_TOUCH_EVERY = timedelta(minutes=1)


async def open_session(
    session: AsyncSession,
    user: User,
    *,
    passkey: Credential | None = None,
    device: str = "",
    device_id: UUID | None = None,
    at: datetime | None = None,
) -> str:
    """Return the secret that the browser presents from now on. The passkey was touched just now.

    `device` is the browser in words; `device_id` the ambulance's tablet that it runs on, if it does.
    """
    secret, at = make_secret(), at or now()
    login = LoginSession(
        token_hash=hash_of(secret),
        user_id=user.id,
        credential_id=passkey.id if passkey else None,
        device=device,
        device_id=device_id,
        created_at=at,
        seen_at=at,
        proved_at=at,
    )
    session.add(login)
    await session.flush()
    await audit.record(session, _actor(login, user, at), "session.opened", login.id)
    return secret


async def rotate_session(
    session: AsyncSession, actor: Actor, login: LoginSession, *, at: datetime | None = None
) -> str:
    """Return another secret for the same session, whose passkey was touched just now.

    The one before is dead at once. The session grows no older and no younger by it.
    Raises NotSignedIn when it has ended meanwhile.
    """
    secret, at = make_secret(), at or now()
    statement = (
        update(LoginSession)
        .where(col(LoginSession.id) == login.id, col(LoginSession.ended_at).is_(None))
        .values(token_hash=hash_of(secret), proved_at=at, seen_at=at)
        .returning(col(LoginSession.id))
    )
    if (await session.exec(statement)).first() is None:
        raise _ended()
    await audit.record(session, actor, "session.proved", login.id)
    return secret


async def actor_from_session(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Actor, LoginSession]:
    """Raises NotSignedIn."""
    given = {"token_hash": hash_of(secret)}
    found = (await session.exec(_live_session(), params=given)).first()
    at = at or now()
    if found is None or at >= min(expiry_of(found[0], found[1].role)):
        raise _ended()
    login, user = found
    return _actor(login, user, at), login


@cache
def _live_session() -> Select[LoginSession, User]:
    # Kept, since every request asks it: to write it out takes longer than to run it.
    return (
        select(LoginSession, User)
        .join(User, col(User.id) == LoginSession.user_id)
        .where(
            LoginSession.token_hash == bindparam("token_hash"),
            col(LoginSession.ended_at).is_(None),
            col(User.active),
        )
    )


def expiry_of(login: LoginSession, role: Role) -> tuple[datetime, datetime]:
    """Return the moments at which idleness ends it and at which age does: (idle, absolute)."""
    idle, absolute = LIMITS[role]
    if login.device_id:
        idle, absolute = min(idle, ON_A_DEVICE.idle), min(absolute, ON_A_DEVICE.absolute)
    return login.seen_at + idle, login.created_at + absolute


def touch_is_due(login: LoginSession, *, at: datetime | None = None) -> bool:
    return (at or now()) - login.seen_at >= _TOUCH_EVERY


async def touch(session: AsyncSession, login: LoginSession, *, at: datetime | None = None) -> None:
    """Note that somebody is there; writes at most once a minute."""
    at = at or now()
    if not touch_is_due(login, at=at):
        return
    statement = (
        update(LoginSession)
        .where(col(LoginSession.id) == login.id, col(LoginSession.ended_at).is_(None))
        .values(seen_at=at)
        .returning(col(LoginSession.id))
    )
    if (await session.exec(statement)).first():
        set_committed_value(login, "seen_at", at)  # a plain assignment would be written again


async def end_session(session: AsyncSession, actor: Actor, login: LoginSession) -> None:
    """End it for good. Ending it twice changes nothing."""
    statement = (
        update(LoginSession)
        .where(col(LoginSession.id) == login.id, col(LoginSession.ended_at).is_(None))
        .values(ended_at=now())
        .returning(col(LoginSession.id))
    )
    if (await session.exec(statement)).first():
        await audit.record(session, actor, "session.ended", login.id)
        ring_for(session, login.user_id)


async def list_sessions(session: AsyncSession, actor: Actor) -> list[LoginSession]:
    """The actor's sessions that have not ended, the one used last first."""
    query = (
        select(LoginSession)
        .where(LoginSession.user_id == actor.user_id, col(LoginSession.ended_at).is_(None))
        .order_by(desc(LoginSession.seen_at))
    )
    at = now()
    return [each for each in await session.exec(query) if at < min(expiry_of(each, actor.role))]


async def end_own_session(session: AsyncSession, actor: Actor, session_id: UUID) -> None:
    """Raises NotFound when the actor has no such session that still goes on."""
    for login in await list_sessions(session, actor):
        if login.id == session_id:
            return await end_session(session, actor, login)
    raise NotFound


async def end_sessions_of(
    session: AsyncSession,
    user_id: UUID,
    *,
    by: Actor | None,
    credential_id: UUID | None = None,
    except_id: UUID | None = None,
) -> None:
    """End every session of `user_id`, or those that one passkey opened, and its streams."""
    statement = (
        update(LoginSession)
        .where(col(LoginSession.user_id) == user_id, col(LoginSession.ended_at).is_(None))
        .values(ended_at=now())
        .returning(col(LoginSession.id))
    )
    if credential_id:
        statement = statement.where(col(LoginSession.credential_id) == credential_id)
    if except_id:
        statement = statement.where(col(LoginSession.id) != except_id)
    for ended in (await session.exec(statement)).all():
        await audit.record(session, by, "session.ended", ended[0])
    ring_for(session, user_id)


def proof_of(login: LoginSession, user: User, at: datetime) -> Proof:
    """FRESH for five minutes after the passkey was touched, unless the account is read-only."""
    if user.read_only_until and at < user.read_only_until:
        return Proof.SESSION
    fresh = login.proved_at is not None and at < login.proved_at + FRESH_FOR
    return Proof.FRESH if fresh else Proof.SESSION


def _actor(login: LoginSession, user: User, at: datetime) -> Actor:
    actor = acting(user, via=Via.SESSION, via_id=login.id, proof=proof_of(login, user, at))
    return replace(actor, device_id=login.device_id)


def _ended() -> NotSignedIn:
    return NotSignedIn("Your session has ended. Sign in again.")
