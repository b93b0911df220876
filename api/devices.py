"""The tablets of ambulances: added, enrolled, proved, taken out of service."""

import base64
import binascii
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auth import (
    DEVICE_COOKIE,
    actor_of,
    csrf_token,
    refuse_other_pages,
    set_cookie,
)
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import devices
from consult.access import Action
from consult.devices import Answer
from consult.models import Device, User


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("this is not base64url") from None


def _checked(text: str) -> str:
    _decode(text)
    return text


Base64url = Annotated[str, StringConstraints(max_length=512), AfterValidator(_checked)]
Secret = Annotated[str, Field(min_length=1, max_length=128)]


class ChallengeStart(Body):
    """Empty: no tablet says which it is before its key does."""


class DeviceAdd(Body):
    name: Annotated[str, StringConstraints(max_length=200)]


class DeviceEnrolment(Body):
    token: Secret
    public_key: Base64url
    """SubjectPublicKeyInfo of an ECDSA P-256 key: WebCrypto's "spki"."""
    challenge: Secret
    signature: Base64url
    """Over the lines `consult-device-v1`, `enrolment`, the origin and the challenge."""


class DeviceProof(Body):
    device_id: UUID
    challenge: Secret
    signature: Base64url
    """Over the lines `consult-device-v1`, `session`, the origin and the challenge."""


class ChallengeRead(Shape):
    challenge: str


class DeviceRead(Shape):
    id: UUID
    name: str
    created_at: Time
    enrolled_at: Time | None
    last_seen_at: Time | None
    revoked_at: Time | None

    @classmethod
    def of(cls, device: Device, account: User) -> Self:
        return cls(**device.model_dump(include=set(cls.model_fields)), name=account.name)


class DeviceList(Shape):
    items: list[DeviceRead]


class DeviceLink(Shape):
    id: UUID
    link: str
    """Opens once, on the tablet."""
    expires_at: Time


class DeviceSessionRead(Shape):
    device_id: UUID
    name: str
    csrf_token: str
    """Goes with every unsafe request as `X-CSRF-Token` while nobody is signed in."""
    expires_at: Time


@operation(
    "Add the tablet of an ambulance; its one-time link is shown here and never again.",
    action=Action.DEVICE_ENROL,
    takes=DeviceAdd,
    returns=DeviceLink,
    status=201,
    errors=(400, 403, 404, 415, 422),
)
async def post_device(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, DeviceAdd)
    async with backends.database.writes.begin() as session:
        device, code = await devices.add_device(session, name=wish.name, actor=actor)
    return _link(request, device, code)


@operation(
    "Make a new link for a tablet that lost its key.",
    action=Action.DEVICE_ENROL,
    returns=DeviceLink,
    status=201,
    errors=(400, 403, 404, 415),
)
async def post_link(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        device, code = await devices.renew_code(session, _id_in(request), actor=actor)
    return _link(request, device, code)


@operation(
    "List the tablets.", action=Action.DEVICE_REVOKE, returns=DeviceList, errors=(400, 403, 404)
)
async def get_devices(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        found = await devices.list_devices(session, actor)
    return DeviceList(items=[DeviceRead.of(*each) for each in found]).response()


@operation(
    "Take a tablet out of service, with every session on it.",
    action=Action.DEVICE_REVOKE,
    status=204,
    errors=(400, 403, 404, 415),
)
async def delete_device(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        await devices.revoke_device(session, _id_in(request), actor=actor)
    return Response(status_code=204)


@operation(
    "Ask for something to sign. Asking does not use a link up.",
    action=Action.COME_IN,
    takes=ChallengeStart,
    returns=ChallengeRead,
    errors=(400, 403, 415, 422),
)
async def post_challenge(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    await read_json(request, ChallengeStart)
    async with request.state["backends"].database.writes.begin() as session:
        challenge = await devices.make_challenge(session)
    return ChallengeRead(challenge=challenge).response()


@operation(
    "Bind the tablet's key and use the link up. The same key again is the same enrolment.",
    action=Action.COME_IN,
    takes=DeviceEnrolment,
    returns=DeviceSessionRead,
    status=201,
    errors=(400, 401, 403, 415, 422),
)
async def post_enrolment(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, DeviceEnrolment), request.state["backends"]
    answer = await _answered(request, body)
    async with backends.database.writes.begin() as session:
        _, secret = await devices.enrol_device(
            session,
            backends.settings,
            code=body.token,
            public_key=_decode(body.public_key),
            answer=answer,
        )
    return await _opened(request, secret, status=201)


@operation(
    "Show the tablet's key, and send for a quarter of an hour.",
    action=Action.COME_IN,
    takes=DeviceProof,
    returns=DeviceSessionRead,
    errors=(400, 401, 403, 415, 422),
)
async def post_session(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, DeviceProof), request.state["backends"]
    answer = await _answered(request, body)
    async with backends.database.writes.begin() as session:
        secret = await devices.prove(
            session, backends.settings, device_id=body.device_id, answer=answer
        )
    return await _opened(request, secret, status=200)


async def _answered(request: ConsultRequest, body: DeviceEnrolment | DeviceProof) -> Answer:
    """The challenge is burnt, and that is committed, before anybody looks at the answer."""
    async with request.state["backends"].database.writes.begin() as session:
        good = await devices.burn_challenge(session, body.challenge)
    if not good:
        raise devices.device_refused()
    return Answer(body.challenge, _decode(body.signature))


async def _opened(request: ConsultRequest, secret: str, *, status: int) -> Response:
    async with request.state["backends"].database.reads() as session:
        actor, device_session = await devices.actor_from_device(session, secret)
    response = DeviceSessionRead(
        device_id=device_session.device_id,
        name=actor.name,
        csrf_token=csrf_token(request, device_session),
        expires_at=device_session.expires_at,
    ).response(status)
    set_cookie(response, secret, DEVICE_COOKIE)
    return response


def _link(request: ConsultRequest, device: Device, code: str) -> Response:
    origin = request.state["backends"].settings.public_url
    link = DeviceLink(
        id=device.id, link=f"{origin}/device#t={code}", expires_at=device.code_expires_at
    )
    return link.response(201)


def _id_in(request: ConsultRequest) -> UUID:
    return request.path_params["device_id"]


routes = [
    Route("/api/devices", post_device, methods=["POST"]),
    Route("/api/devices", get_devices, methods=["GET"]),
    Route("/api/devices/challenge", post_challenge, methods=["POST"]),
    Route("/api/devices/enrolment", post_enrolment, methods=["POST"]),
    Route("/api/devices/session", post_session, methods=["POST"]),
    Route("/api/devices/{device_id:uuid}", delete_device, methods=["DELETE"]),
    Route("/api/devices/{device_id:uuid}/link", post_link, methods=["POST"]),
]
