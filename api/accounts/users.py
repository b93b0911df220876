"""The people of the service, for coordinators and administrators: invite, list, shut out."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require
from consult.models import Actor, Role, User

_MOST = 200

PersonRole = Literal[Role.PATIENT, Role.EMS, Role.SPECIALIST, Role.COORDINATOR, Role.ADMIN]


class UserAdd(Body):
    name: Annotated[str, Field(max_length=200)]
    email: Annotated[str, Field(max_length=254)] | None = None
    """Left out for a patient who has none: give a code next."""
    role: PersonRole


class UserQuery(Query):
    after: UUID | None = None
    """The last person of the page before."""
    limit: Annotated[int, Field(ge=1, le=_MOST)] = _MOST


class UserRead(Shape):
    id: UUID
    name: str
    email: str | None
    role: Role
    active: bool
    enrolled: bool
    """Has a passkey."""
    created_at: Time

    @classmethod
    def of(cls, user: User, *, enrolled: bool) -> Self:
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role,
            active=user.active,
            enrolled=enrolled,
            created_at=user.created_at,
        )


class UserList(Shape):
    users: list[UserRead]


@operation(
    "List the people of the service, in the order they were added.",
    action=Action.USER_LIST,
    query=UserQuery,
    returns=UserList,
    errors=(400, 403, 404, 422),
)
async def get_users(request: ConsultRequest) -> Response:
    actor = await actor_of(request)
    require(actor, Action.USER_LIST)
    query = read_query(request, UserQuery)
    async with request.state["backends"].database.reads() as session:
        rows = await accounts.list_users(session, after=query.after, limit=query.limit)
    return UserList(users=[UserRead.of(user, enrolled=bound) for user, bound in rows]).response()


@operation(
    "Add somebody; if they have an e-mail address, they are sent a link.",
    action=Action.USER_INVITE,
    takes=UserAdd,
    returns=UserRead,
    status=201,
    errors=(400, 403, 404, 409, 415, 422),
)
async def post_user(request: ConsultRequest) -> Response:
    actor, backends = await actor_of(request), request.state["backends"]
    require(actor, Action.USER_INVITE)
    body = await read_json(request, UserAdd)
    async with backends.database.writes.begin() as session:
        user = await accounts.add_user(
            session, email=body.email, name=body.name, role=body.role, actor=actor
        )
        if user.email:
            await accounts.invite_by_mail(
                session, backends.jobs, backends.secret, user, actor=actor
            )
    return UserRead.of(user, enrolled=False).response(201)


@operation(
    "Send somebody who never came in another link; the ones before are dead.",
    action=Action.USER_INVITE,
    status=204,
    errors=(400, 403, 404, 409, 415),
)
async def post_invitation(request: ConsultRequest) -> Response:
    backends = request.state["backends"]

    async def send(session: AsyncSession, user: User, actor: Actor) -> None:
        await accounts.invite_by_mail(session, backends.jobs, backends.secret, user, actor=actor)

    return await _change(request, Action.USER_INVITE, send)


@operation(
    "Shut somebody out: sessions, streams, tokens, links and codes are dead at once.",
    action=Action.USER_DISABLE,
    status=204,
    errors=(400, 403, 404, 409, 415),
)
async def post_disable(request: ConsultRequest) -> Response:
    async def disable(session: AsyncSession, user: User, actor: Actor) -> None:
        await accounts.disable_user(session, user, actor=actor)

    return await _change(request, Action.USER_DISABLE, disable)


@operation(
    "Let somebody in again.",
    action=Action.USER_DISABLE,
    status=204,
    errors=(400, 403, 404, 415),
)
async def post_enable(request: ConsultRequest) -> Response:
    async def enable(session: AsyncSession, user: User, actor: Actor) -> None:
        await accounts.enable_user(session, user, actor=actor)

    return await _change(request, Action.USER_DISABLE, enable)


@operation(
    "Sign somebody out everywhere.",
    action=Action.OTHERS_SESSION_END,
    status=204,
    errors=(400, 403, 404, 415),
)
async def delete_user_sessions(request: ConsultRequest) -> Response:
    async def end(session: AsyncSession, user: User, actor: Actor) -> None:
        accounts.refuse_higher(actor, user.role)
        await accounts.end_sessions_of(session, user.id, by=actor)

    return await _change(request, Action.OTHERS_SESSION_END, end)


async def _change(
    request: ConsultRequest,
    action: Action,
    change: Callable[[AsyncSession, User, Actor], Awaitable[None]],
) -> Response:
    actor = await actor_of(request)
    require(actor, action)
    async with request.state["backends"].database.writes.begin() as session:
        user = await accounts.get_user(session, request.path_params["user_id"])
        await change(session, user, actor)
    return Response(status_code=204)


routes = [
    Route("/api/users", get_users),
    Route("/api/users", post_user, methods=["POST"]),
    Route("/api/users/{user_id:uuid}/invitation", post_invitation, methods=["POST"]),
    Route("/api/users/{user_id:uuid}/disable", post_disable, methods=["POST"]),
    Route("/api/users/{user_id:uuid}/enable", post_enable, methods=["POST"]),
    Route("/api/users/{user_id:uuid}/sessions", delete_user_sessions, methods=["DELETE"]),
]
