"""Open, list, read and close consults."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record, recording
from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.consults.shapes import (
    ConsultDetail,
    ConsultPage,
    ConsultPost,
    ConsultRead,
    ConsultReceipt,
    shape_consults,
    shape_guest,
)
from api.openapi import operation
from api.photos import shape_photos
from api.shapes import Person
from api.state import ConsultRequest
from consult.access import Action
from consult.break_glass import open_until
from consult.consults import (
    Cursor,
    Seat,
    close_consult,
    get_seat,
    guests_of,
    list_seats,
    mark_read,
    open_consult,
    people_of,
    record_list,
    set_confidential,
)
from consult.errors import InvalidFields
from consult.models import ConsentMethod, ConsultKind, Role, Urgency
from consult.photos import photos_in


class ConsultOpen(Body):
    """`id` is made by the phone, so that sending this again opens nothing twice."""

    id: UUID | None = None
    kind: ConsultKind
    urgency: Urgency | None = None
    reason: Annotated[str, StringConstraints(max_length=4000)] = ""
    patient_id: UUID | None = None
    consent: Literal[ConsentMethod.VERBAL, ConsentMethod.SIGNATURE] | None = None
    """How the patient agreed to care, as a clinician says; without it an emergency speaks."""


class ConfidentialPut(Body):
    confidential: bool


class ReadMarkPut(Body):
    seq: int


class ConsultQuery(Query):
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30


@operation(
    "Open a consult. The same id again is the same consult.",
    action=Action.CONSULT_OPEN,
    takes=ConsultOpen,
    returns=ConsultPost,
    status=201,
    errors=(400, 403, 409, 422),
    also=(Action.CONSULT_READ, Action.PHOTO_ATTACH),
)
async def post_consult(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, ConsultOpen)
    async with backends.database.writes.begin() as session:
        seat, created = await open_consult(
            session,
            backends.jobs,
            actor=actor,
            kind=wish.kind,
            consult_id=wish.id,
            urgency=wish.urgency,
            reason=wish.reason,
            patient_id=wish.patient_id,
            consent=wish.consent,
        )
        shown = await _shown_to(session, seat)
    return shown.response(201 if created else 200)


@operation(
    "List the consults you may read, last changed first.",
    action=Action.CONSULT_LIST,
    query=ConsultQuery,
    returns=ConsultPage,
    errors=(422,),
    also=(Action.CONSULT_READ,),
)
async def get_consults(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    query = read_query(request, ConsultQuery)
    after = _read_cursor(query.cursor) if query.cursor else None
    async with backends.database.reads() as session:
        seats = await list_seats(session, actor, after=after, limit=query.limit + 1)
        page = seats[: query.limit]
        items = await shape_consults(session, page)
    async with recording(request) as session:
        await record_list(session, actor, page)
    more = len(seats) > query.limit
    return ConsultPage(items=items, next=_cursor(page[-1]) if more else None).response()


@operation(
    "Read one consult, with its people and photos.",
    action=Action.CONSULT_READ,
    returns=ConsultDetail,
    errors=(404,),
)
async def get_consult(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        seat = await get_seat(session, actor, request.path_params["consult_id"])
        (shown,) = await shape_consults(session, [seat])
        people = [Person.of(user) for user in await people_of(session, seat)]
        guests = [shape_guest(guest) for guest in await guests_of(session, seat)]
        photos = await shape_photos(session, await photos_in(session, seat))
        emergency_until = await open_until(session, seat)
    await put_on_record(request, seat.actor, "consult.viewed", seat.consult.id, **seat.about)
    detail = ConsultDetail(
        **shown.model_dump(),
        last_event=seat.last_event,
        people=people,
        guests=guests,
        photos=photos,
        emergency_until=emergency_until,
    )
    return detail.response()


@operation(
    "Close a consult.",
    action=Action.CONSULT_CLOSE,
    returns=ConsultRead,
    errors=(400, 403, 404, 409, 422),
)
async def post_close(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        seat = await get_seat(
            session, actor, request.path_params["consult_id"], Action.CONSULT_CLOSE
        )
        await close_consult(session, seat)
        (shown,) = await shape_consults(session, [seat])
    return shown.response()


@operation(
    "Keep a consult from those who act for the patient, or no longer.",
    action=Action.CONSULT_HIDE,
    takes=ConfidentialPut,
    returns=ConsultRead,
    errors=(400, 403, 404, 422),
)
async def post_confidential(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, consult_id = await read_json(request, ConfidentialPut), request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.CONSULT_HIDE)
        await set_confidential(session, seat, confidential=wish.confidential)
        (shown,) = await shape_consults(session, [seat])
    return shown.response()


@operation(
    "Remember how far you have read.",
    action=Action.CONSULT_READ,
    takes=ReadMarkPut,
    status=204,
    errors=(400, 404, 422),
)
async def put_read(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    mark = await read_json(request, ReadMarkPut)
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, request.path_params["consult_id"])
        await mark_read(session, seat, mark.seq)
    return Response(status_code=204)


async def _shown_to(session: AsyncSession, seat: Seat) -> ConsultRead | ConsultReceipt:
    if seat.actor.role is Role.DEVICE:
        return ConsultReceipt(id=seat.consult.id)
    (shown,) = await shape_consults(session, [seat])
    return shown


def _cursor(seat: Seat) -> str:
    text = f"{seat.updated_at.isoformat()} {seat.consult.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> Cursor:
    try:
        time, _, consult_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        # Of any zone but within the years that there are: to change it may overflow.
        moment = datetime.fromisoformat(time).astimezone(UTC)
        return Cursor(moment, UUID(consult_id))
    except (ValueError, OverflowError, binascii.Error):
        raise InvalidFields({"cursor": "Use the cursor of the page before, unchanged."}) from None


routes = [
    Route("/api/consults", post_consult, methods=["POST"]),
    Route("/api/consults", get_consults, methods=["GET"]),
    Route("/api/consults/{consult_id:uuid}", get_consult),
    Route("/api/consults/{consult_id:uuid}/close", post_close, methods=["POST"]),
    Route("/api/consults/{consult_id:uuid}/confidential", post_confidential, methods=["POST"]),
    Route("/api/consults/{consult_id:uuid}/read", put_read, methods=["PUT"]),
]
