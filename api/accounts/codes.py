"""Codes that staff give in person: a way in for a patient without e-mail, a witness's word."""

from typing import Literal

from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.qr import qr_svg
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require
from consult.models import InvitationKind, WitnessReason


class CodeMake(Body):
    kind: Literal[InvitationKind.QR, InvitationKind.PRINTED]


class CodeRead(Shape):
    """Shown once: it is not kept here."""

    kind: InvitationKind
    secret: str
    url: str
    svg: str
    """The address as a QR code."""
    expires_at: Time


class WitnessMake(Body):
    reason: WitnessReason


class WitnessRead(Shape):
    """Shown once: it is not kept here."""

    code: str
    expires_at: Time


@operation(
    "Make a code for a patient who is here: to scan within ten minutes, or to take home.",
    action=Action.CODE_MAKE,
    takes=CodeMake,
    returns=CodeRead,
    status=201,
    errors=(400, 403, 404, 409, 415, 422),
)
async def post_code(request: ConsultRequest) -> Response:
    actor, backends = await actor_of(request), request.state["backends"]
    require(actor, Action.CODE_MAKE)
    body = await read_json(request, CodeMake)
    async with backends.database.writes.begin() as session:
        user = await accounts.get_user(session, request.path_params["user_id"])
        given = await accounts.give_code(session, user, body.kind, actor=actor)
    url = f"{backends.settings.public_url}/enrol#t={given.secret}"
    return CodeRead(
        kind=body.kind,
        secret=given.secret,
        url=url,
        svg=qr_svg(url),
        expires_at=given.expires_at,
    ).response(201)


@operation(
    "Make every link and code of this person worthless: the wrong card, a lost letter.",
    action=Action.CODE_REVOKE,
    status=204,
    errors=(400, 403, 404, 415),
)
async def delete_codes(request: ConsultRequest) -> Response:
    actor = await actor_of(request)
    require(actor, Action.CODE_REVOKE)
    async with request.state["backends"].database.writes.begin() as session:
        user = await accounts.get_user(session, request.path_params["user_id"])
        accounts.refuse_higher(actor, user.role)
        await accounts.revoke_invitations(session, user, actor=actor)
    return Response(status_code=204)


@operation(
    "Say that this is the person: a code for ten minutes, one of the two proofs of recovery.",
    action=Action.USER_WITNESS,
    takes=WitnessMake,
    returns=WitnessRead,
    status=201,
    errors=(400, 403, 404, 409, 415, 422),
)
async def post_witness(request: ConsultRequest) -> Response:
    actor, backends = await actor_of(request), request.state["backends"]
    require(actor, Action.USER_WITNESS)
    body = await read_json(request, WitnessMake)
    async with backends.database.writes.begin() as session:
        user = await accounts.get_user(session, request.path_params["user_id"])
        given = await accounts.witness(session, backends.jobs, user, body.reason, actor=actor)
    return WitnessRead(code=given.secret, expires_at=given.expires_at).response(201)


routes = [
    Route("/api/users/{user_id:uuid}/codes", post_code, methods=["POST"]),
    Route("/api/users/{user_id:uuid}/codes", delete_codes, methods=["DELETE"]),
    Route("/api/users/{user_id:uuid}/witness", post_witness, methods=["POST"]),
]
