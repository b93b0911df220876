"""Somebody with a passkey and a browser, in front of the whole application."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from httpx2 import ASGITransport, AsyncClient, Response
from sqlmodel import select
from starlette.requests import Request

from api.auth import COOKIE
from api.state import ConsultRequest
from consult import accounts
from consult.bootstrap import Backends
from consult.models import LoginSession, Role, User, now
from tests.authenticator import Authenticator

ORIGIN = "https://consult.test"
OPTIONS = "/api/passkeys/{}/options"
ANSWER = "/api/passkeys/{}"


@dataclass(frozen=True)
class Service:
    transport: ASGITransport
    backends: Backends
    """Opened a second time, as the command line does beside a running service."""

    def client(self) -> AsyncClient:
        return AsyncClient(transport=self.transport, base_url=ORIGIN)


@dataclass
class Person:
    """Somebody with a passkey and a browser of their own."""

    service: Service
    client: AsyncClient
    user: User
    authenticator: Authenticator = field(default_factory=lambda: Authenticator(ORIGIN))
    csrf: str = ""

    async def invite(self) -> str:
        async with self.service.backends.database.writes.begin() as session:
            return await accounts.invite(session, self.user)

    async def enrol(self) -> Response:
        token = await self.invite()
        options = await options_of(self.client, token)
        return await self.keep(
            await register(self.client, token, self.authenticator.create(options))
        )

    async def sign_in(self) -> Response:
        options = await options_of(self.client)
        return await self.keep(await authenticate(self.client, self.authenticator.get(options)))

    async def keep(self, response: Response) -> Response:
        assert response.is_success, response.text
        self.csrf = response.json()["csrf_token"]
        return response

    async def call(self, method: str, path: str, json: object = None) -> Response:
        """Ask as our own page does."""
        return await self.client.request(method, path, headers=own_page(self), json=json)

    async def add_passkey(self, name: str = "") -> Authenticator:
        options = await self.call("POST", "/api/passkeys/options", {})
        assert options.status_code == 200, options.text
        added = Authenticator(ORIGIN)
        body = {"credential": added.create(options.json()), "name": name}
        response = await self.call("POST", "/api/passkeys", body)
        assert response.status_code == 201, response.text
        return added

    async def step_up(self, authenticator: Authenticator | None = None) -> Response:
        options = await self.call("POST", "/api/passkeys/step-up/options", {})
        assert options.status_code == 200, options.text
        credential = (authenticator or self.authenticator).get(options.json())
        return await self.call("POST", "/api/passkeys/step-up", {"credential": credential})

    async def wait(self, time: timedelta) -> None:
        """Make it so long ago that the passkey was touched."""
        async with self.service.backends.database.writes.begin() as session:
            query = select(LoginSession).where(LoginSession.user_id == self.user.id)
            for login in await session.exec(query):
                login.proved_at = now() - time

    def token(self) -> str:
        return self.client.cookies[COOKIE]


@asynccontextmanager
async def a_person(
    service: Service, *, role: Role = Role.PATIENT, with_email: bool = True
) -> AsyncGenerator[Person]:
    email = f"{secrets.token_hex(8)}@example.org" if with_email else None
    async with service.backends.database.writes.begin() as session:
        user = await accounts.add_user(session, email=email, name="Ana Ortiz", role=role)
    async with service.client() as client:
        yield Person(service, client, user)


async def options_of(client: AsyncClient, token: str | None = None) -> dict[str, Any]:
    """Ask for a registration's options with a token, for a sign-in's without."""
    path = OPTIONS.format("authentication" if token is None else "registration")
    response = await client.post(path, json={} if token is None else {"token": token})
    assert response.status_code == 200, response.text
    return response.json()


async def register(client: AsyncClient, token: str, credential: dict[str, Any]) -> Response:
    body = {"token": token, "credential": credential}
    return await client.post(ANSWER.format("registration"), json=body)


async def authenticate(client: AsyncClient, credential: dict[str, Any]) -> Response:
    return await client.post(ANSWER.format("authentication"), json={"credential": credential})


def own_page(person: Person) -> dict[str, str]:
    return {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": person.csrf}


async def make_token(person: Person) -> dict[str, str]:
    async with person.service.backends.database.writes.begin() as session:
        secret = await accounts.create_token(session, person.user, name="ambulance 7")
    return {"Authorization": f"Bearer {secret}"}


async def deactivate(person: Person) -> None:
    async with person.service.backends.database.writes.begin() as session:
        (await session.get_one(User, person.user.id)).active = False


def request_of(person: Person, headers: dict[str, str]) -> ConsultRequest:
    """Make the request that the handler of a stream holds while it is open."""
    return Request(
        {
            "type": "http",
            "method": "GET",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "state": {"backends": person.service.backends},
        }
    )
