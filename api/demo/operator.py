"""What the operator does on the command line before a story begins, and after it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from api.demo.client import Client
from consult import services, webhooks
from consult.accounts import add_user, create_token, find_user, invite
from consult.bootstrap import Backends, open_backends
from consult.config import Settings
from consult.models import DEFAULT_SERVICE, Role
from consult.tasks import NAMES

Result = TypeVar("Result")


@dataclass(frozen=True)
class Newcomer:
    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class Person:
    """Somebody in a story, with a token for the wire."""

    id: str
    name: str
    email: str
    client: Client


def add_people(settings: Settings, newcomers: Sequence[Newcomer]) -> list[Person]:
    """`consult user add` and `consult token create` for each."""

    async def add(session: AsyncSession, _: Backends) -> list[Person]:
        return [await _add(session, settings, newcomer) for newcomer in newcomers]

    return _in_one_transaction(settings, add)


def add_webhook(settings: Settings, url: str) -> str:
    """`consult webhook add`; the secret that it shows."""

    async def add(session: AsyncSession, backends: Backends) -> str:
        service = await services.get_service(session, DEFAULT_SERVICE)
        webhook = await webhooks.add_webhook(
            session, service, url, private=settings.webhook_private_networks
        )
        return webhooks.secret_of(backends.secret, webhook)

    return _in_one_transaction(settings, add)


def enrol_links(settings: Settings, people: Sequence[Person]) -> list[str]:
    """One-time links to sign in with, for a day from now."""

    async def make(session: AsyncSession, _: Backends) -> list[str]:
        users = [await find_user(session, person.email) for person in people]
        secrets = [await invite(session, user) for user in users]
        return [f"{settings.public_url}/enrol#t={secret}" for secret in secrets]

    return _in_one_transaction(settings, make)


async def _add(session: AsyncSession, settings: Settings, newcomer: Newcomer) -> Person:
    name, email = newcomer.name, newcomer.email
    user = await add_user(session, email=email, name=name, role=newcomer.role)
    secret = await create_token(session, user, name="demo")
    return Person(str(user.id), name, email, Client(settings.public_url, f"Bearer {secret}"))


def _in_one_transaction(
    settings: Settings, use: Callable[[AsyncSession, Backends], Awaitable[Result]]
) -> Result:
    async def run() -> Result:
        async with (
            open_backends(settings, task_names=NAMES) as backends,
            backends.database.writes.begin() as session,
        ):
            return await use(session, backends)

    return asyncio.run(run())
