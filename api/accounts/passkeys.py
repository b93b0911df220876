"""One's own passkeys: list, add, name, remove, and touch one again."""

from base64 import urlsafe_b64encode
from typing import Annotated

from pydantic import Field
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.accounts.ceremonies import CredentialJSON, burn, noting_counters, signed_in
from api.accounts.shapes import PasskeyRead, SessionRead
from api.auth import Login, login_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Shape
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require


class Nothing(Body):
    """Empty."""


class PasskeyAdd(Body):
    credential: CredentialJSON
    name: Annotated[str, Field(max_length=200)] = ""


class PasskeyName(Body):
    name: Annotated[str, Field(max_length=200)]


class StepUp(Body):
    credential: CredentialJSON


class PasskeyList(Shape):
    rp_id: str
    user_handle: str
    """Base64url, as `PublicKeyCredential.signalAllAcceptedCredentials` wants it."""
    credential_ids: list[str]
    """Base64url; all that are accepted here."""
    passkeys: list[PasskeyRead]


@operation(
    "List my passkeys, with what the browser's passkey manager has to be told.",
    action=Action.ACCOUNT_READ,
    returns=PasskeyList,
    errors=(400,),
)
async def get_passkeys(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_READ)
    async with backends.database.reads() as session:
        user = await accounts.get_user(session, login.actor.user_id)
        rows = await accounts.list_passkeys(session, login.actor)
    opener = login.session.credential_id
    return PasskeyList(
        rp_id=backends.settings.rp_id,
        user_handle=_base64url(user.handle),
        credential_ids=[_base64url(row.credential_id) for row in rows],
        passkeys=[PasskeyRead.of(row, current=row.id == opener) for row in rows],
    ).response()


@operation(
    "Ask what to make one more passkey with.",
    action=Action.ACCOUNT_CHANGE,
    takes=Nothing,
    returns="application/json",
    errors=(400, 403, 409, 415, 422),
)
async def post_passkey_options(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_CHANGE)
    await read_json(request, Nothing)
    async with backends.database.writes.begin() as session:
        options = await accounts.adding_options(session, backends.settings, login.actor)
    return JSONResponse(options)


@operation(
    "Bind one more passkey to me.",
    action=Action.ACCOUNT_CHANGE,
    takes=PasskeyAdd,
    returns=PasskeyRead,
    status=201,
    errors=(400, 403, 409, 415, 422),
)
async def post_passkey(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_CHANGE)
    body = await read_json(request, PasskeyAdd)
    answered = await burn(request, body.credential)
    async with backends.database.writes.begin() as session:
        row = await accounts.add_passkey(
            session,
            backends.jobs,
            backends.settings,
            actor=login.actor,
            credential=body.credential,
            answered=answered,
            name=body.name,
        )
    return PasskeyRead.of(row).response(201)


@operation(
    "Call one of my passkeys something else.",
    action=Action.PASSKEY_NAME,
    takes=PasskeyName,
    returns=PasskeyRead,
    errors=(400, 403, 404, 415, 422),
)
async def patch_passkey(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.PASSKEY_NAME)
    body = await read_json(request, PasskeyName)
    async with request.state["backends"].database.writes.begin() as session:
        row = await accounts.rename_passkey(
            session, login.actor, request.path_params["passkey_id"], body.name
        )
    return PasskeyRead.of(row, current=row.id == login.session.credential_id).response()


@operation(
    "Remove one of my passkeys, and end what it opened. The last usable one stays.",
    action=Action.ACCOUNT_CHANGE,
    status=204,
    errors=(400, 403, 404, 409, 415),
)
async def delete_passkey(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_CHANGE)
    async with backends.database.writes.begin() as session:
        await accounts.revoke_passkey(
            session, backends.jobs, login.actor, request.path_params["passkey_id"]
        )
    return Response(status_code=204)


@operation(
    "Ask for a challenge that one of my own passkeys may answer.",
    action=Action.ACCOUNT_READ,
    takes=Nothing,
    returns="application/json",
    errors=(400, 403, 415, 422),
)
async def post_step_up_options(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_READ)
    await read_json(request, Nothing)
    async with backends.database.writes.begin() as session:
        options = await accounts.proving_options(session, backends.settings, login.actor)
    return JSONResponse(options)


@operation(
    "Touch a passkey again: for five minutes I may do what matters most. The cookie changes.",
    action=Action.ACCOUNT_READ,
    takes=StepUp,
    returns=SessionRead,
    errors=(400, 403, 415, 422),
)
async def post_step_up(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_READ)
    body = await read_json(request, StepUp)
    answered = await burn(request, body.credential)
    async with noting_counters(request), backends.database.writes.begin() as session:
        await accounts.prove(session, backends.settings, login.actor, body.credential, answered)
        secret = await accounts.rotate_session(session, login.actor, login.session)
        rotated = Login(*await accounts.actor_from_session(session, secret))
    return signed_in(request, secret, rotated, status=200)


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


routes = [
    Route("/api/passkeys", get_passkeys),
    Route("/api/passkeys", post_passkey, methods=["POST"]),
    Route("/api/passkeys/options", post_passkey_options, methods=["POST"]),
    Route("/api/passkeys/step-up/options", post_step_up_options, methods=["POST"]),
    Route("/api/passkeys/step-up", post_step_up, methods=["POST"]),
    Route("/api/passkeys/{passkey_id:uuid}", patch_passkey, methods=["PATCH"]),
    Route("/api/passkeys/{passkey_id:uuid}", delete_passkey, methods=["DELETE"]),
]
