"""Who acts for a patient."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import PatientRead, Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.models import Proxy, ProxyBasis, User
from consult.patients import get_patient
from consult.proxies import (
    Birth,
    Wish,
    add_proxy,
    end_proxy,
    list_proxies,
    patients_for,
    set_birth,
)


class ProxyAdd(Body):
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    """Of an account that can sign in."""
    basis: ProxyBasis
    ends_at: AwareDatetime | None = None
    """For an adult's proxy; a child's ends on the birthday."""


class BirthPut(Body):
    born_on: date
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Where the patient lives, such as Europe/Lisbon: there the birthday begins."""


class ProxyRead(Shape):
    id: UUID
    proxy: Person
    basis: ProxyBasis
    valid_from: Time
    ends_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, proxy: Proxy, user: User) -> "ProxyRead":
        facts = proxy.model_dump(include={"id", "basis", "valid_from", "ends_at", "ended_at"})
        return cls(proxy=Person.of(user), **facts)


class ProxyList(Shape):
    items: list[ProxyRead]


class ActingFor(Shape):
    patient: PatientRead
    basis: ProxyBasis
    ends_at: Time | None


class ActingForList(Shape):
    items: list[ActingFor]


@operation(
    "List who acts for a patient, and who did.",
    action=Action.CONSENT_READ,
    returns=ProxyList,
    errors=(403, 404),
)
async def get_proxies(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    patient_id = request.path_params["patient_id"]
    async with backends.database.reads() as session:
        seat = await get_patient(session, actor, patient_id, Action.CONSENT_READ)
        found = await list_proxies(session, seat)
    await put_on_record(request, seat.actor, "proxies.viewed", patient_id, **seat.about)
    return ProxyList(items=[ProxyRead.of(proxy, user) for proxy, user in found]).response()


@operation(
    "Let somebody act for a patient.",
    action=Action.PROXY_ADD,
    takes=ProxyAdd,
    returns=ProxyRead,
    status=201,
    errors=(400, 403, 404, 409, 422),
)
async def post_proxy(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body, patient_id = await read_json(request, ProxyAdd), request.path_params["patient_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_patient(session, actor, patient_id, Action.PROXY_ADD)
        wish = Wish(email=body.email, basis=body.basis, ends_at=body.ends_at)
        proxy = await add_proxy(session, backends.settings, seat, wish)
        user = await session.get_one(User, proxy.proxy_id)
    return ProxyRead.of(proxy, user).response(201)


@operation(
    "End at once what somebody may do for a patient.",
    action=Action.PROXY_END,
    status=204,
    errors=(400, 403, 404),
)
async def delete_proxy(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    patient_id = request.path_params["patient_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_patient(session, actor, patient_id, Action.PROXY_END)
        await end_proxy(session, backends.jobs, seat, request.path_params["proxy_id"])
    return Response(status_code=204)


@operation(
    "Say when a patient was born and where they live: a parent's part ends with the birthday.",
    action=Action.PROXY_ADD,
    takes=BirthPut,
    status=204,
    errors=(400, 403, 404, 422),
)
async def put_birth(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body, patient_id = await read_json(request, BirthPut), request.path_params["patient_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_patient(session, actor, patient_id, Action.PROXY_ADD)
        await set_birth(session, backends.settings, seat, Birth(body.born_on, body.time_zone))
    return Response(status_code=204)


@operation("List whom you may act for.", action=Action.ACCOUNT_READ, returns=ActingForList)
async def get_my_patients(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        found = await patients_for(session, actor.user_id)
    items = [
        ActingFor(patient=PatientRead.of(user), basis=proxy.basis, ends_at=proxy.ends_at)
        for proxy, user in found
    ]
    return ActingForList(items=items).response()


routes = [
    Route("/api/patients/{patient_id:uuid}/proxies", get_proxies, methods=["GET"]),
    Route("/api/patients/{patient_id:uuid}/proxies", post_proxy, methods=["POST"]),
    Route(
        "/api/patients/{patient_id:uuid}/proxies/{proxy_id:uuid}",
        delete_proxy,
        methods=["DELETE"],
    ),
    Route("/api/patients/{patient_id:uuid}/birth", put_birth, methods=["PUT"]),
    Route("/api/me/patients", get_my_patients),
]
