"""Coming in with a passkey, the session, and who I am."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.accounts.ceremonies import (
    CredentialJSON,
    Secret,
    burn,
    noting_counters,
    sign_in,
    signed_in,
)
from api.accounts.shapes import Me, SessionRead
from api.auth import actor_of, clear_cookie, login_of, refuse_other_pages
from api.bodies import Body, read_json
from api.openapi import operation
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require


class RegistrationStart(Body):
    token: Secret


class Registration(Body):
    token: Secret
    credential: CredentialJSON
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.create`."""


class AuthenticationStart(Body):
    """Empty: nobody says who they are before the passkey does."""


class Authentication(Body):
    credential: CredentialJSON
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.get`."""


@operation(
    "Ask what to make a passkey with. Asking does not use the invitation up.",
    action=Action.COME_IN,
    takes=RegistrationStart,
    returns="application/json",
    errors=(400, 403, 415, 422, 429),
)
async def post_registration_options(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, RegistrationStart), request.state["backends"]
    async with backends.database.writes.begin() as session:
        options = await accounts.registration_options(session, backends.settings, body.token)
    return JSONResponse(options)


@operation(
    "Bind the passkey, use the invitation up, and sign in.",
    action=Action.COME_IN,
    takes=Registration,
    returns=SessionRead,
    status=201,
    errors=(400, 401, 403, 415, 422, 429),
)
async def post_registration(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, Registration), request.state["backends"]
    answered = await burn(request, body.credential)
    async with backends.database.writes.begin() as session:
        user, passkey = await accounts.register(
            session, backends.settings, body.token, body.credential, answered
        )
        secret, login = await sign_in(request, session, user, passkey)
    return signed_in(request, secret, login, status=201)


@operation(
    "Ask for a challenge; any passkey of this service may answer it.",
    action=Action.COME_IN,
    takes=AuthenticationStart,
    returns="application/json",
    errors=(400, 403, 415, 422, 429),
)
async def post_authentication_options(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    await read_json(request, AuthenticationStart)
    backends = request.state["backends"]
    async with backends.database.writes.begin() as session:
        options = await accounts.authentication_options(session, backends.settings)
    return JSONResponse(options)


@operation(
    "Sign in with a passkey.",
    action=Action.COME_IN,
    takes=Authentication,
    returns=SessionRead,
    errors=(400, 401, 403, 415, 422, 429),
)
async def post_authentication(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, Authentication), request.state["backends"]
    answered = await burn(request, body.credential)
    async with noting_counters(request), backends.database.writes.begin() as session:
        user, passkey = await accounts.authenticate(
            session, backends.settings, body.credential, answered
        )
        secret, login = await sign_in(request, session, user, passkey)
    return signed_in(request, secret, login, status=200)


@operation(
    "Read the session, and the token that guards it.",
    action=Action.ACCOUNT_READ,
    returns=SessionRead,
    errors=(400,),
)
async def get_session(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.ACCOUNT_READ)
    return SessionRead.of(request, login).response()


@operation("Sign out.", action=Action.SESSION_END, status=204, errors=(400, 403, 415))
async def delete_session(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.SESSION_END)
    async with request.state["backends"].database.writes.begin() as session:
        await accounts.end_session(session, login.actor, login.session)
    response = Response(status_code=204)
    clear_cookie(response)
    return response


@operation(
    "Read whom the cookie or the token belongs to.",
    action=Action.ACCOUNT_READ,
    returns=Me,
    errors=(400,),
)
async def get_me(request: ConsultRequest) -> Response:
    actor = await actor_of(request)
    require(actor, Action.ACCOUNT_READ)
    return Me.of(actor).response()


routes = [
    Route("/api/passkeys/registration/options", post_registration_options, methods=["POST"]),
    Route("/api/passkeys/registration", post_registration, methods=["POST"]),
    Route("/api/passkeys/authentication/options", post_authentication_options, methods=["POST"]),
    Route("/api/passkeys/authentication", post_authentication, methods=["POST"]),
    Route("/api/session", get_session),
    Route("/api/session", delete_session, methods=["DELETE"]),
    Route("/api/me", get_me),
]
