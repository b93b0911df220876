"""Open, list, read and close consults."""

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from api.auditing import recording
from api.auth import actor_of
from api.bodies import JSON_LIMIT, parse_json, read_bytes, read_json, read_query
from api.clock import PageRead
from api.consults.shapes import (
    ClosePost,
    ConfidentialPut,
    ConsultDetail,
    ConsultOpen,
    ConsultPage,
    ConsultPost,
    ConsultQuery,
    ConsultRead,
    ReadMarkPut,
    shape_consults,
    shape_guest,
    shown_to,
)
from api.openapi import operation
from api.photos import shape_coming, shape_photos
from api.shapes import Person
from api.state import ConsultRequest
from consult import audit
from consult.access import Action
from consult.break_glass import open_until
from consult.consults import (
    Cursor,
    Seat,
    close_consult,
    get_seat,
    guests_of,
    late_seats,
    list_seats,
    mark_read,
    note_seen,
    open_consult,
    pages_of,
    people_of,
    record_list,
    set_confidential,
    unreachable_of,
)
from consult.errors import InvalidFields
from consult.outcomes import outcome_told_at
from consult.photos import coming_in, photos_in


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
            service_id=wish.service_id,
            red_flags=wish.red_flags,
        )
        shown = await shown_to(session, seat, backends.settings)
    return shown.response(201 if created else 200)


@operation(
    "List the consults you may read, last changed first; or the overdue ones.",
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
        if query.late:
            seats = await late_seats(session, actor, limit=query.limit)
        else:
            seats = await list_seats(session, actor, after=after, limit=query.limit + 1)
        page = seats[: query.limit]
        items = await shape_consults(session, page, backends.settings)
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
        (shown,) = await shape_consults(session, [seat], backends.settings)
        people = [Person.of(user) for user in await people_of(session, seat)]
        guests = [shape_guest(guest) for guest in await guests_of(session, seat)]
        photos = await shape_photos(session, await photos_in(session, seat))
        coming = await shape_coming(session, await coming_in(session, seat))
        pages = [PageRead.of(page, seat) for page in await pages_of(session, seat)]
        outcome_at = await outcome_told_at(session, seat)
        unreachable = [Person.of(user) for user in await unreachable_of(session, seat)]
        emergency_until = await open_until(session, seat)
    async with recording(request) as session:
        await audit.record(session, seat.actor, "consult.viewed", seat.consult.id, **seat.about)
        await note_seen(session, seat)
    detail = ConsultDetail(
        **shown.model_dump(),
        last_event=seat.last_event,
        people=people,
        guests=guests,
        photos=photos,
        coming=coming,
        emergency_until=emergency_until,
        pages=pages,
        unreachable=unreachable,
        outcome_at=outcome_at,
    )
    return detail.response()


@operation(
    "Close a consult that was answered.",
    action=Action.CONSULT_CLOSE,
    takes=ClosePost,
    returns=ConsultRead,
    errors=(400, 403, 404, 409, 422),
)
async def post_close(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body = await read_bytes(request, limit=JSON_LIMIT)
    wish = parse_json(body, ClosePost) if body else ClosePost()
    async with backends.database.writes.begin() as session:
        seat = await get_seat(
            session, actor, request.path_params["consult_id"], Action.CONSULT_CLOSE
        )
        await close_consult(session, seat, code=wish.code, reason=wish.reason)
        (shown,) = await shape_consults(session, [seat], backends.settings)
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
        (shown,) = await shape_consults(session, [seat], backends.settings)
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
