"""The commands about people and tokens. They are the operator's: nobody is asked for a role."""

import argparse
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import accounts
from consult.bootstrap import Backends
from consult.errors import NotFound
from consult.models import Role, User


async def user_add(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        user = await accounts.add_user(
            session, email=args.email, name=args.name, role=Role(args.role)
        )
        secret = await accounts.invite(session, user)
    print("Open this link once, within 24 hours, on the device that will sign in:")
    print(f"{backends.settings.public_url}/enrol#t={secret}")


async def user_list(backends: Backends, _: argparse.Namespace) -> None:
    after = None
    while True:
        async with backends.database.reads() as session:
            rows = await accounts.list_users(session, after=after, limit=500)
        for user, enrolled in rows:
            print("  ".join(_words_of(user, enrolled=enrolled)))
        if not rows:
            return
        after = rows[-1][0].id


async def user_disable(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        await accounts.disable_user(session, await _known(session, args.email))
    print("Shut out: sessions, tokens, links and codes are dead.", flush=True)


async def user_enable(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        await accounts.enable_user(session, await _known(session, args.email))
    print("Let in again, by the passkeys they had.")


async def user_role(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        user = await _known(session, args.email)
        await accounts.change_role(session, user, Role(args.role))
    print("Done. They sign in anew.")


async def token_create(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        secret = await accounts.create_token(
            session,
            await _known(session, args.email),
            name=args.name,
            lifetime=timedelta(days=args.expires_days),
            scopes=args.scope,
            network=args.network,
        )
    print(secret)


async def token_list(backends: Backends, _: argparse.Namespace) -> None:
    async with backends.database.reads() as session:
        rows = await accounts.list_tokens(session)
    for token, user in rows:
        scopes = "everything" if token.scopes is None else ",".join(token.scopes)
        print(
            f"{token.id}  {accounts.state_of(token)}  {user.email or user.name}  {token.name}  "
            f"until {_day(token.expires_at)}  used {_day(token.used_at)}  "
            f"from {token.network or 'anywhere'}  for {scopes}"
        )


async def token_revoke(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        try:
            await accounts.revoke_token(session, args.id)
        except NotFound:
            raise NotFound("No token has this id. `consult token list` shows them.") from None
    print("Revoked.")


def _words_of(user: User, *, enrolled: bool) -> list[str]:
    return [
        str(user.id),
        user.role.value,
        "active" if user.active else "disabled",
        "has a passkey" if enrolled else "no passkey",
        user.email or "no e-mail",
        user.name,
    ]


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "never"


async def _known(session: AsyncSession, email: str) -> User:
    try:
        return await accounts.find_user(session, email)
    except NotFound:
        raise NotFound("Nobody has this address. First: consult user add --email …") from None
