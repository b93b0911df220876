"""Builders: each names only what matters to its test."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from httpx2 import AsyncClient, Response
from sqlalchemy.orm import make_transient_to_detached

from api.auth import COOKIE
from consult.accounts import add_user, create_token, open_session
from consult.bootstrap import Backends
from consult.models import Actor, Proof, Proxy, ProxyBasis, Role, User, Via


@dataclass(frozen=True)
class Somebody:
    """A person with a bearer token, and what they do over HTTP."""

    user: User
    client: AsyncClient
    token: str

    @property
    def actor(self) -> Actor:
        user = self.user
        return Actor(user.id, user.role, user.name, user.email, Via.TOKEN, ours=user.ours)

    @property
    def fresh(self) -> Actor:
        """Them, with a passkey that was touched just now."""
        return replace(self.actor, via=Via.SESSION, proof=Proof.FRESH)

    async def request(self, method: str, path: str, **more: Any) -> Response:
        headers = {**self.credentials(), **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    def credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, path: str, **body: Any) -> Response:
        return await self.request("POST", path, json=body)

    async def get(self, path: str) -> Response:
        return await self.request("GET", path)

    async def read(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def open_consult(self, **fields: Any) -> str:
        answer = await self.request("POST", "/api/consults", json={"kind": "follow_up"} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def say(self, consult_id: str, body: str, **fields: Any) -> Any:
        answer = await self.put_message(consult_id, body=body, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def put_message(
        self, consult_id: str, *, message_id: UUID | str | None = None, **fields: Any
    ) -> Response:
        path = f"/api/consults/{consult_id}/messages/{message_id or uuid4()}"
        return await self.request("PUT", path, json=fields)

    async def close(self, consult_id: str, code: str = "told_by_telephone") -> Response:
        return await self.post(f"/api/consults/{consult_id}/close", code=code)

    async def put_photo(
        self, consult_id: str, photo: bytes, *, photo_id: UUID | str | None = None, **query: str
    ) -> Response:
        path = f"/api/consults/{consult_id}/photos/{photo_id or uuid4()}"
        return await self.request("PUT", path, content=photo, params=query)

    async def attach(self, consult_id: str, photo: bytes, **query: str) -> Any:
        answer = await self.put_photo(consult_id, photo, **query)
        assert answer.status_code == 201, answer.text
        return answer.json()


@dataclass(frozen=True)
class SignedIn(Somebody):
    """The same person, signed in a moment ago on our page."""

    csrf: str = ""

    def credentials(self) -> dict[str, str]:
        return {
            "Cookie": f"{COOKIE}={self.token}",
            "X-CSRF-Token": self.csrf,
            "Sec-Fetch-Site": "same-origin",
        }


async def signed_in(backends: Backends, somebody: Somebody) -> SignedIn:
    async with backends.database.writes.begin() as session:
        secret = await open_session(session, somebody.user)
    person = SignedIn(somebody.user, somebody.client, secret)
    return replace(person, csrf=(await person.read("/api/session"))["csrf_token"])


async def make_somebody(
    backends: Backends,
    client: AsyncClient,
    name: str,
    role: Role,
    *,
    domain: str = "consult.test",
    ours: bool = True,
) -> Somebody:
    user, token = await make_user(backends, name, role, domain=domain, ours=ours)
    return Somebody(user, client, token)


async def make_user(
    backends: Backends, name: str, role: Role, *, domain: str, ours: bool = True
) -> tuple[User, str]:
    """Add somebody; the row, and a bearer token of theirs."""
    async with backends.database.writes.begin() as session:
        email = f"{name.replace(' ', '.')}@{domain}"
        user = await add_user(session, email=email, name=name.title(), role=role)
        user.ours = ours
        return user, await create_token(session, user, name="test")


async def make_proxy(
    backends: Backends,
    patient: Somebody,
    proxy: Somebody,
    *,
    ends_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Proxy:
    """A row as if it had been added long ago."""
    made = Proxy(
        patient_id=patient.user.id,
        proxy_id=proxy.user.id,
        basis=ProxyBasis.PARENT,
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=ends_at,
        ended_at=ended_at,
        added_by=patient.user.id,
    )
    async with backends.database.writes.begin() as session:
        session.add(made)
    return made


async def give_seat(
    backends: Backends, giver: Somebody, colleague: Somebody, consult_id: str
) -> SignedIn:
    """Ask `colleague` in over HTTP; the patient has agreed to care. Gives the giver, signed in."""
    giver_in = await signed_in(backends, giver)
    answer = await giver_in.post(
        f"/api/consults/{consult_id}/seats", email=colleague.user.email, purpose="Second opinion"
    )
    assert answer.status_code == 201, answer.text
    return giver_in


_CAST = {
    "patient": ("pat patient", Role.PATIENT),
    "other_patient": ("other patient", Role.PATIENT),
    "ems": ("erin crew", Role.EMS),
    "specialist": ("sol specialist", Role.SPECIALIST),
    "other_specialist": ("sky specialist", Role.SPECIALIST),
    "coordinator": ("cal coordinator", Role.COORDINATOR),
    "admin": ("ada admin", Role.ADMIN),
}


@dataclass(frozen=True)
class Cast:
    """One of each role, as they stand in the database."""

    rows: dict[str, tuple[dict[str, Any], str]]
    """What each is to the test: the columns of their row, and their token."""

    @classmethod
    async def make(cls, backends: Backends, *, domain: str = "consult.test") -> Self:
        made = {
            part: await make_user(backends, name, role, domain=domain)
            for part, (name, role) in _CAST.items()
        }
        return cls({part: (user.model_dump(), token) for part, (user, token) in made.items()})


@dataclass(frozen=True)
class People:
    patient: Somebody
    other_patient: Somebody
    ems: Somebody
    specialist: Somebody
    other_specialist: Somebody
    coordinator: Somebody
    admin: Somebody

    @classmethod
    async def make(
        cls, backends: Backends, client: AsyncClient, *, domain: str = "consult.test"
    ) -> Self:
        return cls.of(await Cast.make(backends, domain=domain), client)

    @classmethod
    def of(cls, cast: Cast, client: AsyncClient) -> Self:
        return cls(
            **{
                part: Somebody(_as_read(row), client, token)
                for part, (row, token) in cast.rows.items()
            }
        )


def _as_read(row: dict[str, Any]) -> User:
    """The row as a session would have read it."""
    user = User(**row)
    make_transient_to_detached(user)
    return user
