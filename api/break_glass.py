"""Emergency access: opened by a specialist, reviewed by a coordinator."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.break_glass import Listed, break_glass, list_glasses, review_glass
from consult.models import GlassOutcome, GlassReason, now


class GlassBreak(Body):
    reason: GlassReason
    text: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
    """Why, in your own words, for whoever reviews it."""


class GlassReview(Body):
    outcome: GlassOutcome
    comment: Annotated[str, StringConstraints(max_length=1000)] = ""


class GlassQuery(Query):
    reviewed: bool = False
    """False: what waits for a review, the one due first first. True: what had one."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class GlassOpened(Shape):
    id: UUID
    consult_id: UUID
    opened_at: Time
    expires_at: Time


class GlassRead(GlassOpened):
    user: Person
    reason: GlassReason
    text: str
    review_due_at: Time
    overdue: bool
    reviewed_at: Time | None
    outcome: GlassOutcome | None
    comment: str


class GlassList(Shape):
    items: list[GlassRead]


@operation(
    "Open a consult that is not yours in an emergency: 60 minutes, to look only, and reviewed.",
    action=Action.GLASS_BREAK,
    takes=GlassBreak,
    returns=GlassOpened,
    status=201,
    errors=(400, 403, 404, 410, 422),
)
async def post_break_glass(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, consult_id = await read_json(request, GlassBreak), request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        glass, created = await break_glass(
            session,
            backends.jobs,
            actor=actor,
            consult_id=consult_id,
            reason=wish.reason,
            text=wish.text,
        )
    shown = GlassOpened.model_validate(glass.model_dump())
    return shown.response(201 if created else 200)


@operation(
    "List the emergency accesses that wait for a review, or those that had one.",
    action=Action.GLASS_REVIEW,
    query=GlassQuery,
    returns=GlassList,
    errors=(404, 422),
)
async def get_break_glass(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    query = read_query(request, GlassQuery)
    async with backends.database.reads() as session:
        found = await list_glasses(session, actor, reviewed=query.reviewed, limit=query.limit)
    return GlassList(items=[_shape(one) for one in found]).response()


@operation(
    "Say whether an emergency access was right.",
    action=Action.GLASS_REVIEW,
    takes=GlassReview,
    returns=GlassRead,
    errors=(400, 404, 409, 410, 422),
)
async def post_review(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, GlassReview)
    async with backends.database.writes.begin() as session:
        reviewed = await review_glass(
            session,
            actor=actor,
            glass_id=request.path_params["glass_id"],
            outcome=wish.outcome,
            comment=wish.comment,
        )
    return _shape(reviewed).response()


def _shape(listed: Listed) -> GlassRead:
    glass = listed.glass
    return GlassRead(
        id=glass.id,
        consult_id=glass.consult_id,
        user=Person.of(listed.by),
        reason=glass.reason_code,
        text=glass.reason_text,
        opened_at=glass.opened_at,
        expires_at=glass.expires_at,
        review_due_at=glass.review_due_at,
        overdue=glass.reviewed_at is None and glass.review_due_at <= now(),
        reviewed_at=glass.reviewed_at,
        outcome=glass.outcome,
        comment=glass.comment or "",
    )


routes = [
    Route("/api/consults/{consult_id:uuid}/break-glass", post_break_glass, methods=["POST"]),
    Route("/api/break-glass", get_break_glass),
    Route("/api/break-glass/{glass_id:uuid}/review", post_review, methods=["POST"]),
]
