"""Hand-overs: offered by whoever leaves, accepted by whoever comes."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult import handovers, services
from consult.access import Action
from consult.clinical.workflow.service_levels import Priority
from consult.models import Handover, User


class HandoverPost(Body):
    to_id: UUID


class HandoverRead(Shape):
    id: UUID
    service_id: UUID
    from_person: Person
    to_person: Person
    offered_at: Time
    due_at: Time
    """Accepted by then, or the supervisor hears of it."""
    accepted_at: Time | None
    declined_at: Time | None
    with_shift: bool
    weight: dict[Priority, int]
    """How many open consults change hands, by priority."""


class HandoverList(Shape):
    items: list[HandoverRead]


@operation(
    "Offer your duty, and everything open that you have, to a colleague.",
    action=Action.HAND_OVER,
    takes=HandoverPost,
    returns=HandoverRead,
    status=201,
    errors=(404, 409, 422),
)
async def post_handover(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, HandoverPost)
    async with backends.database.writes.begin() as session:
        service = await services.get_service(session, request.path_params["service_id"])
        made = await handovers.offer(session, backends.jobs, service, wish.to_id, actor=actor)
        (shown,) = await _shape(session, [made])
    return shown.response(201)


@operation(
    "List what you offered and what you were offered.",
    action=Action.HAND_OVER,
    returns=HandoverList,
)
async def get_handovers(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        shown = await _shape(session, await handovers.list_handovers(session, actor))
    return HandoverList(items=shown).response()


@operation(
    "Accept what a colleague hands over: from now on it is yours.",
    action=Action.HAND_OVER,
    returns=HandoverRead,
    errors=(404, 409),
    also=(Action.CONSULT_MOVE,),
)
async def post_acceptance(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        made = await handovers.accept(
            session, backends.jobs, request.path_params["handover_id"], actor=actor
        )
        (shown,) = await _shape(session, [made])
    return shown.response()


@operation(
    "Decline what a colleague hands over: it stays with them.",
    action=Action.HAND_OVER,
    returns=HandoverRead,
    errors=(404, 409),
)
async def post_refusal(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        made = await handovers.decline(session, request.path_params["handover_id"], actor=actor)
        (shown,) = await _shape(session, [made])
    return shown.response()


async def _shape(session: AsyncSession, rows: list[Handover]) -> list[HandoverRead]:
    ids = {user_id for row in rows for user_id in (row.from_id, row.to_id)}
    found = await session.exec(select(User).where(col(User.id).in_(ids)))
    people = {user.id: Person.of(user) for user in found.all()}
    return [
        HandoverRead(
            **row.model_dump(include=set(HandoverRead.model_fields)),
            from_person=people[row.from_id],
            to_person=people[row.to_id],
            with_shift=row.shift_id is not None,
            weight=await handovers.weight_of(session, row),
        )
        for row in rows
    ]


routes = [
    Route("/api/services/{service_id:uuid}/handovers", post_handover, methods=["POST"]),
    Route("/api/handovers", get_handovers),
    Route("/api/handovers/{handover_id:uuid}/acceptance", post_acceptance, methods=["POST"]),
    Route("/api/handovers/{handover_id:uuid}/refusal", post_refusal, methods=["POST"]),
]
