"""The tablet of an ambulance, as software: a key, and what the page on it sends.

Written from the description of the wire; it shares no code with what checks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx2 import AsyncClient, Response

from tests.authenticator import encode

COOKIE = "__Host-device"


@dataclass
class Tablet:
    client: AsyncClient
    origin: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    device_id: str = ""
    csrf: str = ""

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, purpose: str, challenge: str) -> bytes:
        message = f"consult-device-v1\n{purpose}\n{self.origin}\n{challenge}".encode()
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    async def challenge(self) -> str:
        answer = await self.client.post("/api/devices/challenge", json={})
        assert answer.status_code == 200, answer.text
        return answer.json()["challenge"]

    async def enrolment(self, code: str, **instead: str) -> dict[str, str]:
        challenge = instead.get("challenge") or await self.challenge()
        return {
            "token": code,
            "public_key": encode(self.public_key),
            "challenge": challenge,
            "signature": encode(self.sign("enrolment", challenge)),
        } | instead

    async def enrol(self, code: str) -> Response:
        body = await self.enrolment(code)
        return self._keep(await self.client.post("/api/devices/enrolment", json=body))

    async def proof(self, **instead: str) -> dict[str, str]:
        challenge = instead.get("challenge") or await self.challenge()
        return {
            "device_id": self.device_id,
            "challenge": challenge,
            "signature": encode(self.sign("session", challenge)),
        } | instead

    async def prove(self) -> Response:
        return self._keep(await self.client.post("/api/devices/session", json=await self.proof()))

    def _keep(self, answer: Response) -> Response:
        assert answer.is_success, answer.text
        self.device_id, self.csrf = answer.json()["device_id"], answer.json()["csrf_token"]
        return answer

    @property
    def own_page(self) -> Mapping[str, str]:
        return {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf}

    async def request(self, method: str, path: str, **more: Any) -> Response:
        headers = {**self.own_page, **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    async def open(self, *, consult_id: str = "", **fields: Any) -> Response:
        wish = {"id": consult_id or str(uuid4()), "kind": "emergency"} | fields
        return await self.request("POST", "/api/consults", json=wish)

    async def put_photo(
        self, consult_id: str, photo: bytes, *, photo_id: UUID | str | None = None
    ) -> Response:
        path = f"/api/consults/{consult_id}/photos/{photo_id or uuid4()}"
        return await self.request("PUT", path, content=photo)

    async def send(self, photo: bytes) -> str:
        """Open a consult with one photo in it; the consult's id."""
        opened = await self.open()
        assert opened.status_code == 201, opened.text
        sent = await self.put_photo(opened.json()["id"], photo)
        assert sent.status_code == 201, sent.text
        return opened.json()["id"]
