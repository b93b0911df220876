"""What a patient agrees to: for one consult, or for everything."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action, Consent
from consult.consents import (
    Said,
    current,
    list_of_consult,
    list_of_patient,
    say_in_consult,
    say_of_patient,
)
from consult.consults import get_seat
from consult.models import TEXT_VERSION, Capacity, ConsentMethod, ConsentRow, Purpose, User
from consult.patients import get_patient


class ConsentPost(Body):
    purpose: Purpose
    given: bool
    """False: refused, or taken back."""
    method: ConsentMethod
    text_version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,32}$")] = TEXT_VERSION
    """Of the words that the person was shown or read."""

    def said(self) -> Said:
        return Said(self.purpose, self.given, self.method, self.text_version)

    @property
    def action(self) -> Action:
        return Action.CONSENT_GIVE if self.given else Action.CONSENT_WITHDRAW


class ConsentRead(Shape):
    consult_id: UUID | None
    purpose: Purpose
    given: bool
    capacity: Capacity
    method: ConsentMethod
    text_version: str
    given_by: Person
    at: Time


class ConsentHistory(Shape):
    current: dict[Purpose, Consent]
    items: list[ConsentRead]
    """Newest first. The newest of a purpose counts."""


@operation(
    "Read what the patient agreed to, for everything and for each consult that you may read.",
    action=Action.CONSENT_READ,
    returns=ConsentHistory,
    errors=(403, 404),
)
async def get_patient_consents(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    patient_id = request.path_params["patient_id"]
    async with backends.database.reads() as session:
        seat = await get_patient(session, actor, patient_id, Action.CONSENT_READ)
        rows = await list_of_patient(session, seat)
        items = await _shape(session, rows)
    await put_on_record(request, seat.actor, "consents.viewed", patient_id, **seat.about)
    of_everything = [row for row in rows if row.consult_id is None]
    return ConsentHistory(current=current(of_everything), items=items).response()


@operation(
    "Write down what the patient says of everything: agreed to, refused, taken back.",
    action=Action.CONSENT_GIVE,
    takes=ConsentPost,
    returns=ConsentRead,
    status=201,
    errors=(400, 403, 404, 409, 422),
    instead=(Action.CONSENT_WITHDRAW,),
)
async def post_patient_consent(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, patient_id = await read_json(request, ConsentPost), request.path_params["patient_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_patient(session, actor, patient_id, wish.action)
        row = await say_of_patient(session, seat, wish.said())
        (shown,) = await _shape(session, [row])
    return shown.response(201)


@operation(
    "Read what the patient agreed to, as it bears on one consult.",
    action=Action.CONSENT_READ,
    returns=ConsentHistory,
    errors=(403, 404),
)
async def get_consult_consents(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id = request.path_params["consult_id"]
    async with backends.database.reads() as session:
        seat = await get_seat(session, actor, consult_id, Action.CONSENT_READ)
        rows = await list_of_consult(session, seat)
        items = await _shape(session, rows)
    await put_on_record(request, seat.actor, "consents.viewed", consult_id, **seat.about)
    return ConsentHistory(current=current(rows), items=items).response()


@operation(
    "Write down what the patient says of one consult: agreed to, refused, taken back.",
    action=Action.CONSENT_GIVE,
    takes=ConsentPost,
    returns=ConsentRead,
    status=201,
    errors=(400, 403, 404, 409, 422),
    instead=(Action.CONSENT_WITHDRAW,),
)
async def post_consult_consent(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, consult_id = await read_json(request, ConsentPost), request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, wish.action)
        row = await say_in_consult(session, backends.jobs, seat, wish.said())
        (shown,) = await _shape(session, [row])
    return shown.response(201)


async def _shape(session: AsyncSession, rows: list[ConsentRow]) -> list[ConsentRead]:
    named = {row.given_by for row in rows}
    people = {
        user.id: Person.of(user)
        for user in (await session.exec(select(User).where(col(User.id).in_(named)))).all()
    }
    return [
        ConsentRead(
            given_by=people[row.given_by],
            **row.model_dump(exclude={"seq", "patient_id", "given_by"}),
        )
        for row in rows
    ]


routes = [
    Route("/api/patients/{patient_id:uuid}/consents", get_patient_consents, methods=["GET"]),
    Route("/api/patients/{patient_id:uuid}/consents", post_patient_consent, methods=["POST"]),
    Route("/api/consults/{consult_id:uuid}/consents", get_consult_consents, methods=["GET"]),
    Route("/api/consults/{consult_id:uuid}/consents", post_consult_consent, methods=["POST"]),
]
