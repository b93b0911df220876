"""Services: what each promises, who is on duty when, where nobody is."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import read_json, read_query
from api.openapi import operation
from api.services.shapes import (
    GapRead,
    RosterQuery,
    RosterRead,
    ServiceList,
    ServicePut,
    ServiceRead,
    ShiftPost,
    ShiftRead,
    TeamList,
)
from api.shapes import Person
from api.state import ConsultRequest
from consult import services
from consult.access import Action
from consult.models import Service, Shift, User, now
from consult.services import ShiftWish


@operation(
    "List the services, what each promises and where to ring.",
    action=Action.SERVICE_READ,
    returns=ServiceList,
)
async def get_services(request: ConsultRequest) -> Response:
    await actor_of(request)
    backends = request.state["backends"]
    async with backends.database.reads() as session:
        rows = await services.list_services(session)
    items = [ServiceRead.of(row, backends.settings) for row in rows]
    return ServiceList(items=items).response()


@operation(
    "Found a service.",
    action=Action.SERVICE_CHANGE,
    takes=ServicePut,
    returns=ServiceRead,
    status=201,
    errors=(404, 409, 422),
)
async def post_service(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, ServicePut)
    async with backends.database.writes.begin() as session:
        service = await services.add_service(session, wish.wish(), actor=actor)
    return ServiceRead.of(service, backends.settings).response(201)


@operation(
    "Change what a service promises. It holds for what is sent from now on.",
    action=Action.SERVICE_CHANGE,
    takes=ServicePut,
    returns=ServiceRead,
    errors=(404, 409, 422),
)
async def put_service(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, ServicePut)
    async with backends.database.writes.begin() as session:
        service = await _service(request, session)
        await services.change_service(session, service, wish.wish(), actor=actor)
    return ServiceRead.of(service, backends.settings).response()


@operation(
    "Read who is on duty, now and in the days to come, and where there is a gap.",
    action=Action.ROSTER_READ,
    query=RosterQuery,
    returns=RosterRead,
    errors=(404, 422),
)
async def get_roster(request: ConsultRequest) -> Response:
    await actor_of(request)
    query, since = read_query(request, RosterQuery), now()
    until = since + timedelta(days=query.days)
    async with request.state["backends"].database.reads() as session:
        service = await _service(request, session)
        shifts = await services.list_shifts(session, service, since=since, until=until)
        gaps = await services.gaps_of(session, service, since=since, until=until)
        duty = await services.on_duty(session, service, since)
        people = await _people(session, {shift.user_id for shift in shifts})
    roster = RosterRead(
        on_duty={rung: people[user_id] for rung, user_id in duty.items()},
        shifts=[_shape(shift, service, people) for shift in shifts],
        gaps=[GapRead(rung=gap.rung, starts_at=gap.starts_at, ends_at=gap.ends_at) for gap in gaps],
    )
    return roster.response()


@operation(
    "List who may be on duty for it, and whom duty may be handed to.",
    action=Action.ROSTER_READ,
    returns=TeamList,
    errors=(404,),
)
async def get_team(request: ConsultRequest) -> Response:
    await actor_of(request)
    async with request.state["backends"].database.reads() as session:
        await _service(request, session)
        team = await services.list_team(session)
    return TeamList(items=[Person.of(user) for user in team]).response()


@operation(
    "Put somebody on duty.",
    action=Action.ROSTER_CHANGE,
    takes=ShiftPost,
    returns=ShiftRead,
    status=201,
    errors=(404, 422),
)
async def post_shift(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, ShiftPost)
    async with backends.database.writes.begin() as session:
        service = await _service(request, session)
        shift = await services.add_shift(
            session, service, ShiftWish(**wish.model_dump()), actor=actor
        )
        people = await _people(session, {shift.user_id})
    return _shape(shift, service, people).response(201)


@operation("Take a shift off the roster.", action=Action.ROSTER_CHANGE, status=204, errors=(404,))
async def delete_shift(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        service = await _service(request, session)
        shift_id = request.path_params["shift_id"]
        await services.cancel_shift(session, service, shift_id, actor=actor)
    return Response(status_code=204)


async def _service(request: ConsultRequest, session: AsyncSession) -> Service:
    return await services.get_service(session, request.path_params["service_id"])


async def _people(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Person]:
    found = await session.exec(select(User).where(col(User.id).in_(ids)))
    return {user.id: Person.of(user) for user in found.all()}


def _shape(shift: Shift, service: Service, people: dict[UUID, Person]) -> ShiftRead:
    zone = services.zone_of(service)
    return ShiftRead(
        id=shift.id,
        user=people[shift.user_id],
        rung=shift.rung,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        starts=shift.starts_at.astimezone(zone).isoformat(),
        ends=shift.ends_at.astimezone(zone).isoformat(),
    )


routes = [
    Route("/api/services", get_services),
    Route("/api/services", post_service, methods=["POST"]),
    Route("/api/services/{service_id:uuid}", put_service, methods=["PUT"]),
    Route("/api/services/{service_id:uuid}/roster", get_roster),
    Route("/api/services/{service_id:uuid}/team", get_team),
    Route("/api/services/{service_id:uuid}/shifts", post_shift, methods=["POST"]),
    Route(
        "/api/services/{service_id:uuid}/shifts/{shift_id:uuid}", delete_shift, methods=["DELETE"]
    ),
]
