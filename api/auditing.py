"""The audit trail around every answer: a row is committed before the first byte leaves, or 503.

A handler puts its look on record when it has read what it will show. Whoever forgets it shows
nothing: an answer about health that left no row does not go out. A refusal is put on record too,
in a transaction of its own.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Unpack
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from api.state import ConsultRequest
from consult import audit
from consult.access import PUBLIC, Action
from consult.access.tables import WITHIN
from consult.errors import AuditUnavailable, ConsultError, Forbidden, NotFound
from consult.models import Actor, Outcome

log = structlog.get_logger()

ABOUT_HEALTH = frozenset[Action]().union(*WITHIN.values()) | {
    Action.CONSULT_LIST,
    Action.CONSULT_OPEN,
    Action.AUDIT_READ,
}
"""What is answered with something about somebody's health, or about who looked at it."""

Handler = Callable[[ConsultRequest], Awaitable[Response]]


def on_record(action: Action, handler: Handler) -> Handler:
    """Let `handler` answer only with what it has put on record. Raises AuditUnavailable."""

    @wraps(handler)
    async def recorded(request: ConsultRequest) -> Response:
        request.state["action"] = action
        response = await handler(request)
        if action in ABOUT_HEALTH and _shows_something(response) and not audit.rows_left():
            log.error("audit.row_missing", action=action.value)
            raise AuditUnavailable
        return response

    return recorded


@asynccontextmanager
async def recording(request: ConsultRequest) -> AsyncGenerator[AsyncSession]:
    """A write transaction for a look. Whatever fails in it raises AuditUnavailable."""
    try:
        async with request.state["backends"].database.writes.begin() as session:
            yield session
    except SQLAlchemyError as error:
        raise AuditUnavailable from error


async def put_on_record(
    request: ConsultRequest,
    actor: Actor,
    deed: str,
    object_id: UUID | None = None,
    **about: Unpack[audit.About],
) -> None:
    """Commit the row of a look, once all that it will show has been read."""
    async with recording(request) as session:
        await audit.record(session, actor, deed, object_id, **about)


async def refusal_on_record(request: Request[Any], error: ConsultError) -> ConsultError:
    """Put it on record when somebody who is signed in was refused; return what to answer.

    The absent and the foreign leave a row each: a row for one of them alone would cost time
    that tells the two apart.
    """
    actor, action = getattr(request.state, "actor", None), getattr(request.state, "action", None)
    if actor is None or action is None or action in PUBLIC or not _refuses(error):
        return error
    try:
        async with recording(request) as session:
            await audit.record(
                session,
                actor,
                action.value,
                next(reversed(request.path_params.values()), None),
                consult_id=request.path_params.get("consult_id"),
                outcome=Outcome.REFUSED,
                rule=error.rule or error.code,
            )
    except AuditUnavailable as unavailable:
        return unavailable
    return error


def _refuses(error: ConsultError) -> bool:
    return error.rule is not None or isinstance(error, NotFound | Forbidden)


def _shows_something(response: Response) -> bool:
    # A stream has no body yet.
    return response.status_code < 300 and bool(getattr(response, "body", b"..."))
