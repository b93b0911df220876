"""Passkeys, the session, and who I am."""

from contextlib import suppress
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.auth import (
    Login,
    actor_of,
    clear_cookie,
    cookie_of,
    csrf_token,
    login_of,
    refuse_other_pages,
    set_cookie,
)
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action
from consult.errors import NotSignedIn
from consult.models import Actor, Role, User

InviteToken = Annotated[str, Field(min_length=1, max_length=128)]


class RegistrationStart(Body):
    token: InviteToken


class Registration(Body):
    token: InviteToken
    credential: dict[str, Any]
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.create`."""


class AuthenticationStart(Body):
    """Empty: nobody says who they are before the passkey does."""


class Authentication(Body):
    credential: dict[str, Any]
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.get`."""


class Me(Shape):
    id: UUID
    name: str
    email: str
    role: Role

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(id=actor.user_id, name=actor.name, email=actor.email, role=actor.role)


class SessionRead(Shape):
    user: Me
    csrf_token: str
    """Goes with every unsafe request as `X-CSRF-Token`."""
    created_at: Time
    idle_expires_at: Time
    expires_at: Time

    @classmethod
    def of(cls, request: ConsultRequest, login: Login) -> Self:
        idle, absolute = accounts.expiry_of(login.session, login.actor.role)
        return cls(
            user=Me.of(login.actor),
            csrf_token=csrf_token(request, login.session),
            created_at=login.session.created_at,
            idle_expires_at=min(idle, absolute),
            expires_at=absolute,
        )


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
    async with backends.database.writes.begin() as session:
        answered = await accounts.burn_challenge(session, body.credential)
    async with backends.database.writes.begin() as session:
        user = await accounts.register(
            session, backends.settings, body.token, body.credential, answered
        )
        secret, login = await _sign_in(request, session, user)
    return _signed_in(request, secret, login, status=201)


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
    async with backends.database.writes.begin() as session:
        answered = await accounts.burn_challenge(session, body.credential)
    try:
        async with backends.database.writes.begin() as session:
            user = await accounts.authenticate(
                session, backends.settings, body.credential, answered
            )
            secret, login = await _sign_in(request, session, user)
    except accounts.CounterWentBack as refusal:
        async with backends.database.writes.begin() as session:
            await accounts.record_counter(session, refusal)
        raise
    return _signed_in(request, secret, login, status=200)


@operation(
    "Read the session, and the token that guards it.",
    action=Action.ACCOUNT_READ,
    returns=SessionRead,
    errors=(400,),
)
async def get_session(request: ConsultRequest) -> Response:
    return SessionRead.of(request, await login_of(request)).response()


@operation("Sign out.", action=Action.SESSION_END, status=204, errors=(400, 403, 415))
async def delete_session(request: ConsultRequest) -> Response:
    login = await login_of(request)
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
    return Me.of(await actor_of(request)).response()


async def _sign_in(request: ConsultRequest, session: AsyncSession, user: User) -> tuple[str, Login]:
    """Open a session; the one that this browser had until now is dead at once."""
    if old := cookie_of(request):
        with suppress(NotSignedIn):
            await accounts.end_session(session, *await accounts.actor_from_session(session, old))
    secret = await accounts.open_session(session, user)
    return secret, Login(*await accounts.actor_from_session(session, secret))


def _signed_in(request: ConsultRequest, secret: str, login: Login, *, status: int) -> Response:
    response = SessionRead.of(request, login).response(status)
    set_cookie(response, secret)
    return response


routes = [
    Route("/api/passkeys/registration/options", post_registration_options, methods=["POST"]),
    Route("/api/passkeys/registration", post_registration, methods=["POST"]),
    Route("/api/passkeys/authentication/options", post_authentication_options, methods=["POST"]),
    Route("/api/passkeys/authentication", post_authentication, methods=["POST"]),
    Route("/api/session", get_session),
    Route("/api/session", delete_session, methods=["DELETE"]),
    Route("/api/me", get_me),
]
