"""Builders: each names only what matters to its test."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

from httpx2 import AsyncClient, Response

from consult.accounts import add_user, create_token
from consult.bootstrap import Backends
from consult.models import Actor, Role, User, Via


@dataclass(frozen=True)
class Somebody:
    """A person with a bearer token, and what they do over HTTP."""

    user: User
    client: AsyncClient
    token: str

    @property
    def actor(self) -> Actor:
        user = self.user
        return Actor(user.id, user.role, user.name, user.email, Via.TOKEN)

    async def request(self, method: str, path: str, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

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
        async def make(name: str, role: Role) -> Somebody:
            async with backends.database.writes.begin() as session:
                email = f"{name.replace(' ', '.')}@{domain}"
                user = await add_user(session, email=email, name=name.title(), role=role)
                token = await create_token(session, user, name="test")
            return Somebody(user, client, token)

        return cls(
            patient=await make("pat patient", Role.PATIENT),
            other_patient=await make("other patient", Role.PATIENT),
            ems=await make("erin crew", Role.EMS),
            specialist=await make("sol specialist", Role.SPECIALIST),
            other_specialist=await make("sky specialist", Role.SPECIALIST),
            coordinator=await make("cal coordinator", Role.COORDINATOR),
            admin=await make("ada admin", Role.ADMIN),
        )
