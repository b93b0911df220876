"""What a tablet sent before anybody signed in on it is claimed; a shift there ends."""

import base64
from typing import Self
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import recording
from api.auth import actor_of, clear_cookie, login_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Person, Shape
from api.state import ConsultRequest
from consult import accounts, audit, devices
from consult.access import Action
from consult.devices import Uploads
from consult.models import Actor, User


class UploadsRead(Shape):
    """What the tablet sent in this shift: not yet claimed, or, as an answer, claimed now."""

    device: Person
    consults: list[UUID]
    photos: int

    @classmethod
    def of(cls, uploads: Uploads) -> Self:
        return cls(
            device=Person.of(uploads.device),
            consults=list(uploads.consult_ids),
            photos=uploads.photos,
        )


class UploadsClaim(Body):
    """Empty: all of it."""


class ShiftEnded(Shape):
    """For `PublicKeyCredential.signalAllAcceptedCredentials`, while it is still known whose."""

    rp_id: str
    user_handle: str
    credential_ids: list[str]


@operation(
    "Read how much this tablet sent in this shift that nobody has claimed.",
    action=Action.UPLOADS_CLAIM,
    returns=UploadsRead,
    errors=(400, 403, 404),
)
async def get_uploads(request: ConsultRequest) -> Response:
    actor = await actor_of(request)
    async with recording(request) as session:
        uploads = await devices.unclaimed_uploads(session, actor)
        await _record(session, actor, uploads)
    return UploadsRead.of(uploads).response()


@operation(
    "Claim what this tablet sent before you signed in on it.",
    action=Action.UPLOADS_CLAIM,
    takes=UploadsClaim,
    returns=UploadsRead,
    errors=(400, 403, 404, 409, 415, 422),
)
async def post_claim(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    await read_json(request, UploadsClaim)
    async with backends.database.writes.begin() as session:
        uploads = await devices.claim_uploads(session, actor)
        await _record(session, actor, uploads)
    return UploadsRead.of(uploads).response()


@operation(
    "Sign out at the end of a shift, and hear which passkeys are still good.",
    action=Action.SESSION_END,
    returns=ShiftEnded,
    errors=(400, 403, 415),
)
async def post_end_shift(request: ConsultRequest) -> Response:
    backends, login = request.state["backends"], await login_of(request)
    async with backends.database.writes.begin() as session:
        user = await session.get_one(User, login.actor.user_id)
        accepted = await accounts.credential_ids_of(session, user)
        await accounts.end_session(session, login.actor, login.session)
    response = ShiftEnded(
        rp_id=backends.settings.rp_id,
        user_handle=_encode(user.handle),
        credential_ids=[_encode(each) for each in accepted],
    ).response()
    clear_cookie(response)
    return response


async def _record(session: AsyncSession, actor: Actor, uploads: Uploads) -> None:
    device, listed = uploads.device.id, uploads.consult_ids
    await audit.record(session, actor, "uploads.viewed", device, consult_ids=listed)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


routes = [
    Route("/api/uploads", get_uploads),
    Route("/api/uploads/claim", post_claim, methods=["POST"]),
    Route("/api/session/end-shift", post_end_shift, methods=["POST"]),
]
