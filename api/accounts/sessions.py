"""Where I am signed in: list, end one, end all the others."""

from starlette.responses import Response
from starlette.routing import Route

from api.accounts.shapes import SessionList, SessionSummary
from api.auth import clear_cookie, login_of
from api.openapi import operation
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require


@operation(
    "List where I am signed in.",
    action=Action.ACCOUNT_READ,
    returns=SessionList,
    errors=(400,),
)
async def get_sessions(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.ACCOUNT_READ)
    async with request.state["backends"].database.reads() as session:
        rows = await accounts.list_sessions(session, login.actor)
    return SessionList(sessions=[SessionSummary.of(row, login.actor) for row in rows]).response()


@operation(
    "Sign out everywhere else.",
    action=Action.SESSION_END,
    status=204,
    errors=(400, 403, 415),
)
async def delete_sessions(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.SESSION_END)
    async with request.state["backends"].database.writes.begin() as session:
        await accounts.end_sessions_of(
            session, login.actor.user_id, by=login.actor, except_id=login.session.id
        )
    return Response(status_code=204)


@operation(
    "Sign out in one place.",
    action=Action.SESSION_END,
    status=204,
    errors=(400, 403, 404, 415),
)
async def delete_one_session(request: ConsultRequest) -> Response:
    login, session_id = await login_of(request), request.path_params["session_id"]
    require(login.actor, Action.SESSION_END)
    async with request.state["backends"].database.writes.begin() as session:
        await accounts.end_own_session(session, login.actor, session_id)
    response = Response(status_code=204)
    if session_id == login.session.id:
        clear_cookie(response)
    return response


routes = [
    Route("/api/sessions", get_sessions),
    Route("/api/sessions", delete_sessions, methods=["DELETE"]),
    Route("/api/sessions/{session_id:uuid}", delete_one_session, methods=["DELETE"]),
]
