"""Drives the ceremonies through the domain, as the handlers do: burn, commit, then answer."""

from datetime import timedelta
from typing import Any, Unpack

from sqlmodel import select

from consult import accounts
from consult.accounts.secret import hash_of
from consult.bootstrap import Backends
from consult.models import AuditRow, Challenge, Credential, User, now
from tests.authenticator import Authenticator, Flaws, PrivateKey, decode

from .conftest import make_user


def authenticator_of(backends: Backends, *, key: PrivateKey | None = None) -> Authenticator:
    return Authenticator(backends.settings.public_url, key=key)


async def make_eve(backends: Backends) -> User:
    return await make_user(backends, email="eve@example.org")


async def invite(backends: Backends, user: User) -> str:
    async with backends.database.writes.begin() as session:
        return await accounts.invite(session, user)


async def registration_options(backends: Backends, secret: str) -> dict[str, Any]:
    async with backends.database.writes.begin() as session:
        return await accounts.registration_options(session, backends.settings, secret)


async def authentication_options(backends: Backends) -> dict[str, Any]:
    async with backends.database.writes.begin() as session:
        return await accounts.authentication_options(session, backends.settings)


async def answer(backends: Backends, secret: str, credential: dict[str, Any]) -> User:
    async with backends.database.writes.begin() as session:
        answered = await accounts.burn_challenge(session, credential)
    async with backends.database.writes.begin() as session:
        user, _ = await accounts.register(session, backends.settings, secret, credential, answered)
        return user


async def answer_sign_in(backends: Backends, credential: dict[str, Any]) -> User:
    async with backends.database.writes.begin() as session:
        answered = await accounts.burn_challenge(session, credential)
    async with backends.database.writes.begin() as session:
        user, _ = await accounts.authenticate(session, backends.settings, credential, answered)
        return user


async def bind(
    backends: Backends, secret: str, authenticator: Authenticator, **flaws: Unpack[Flaws]
) -> User:
    options = await registration_options(backends, secret)
    return await answer(backends, secret, authenticator.create(options, **flaws))


async def enrolled(
    backends: Backends, user: User, *, key: PrivateKey | None = None
) -> Authenticator:
    authenticator = authenticator_of(backends, key=key)
    await bind(backends, await invite(backends, user), authenticator)
    return authenticator


async def sign_in(backends: Backends, authenticator: Authenticator, **flaws: Unpack[Flaws]) -> User:
    options = await authentication_options(backends)
    return await answer_sign_in(backends, authenticator.get(options, **flaws))


async def revoke(backends: Backends, authenticator: Authenticator) -> None:
    async with backends.database.writes.begin() as session:
        query = select(Credential).where(Credential.credential_id == authenticator.credential_id)
        (await session.exec(query)).one().revoked_at = now()


async def expire(backends: Backends, options: dict[str, Any]) -> None:
    async with backends.database.writes.begin() as session:
        row = await session.get_one(Challenge, hash_of(decode(options["challenge"])))
        assert timedelta() < row.expires_at - now() <= timedelta(minutes=5)
        row.expires_at = now()


async def credential_of(backends: Backends, authenticator: Authenticator) -> Credential:
    async with backends.database.reads() as session:
        query = select(Credential).where(Credential.credential_id == authenticator.credential_id)
        return (await session.exec(query)).one()


async def all_challenges(backends: Backends) -> list[Challenge]:
    async with backends.database.reads() as session:
        return list(await session.exec(select(Challenge)))


async def audit_row(backends: Backends, action: str) -> AuditRow:
    async with backends.database.reads() as session:
        return (await session.exec(select(AuditRow).where(AuditRow.action == action))).one()
