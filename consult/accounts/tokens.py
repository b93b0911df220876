"""Bearer tokens for integrations: `bct_<id>_<43 base62>_<crc32>`.

The prefix and the checksum are for scanners of leaked secrets, and refuse a mistyped token
before the database is asked. 43 characters of base62 hold 256 bits.
"""

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from consult import audit
from consult.accounts.endings import ring_for
from consult.accounts.people import acting
from consult.accounts.scopes import scopes_of
from consult.accounts.secret import hash_of
from consult.errors import InvalidFields, NotFound, NotSignedIn
from consult.models import Actor, ApiToken, Proof, User, Via, now, private

DEFAULT_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=366)
UNUSED_FOR = timedelta(days=365)
"""A token that nobody used for so long is nobody's: it is taken no more."""

_BASE62 = string.digits + string.ascii_letters
_LENGTH = 43
_TOKEN = re.compile(rf"(bct_([0-9a-f]{{32}})_[0-9A-Za-z]{{{_LENGTH}}})_([0-9a-f]{{8}})")
_LONGEST_NAME = 100
_TOUCH_EVERY = timedelta(minutes=1)


async def create_token(
    session: AsyncSession,
    user: User,
    *,
    name: str,
    lifetime: timedelta = DEFAULT_LIFETIME,
    scopes: Collection[str] | None = None,
    network: str | None = None,
    actor: Actor | None = None,
) -> str:
    """Return a secret that acts as `user`, within `scopes` and from `network` (CIDR) if given.

    Raises InvalidFields.
    """
    if faults := _faults(name, lifetime, network):
        raise InvalidFields(faults)
    token_id, made_at = uuid4(), now()
    secret = _make(token_id)
    token = ApiToken(
        id=token_id,
        token_hash=hash_of(secret),
        user_id=user.id,
        name=private(name, user.id),
        scopes=scopes_of(scopes) if scopes else None,
        network=str(ip_network(network)) if network else None,
        created_at=made_at,
        expires_at=made_at + lifetime,
    )
    session.add(token)
    await session.flush()
    await audit.record(session, actor, "token.created", token.id)
    return secret


async def actor_from_token(
    session: AsyncSession, secret: str, *, address: str = "", at: datetime | None = None
) -> Actor:
    """Return whom the token acts as.

    Raises NotSignedIn: unknown, mistyped, expired, revoked, unused for a year, from an
    `address` that it is not for, or its user is inactive.
    """
    token_id, at = _id_of(secret), at or now()
    given = {"token_id": token_id, "at": at, "unused_since": at - UNUSED_FOR}
    found = (await session.exec(_live_token(), params=given)).first()
    if found is None or not hmac.compare_digest(found[0].token_hash, hash_of(secret)):
        raise _not_valid()
    token, user = found
    if token.network and not _within(address, token.network):
        raise _not_valid()
    scopes = None if token.scopes is None else frozenset(token.scopes)
    return acting(user, via=Via.TOKEN, via_id=token.id, proof=Proof.TOKEN, scopes=scopes)


@cache
def _live_token() -> Select[ApiToken, User]:
    # Kept, since every request asks it: to write it out takes longer than to run it.
    return (
        select(ApiToken, User)
        .join(User, col(User.id) == ApiToken.user_id)
        .where(
            ApiToken.id == bindparam("token_id"),
            ApiToken.expires_at > bindparam("at"),
            func.coalesce(ApiToken.used_at, ApiToken.created_at) > bindparam("unused_since"),
            col(ApiToken.revoked_at).is_(None),
            col(User.active),
        )
    )


async def token_touch_is_due(session: AsyncSession, actor: Actor) -> bool:
    token = await session.get(ApiToken, actor.via_id)
    return token is not None and (token.used_at is None or now() - token.used_at >= _TOUCH_EVERY)


async def touch_token(session: AsyncSession, actor: Actor) -> None:
    """Note when the token was last used."""
    statement = update(ApiToken).where(col(ApiToken.id) == actor.via_id).values(used_at=now())
    await session.exec(statement)


async def revoke_token(
    session: AsyncSession, token_id: UUID, *, actor: Actor | None = None
) -> None:
    """End a token before its time; the row stays. Raises NotFound."""
    token = await session.get(ApiToken, token_id)
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = now()
        await audit.record(session, actor, "token.revoked", token.id)
        ring_for(session, token.user_id)


async def revoke_tokens_of(session: AsyncSession, user_id: UUID, *, actor: Actor | None) -> None:
    """End every token that acts as `user_id`."""
    query = select(ApiToken.id).where(
        ApiToken.user_id == user_id, col(ApiToken.revoked_at).is_(None)
    )
    for token_id in (await session.exec(query)).all():
        await revoke_token(session, token_id, actor=actor)


async def list_tokens(session: AsyncSession) -> list[tuple[ApiToken, User]]:
    """Every token that was ever made, with its user, oldest first."""
    query = (
        select(ApiToken, User)
        .join(User, col(User.id) == ApiToken.user_id)
        .order_by(col(ApiToken.created_at), col(ApiToken.id))
    )
    return list((await session.exec(query)).all())


def state_of(token: ApiToken, *, at: datetime | None = None) -> str:
    """One word: live, revoked, expired or unused."""
    at = at or now()
    if token.revoked_at:
        return "revoked"
    if token.expires_at <= at:
        return "expired"
    return "unused" if (token.used_at or token.created_at) <= at - UNUSED_FOR else "live"


def _faults(name: str, lifetime: timedelta, network: str | None) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        faults["name"] = f"A name has 1 to {_LONGEST_NAME} characters that can be printed."
    if not timedelta() < lifetime <= LONGEST_LIFETIME:
        faults["lifetime"] = f"A token lives for 1 to {LONGEST_LIFETIME.days} days."
    if network and not _is_network(network):
        faults["network"] = "A network looks like 192.0.2.0/24 or 2001:db8::/32."
    return faults


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network)
    except ValueError:  # no address is known: then it is not known to be a good one
        return False


def _make(token_id: UUID) -> str:
    random = "".join(secrets.choice(_BASE62) for _ in range(_LENGTH))
    body = f"bct_{token_id.hex}_{random}"
    return f"{body}_{_checksum(body)}"


def _id_of(secret: str) -> UUID:
    parts = _TOKEN.fullmatch(secret)
    if parts is None or _checksum(parts[1]) != parts[3]:
        raise _not_valid()
    return UUID(parts[2])


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _not_valid() -> NotSignedIn:
    return NotSignedIn("This token is unknown, too old, or was revoked. Ask for a new one.")
