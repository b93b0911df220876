"""Services: what each promises, who is on duty when, where nobody is."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, NaiveDatetime, StringConstraints
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.clock import telephone_of
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult import services
from consult.access import Action
from consult.clinical.workflow.service_levels import Level, Priority, Rung
from consult.config import Settings
from consult.models import Service, Shift, User, now
from consult.services import ServiceWish, ShiftWish

Minutes = Annotated[float, Field(ge=0, le=60 * 24 * 60)]
Wall = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = tuple[Wall, Wall] | None


class LevelPut(Body):
    """Minutes; what is left out is as the defaults have it."""

    acknowledge: Minutes | None = None
    reply: Minutes | None = None
    primary: Minutes | None = None
    backup: Minutes | None = None
    supervisor: Minutes | None = None
    working_hours: bool | None = None


class ServiceTexts(Body):
    emergency: Annotated[str, StringConstraints(max_length=500)] | None = None
    """`{number}` stands for the number."""
    nobody_on_duty: Annotated[str, StringConstraints(max_length=500)] | None = None
    waiting: Annotated[str, StringConstraints(max_length=500)] | None = None


class ServicePut(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"
    telephone: Annotated[str, StringConstraints(pattern=r"^([0-9+*#][0-9+*#() -]{1,39})?$")] = ""
    supervisor_id: UUID | None = None
    levels: dict[Priority, LevelPut] = Field(default_factory=dict[Priority, LevelPut])
    week: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    """Monday first, opening and closing time, null for shut; empty: Monday to Friday, all day."""
    holidays: Annotated[tuple[date, ...], Field(max_length=400)] = ()
    texts: ServiceTexts = ServiceTexts()
    asker_hours: Annotated[int, Field(ge=1, le=24 * 60)] = 72
    remind_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24
    """How long before images are due, and how often from then on, unless the request says."""
    link_grace_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 72
    """So long after images were due their link still takes them."""
    outcome_after_days: Annotated[int, Field(ge=1, le=366)] = 7
    """So long after the end somebody is asked what became of the patient."""
    outcome_within_days: Annotated[int, Field(ge=1, le=366)] = 30
    """So long that link takes the answer."""

    def wish(self) -> ServiceWish:
        levels = {
            priority.value: level.model_dump(exclude_none=True)
            for priority, level in self.levels.items()
        }
        return ServiceWish(
            name=self.name,
            time_zone=self.time_zone,
            telephone=self.telephone,
            supervisor_id=self.supervisor_id,
            levels=levels,
            week=[list(day) if day else None for day in self.week],
            holidays=[day.isoformat() for day in self.holidays],
            texts=self.texts.model_dump(exclude_none=True),
            asker_hours=self.asker_hours,
            remind_hours=self.remind_hours,
            link_grace_hours=self.link_grace_hours,
            outcome_after_days=self.outcome_after_days,
            outcome_within_days=self.outcome_within_days,
        )


class LevelRead(Shape):
    """Minutes."""

    acknowledge: float
    reply: float
    primary: float
    backup: float
    supervisor: float
    working_hours: bool

    @classmethod
    def of(cls, level: Level) -> "LevelRead":
        return cls(
            acknowledge=_minutes(level.acknowledge),
            reply=_minutes(level.reply),
            **{rung.value: _minutes(span) for rung, span in level.ladder.items()},
            working_hours=level.working_hours,
        )


class ServiceRead(Shape):
    id: UUID
    name: str
    time_zone: str
    telephone: str
    levels: dict[Priority, LevelRead]
    week: list[list[str] | None]
    holidays: list[str]
    texts: dict[str, str]
    asker_hours: int
    remind_hours: int
    link_grace_hours: int
    outcome_after_days: int
    outcome_within_days: int

    @classmethod
    def of(cls, service: Service, settings: Settings) -> "ServiceRead":
        levels = {one: LevelRead.of(services.level_of(service, one)) for one in Priority}
        plain = service.model_dump(include=set(cls.model_fields) - {"levels", "telephone"})
        return cls(**plain, levels=levels, telephone=telephone_of(service, settings))


class ServiceList(Shape):
    items: list[ServiceRead]


class ShiftPost(Body):
    """By the clocks of the service: no zone, no offset."""

    user_id: UUID
    rung: Rung
    starts: NaiveDatetime
    ends: NaiveDatetime


class RosterQuery(Query):
    days: Annotated[int, Field(ge=1, le=92)] = services.HORIZON.days


class ShiftRead(Shape):
    id: UUID
    user: Person
    rung: Rung
    starts_at: Time
    ends_at: Time
    starts: str
    """By the clocks of the service, with their offset."""
    ends: str


class GapRead(Shape):
    rung: Rung
    starts_at: Time
    ends_at: Time


class RosterRead(Shape):
    on_duty: dict[Rung, Person]
    shifts: list[ShiftRead]
    gaps: list[GapRead]
    """When nobody stands on a rung."""


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


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


routes = [
    Route("/api/services", get_services),
    Route("/api/services", post_service, methods=["POST"]),
    Route("/api/services/{service_id:uuid}", put_service, methods=["PUT"]),
    Route("/api/services/{service_id:uuid}/roster", get_roster),
    Route("/api/services/{service_id:uuid}/shifts", post_shift, methods=["POST"]),
    Route(
        "/api/services/{service_id:uuid}/shifts/{shift_id:uuid}", delete_shift, methods=["DELETE"]
    ),
]
