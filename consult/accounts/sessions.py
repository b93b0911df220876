"""Login sessions: opaque, kept here and not on the client, ended by idleness, age or choice."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.people import acting
from consult.accounts.secret import hash_of, make_secret
from consult.errors import NotSignedIn
from consult.models import Actor, LoginSession, Proof, Role, User, Via, now


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

_TOUCH_EVERY = timedelta(minutes=1)
_FRESH_FOR = timedelta(minutes=5)


async def open_session(session: AsyncSession, user: User, *, at: datetime | None = None) -> str:
    """Return the secret that the browser presents from now on."""
    secret, at = make_secret(), at or now()
    login = LoginSession(token_hash=hash_of(secret), user_id=user.id, created_at=at, seen_at=at)
    session.add(login)
    await session.flush()
    await audit.record(session, _actor(login, user), "session.opened", login.id)
    return secret


async def actor_from_session(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Actor, LoginSession]:
    """Raises NotSignedIn."""
    query = (
        select(LoginSession, User)
        .join(User, col(User.id) == LoginSession.user_id)
        .where(
            LoginSession.token_hash == hash_of(secret),
            col(LoginSession.ended_at).is_(None),
            col(User.active),
        )
    )
    found = (await session.exec(query)).first()
    if found is None or (at or now()) >= min(expiry_of(found[0], found[1].role)):
        raise NotSignedIn("Your session has ended. Sign in again.")
    login, user = found
    return _actor(login, user, at=at), login


def expiry_of(login: LoginSession, role: Role) -> tuple[datetime, datetime]:
    """Return the moments at which idleness ends it and at which age does: (idle, absolute)."""
    idle, absolute = LIMITS[role]
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


def _actor(login: LoginSession, user: User, *, at: datetime | None = None) -> Actor:
    fresh = (at or now()) - login.created_at < _FRESH_FOR
    proof = Proof.FRESH if fresh else Proof.SESSION
    return acting(user, via=Via.SESSION, via_id=login.id, proof=proof)
