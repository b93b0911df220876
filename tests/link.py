"""Whoever holds a link, as the page behind it asks: with nothing but what stands in the link."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from httpx2 import AsyncClient, Response


@dataclass(frozen=True)
class Holder:
    client: AsyncClient
    link: str

    @property
    def presented(self) -> str:
        return urlsplit(self.link).fragment.removeprefix("t=")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Link {self.presented}", "Sec-Fetch-Site": "same-origin"}

    async def open(self, kind: str = "photos") -> Response:
        return await self.client.post(
            "/api/link/opening", json={"kind": kind}, headers=self.headers
        )

    async def asked(self, kind: str = "photos") -> Any:
        answer = await self.open(kind)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put_photo(
        self, photo: bytes, *, photo_id: UUID | None = None, **query: Any
    ) -> Response:
        path = f"/api/link/photos/{photo_id or uuid4()}"
        return await self.client.put(path, content=photo, params=query, headers=self.headers)

    async def send(self, photo: bytes, *, number: int | None = None) -> Any:
        query: dict[str, Any] = {} if number is None else {"number": number}
        answer = await self.put_photo(photo, **query)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def answer(self, **answers: str) -> Response:
        return await self.client.post("/api/link/outcome", json=answers, headers=self.headers)
