"""Open, list, read and close consults."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import recording
from api.auth import actor_of
from api.bodies import JSON_LIMIT, Body, Query, parse_json, read_bytes, read_json, read_query
from api.clock import ClockRead, EmergencyRead, OwnerRead, PageRead, ServiceBrief
from api.openapi import operation
from api.photos import PhotoRead, shape_photos
from api.shapes import PatientRead, Person, Shape, Time
from api.state import ConsultRequest
from consult import audit
from consult.access import Action, Consent, Relation
from consult.clinical.red_flags import RedFlag
from consult.clinical.workflow import states
from consult.clinical.workflow.service_levels import Priority
from consult.clinical.workflow.states import State
from consult.config import Settings
from consult.consults import (
    CloseReason,
    Cursor,
    Guest,
    Seat,
    close_consult,
    get_seat,
    guests_of,
    list_seats,
    mark_read,
    named_in,
    note_seen,
    open_consult,
    pages_of,
    people_of,
    possible_for,
    record_list,
    services_of,
    set_confidential,
    unreachable_of,
    unread_of,
)
from consult.errors import InvalidFields
from consult.models import (
    PRIORITY,
    Audience,
    ConsentMethod,
    ConsultKind,
    Role,
    Service,
    Urgency,
    User,
    now,
)
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
    service_id: UUID | None = None
    """Whose team it is for; left out, the service that every installation has."""
    red_flags: Annotated[tuple[RedFlag, ...], Field(max_length=20)] = ()
    """The patient's own answers that were yes. Any of them stops the consult: call first."""


Reason = Annotated[str, StringConstraints(max_length=2000)]


class ClosePost(Body):
    """Nothing at all: the question is answered, and the answer was read."""

    code: CloseReason = CloseReason.COMPLETE
    reason: Reason = ""


class ConfidentialPut(Body):
    confidential: bool


class ReadMarkPut(Body):
    seq: int


class ConsultQuery(Query):
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30


class GuestRead(Shape):
    user: Person
    asked_in_by: Person
    purpose: str
    expires_at: Time


class ConsultRead(Shape):
    id: UUID
    kind: ConsultKind
    urgency: Urgency
    state: State
    reason: str
    patient: PatientRead | None
    relation: Relation
    """What you are to it."""
    opened_by: Person
    claimed_by: Person | None
    """Who said, of what a tablet opened: that was me."""
    claimed_at: Time | None
    joined: bool
    confidential: bool
    """Kept from those who act for the patient."""
    consent: Consent
    """To care, as it is now."""
    priority: Priority
    service: ServiceBrief
    owner: OwnerRead | None
    """Who has to move next; null only at an end."""
    due_at: Time | None
    """By when they have to."""
    overdue: bool
    possible: list[states.Step]
    """The steps that you can take now."""
    clock: ClockRead
    emergency: EmergencyRead | None
    """Not null: this is no longer a consult. Call the number."""
    consent_overdue: bool
    """An emergency spoke for the patient, and nobody has asked them in 72 hours."""
    unread: int
    last_seq: int
    photo_count: int
    study_instance_uid: str
    created_at: Time
    updated_at: Time


class ConsultReceipt(Shape):
    """What a tablet is told of a consult that it opened: that it is here, and nothing else."""

    id: UUID
    state: Literal["received"] = "received"


class ConsultPost(RootModel[ConsultRead | ConsultReceipt]):
    """A tablet that nobody has signed in on gets the receipt."""


class ConsultDetail(ConsultRead):
    last_event: int
    """Follow the events after this number, and nothing is missed in between."""
    people: list[Person]
    guests: list[GuestRead]
    """Those of the people who were asked in for a while."""
    photos: list[PhotoRead]
    pages: list[PageRead]
    """The ladder: who was paged when, and who will be."""
    unreachable: list[Person]
    """Their mail address does not work."""


class ConsultPage(Shape):
    items: list[ConsultRead]
    next: str | None


@operation(
    "Open a consult. The same id again is the same consult.",
    action=Action.CONSULT_OPEN,
    takes=ConsultOpen,
    returns=ConsultPost,
    status=201,
    errors=(400, 403, 409, 422),
    also=(Action.CONSULT_READ,),
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
        shown = await _shown_to(session, seat, backends.settings)
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
        guests = [_shape_guest(guest) for guest in await guests_of(session, seat)]
        photos = await shape_photos(session, await photos_in(session, seat))
        pages = [PageRead.of(page, seat) for page in await pages_of(session, seat)]
        unreachable = [Person.of(user) for user in await unreachable_of(session, seat)]
    async with recording(request) as session:
        await audit.record(session, seat.actor, "consult.viewed", seat.consult.id, **seat.about)
        await note_seen(session, seat)
    detail = ConsultDetail(
        **shown.model_dump(),
        last_event=seat.last_event,
        people=people,
        guests=guests,
        photos=photos,
        pages=pages,
        unreachable=unreachable,
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


async def _shown_to(
    session: AsyncSession, seat: Seat, settings: Settings
) -> ConsultRead | ConsultReceipt:
    if seat.actor.role is Role.DEVICE:
        return ConsultReceipt(id=seat.consult.id)
    (shown,) = await shape_consults(session, [seat], settings)
    return shown


async def shape_consults(
    session: AsyncSession, seats: Sequence[Seat], settings: Settings
) -> list[ConsultRead]:
    unread, named = await unread_of(session, seats), await named_in(session, seats)
    services = await services_of(session, seats)
    return [
        _shape(
            seat, unread.get(seat.consult.id, 0), named, services[seat.consult.service_id], settings
        )
        for seat in seats
    ]


def _shape(
    seat: Seat, unread: int, named: Mapping[UUID, User], service: Service, settings: Settings
) -> ConsultRead:
    consult, clinicians = seat.consult, seat.view is Audience.CLINICIANS
    patient = named[consult.patient_id] if consult.patient_id else None
    return ConsultRead(
        id=consult.id,
        kind=consult.kind,
        urgency=consult.urgency,
        state=consult.state,
        reason=consult.reason,
        patient=PatientRead.of(patient) if patient else None,
        opened_by=Person.of(named[consult.opened_by]),
        claimed_by=Person.of(named[consult.claimed_by]) if consult.claimed_by else None,
        claimed_at=consult.claimed_at,
        relation=seat.relation,
        joined=seat.relation not in (Relation.NONE, Relation.INBOX),
        confidential=consult.confidential,
        consent=seat.consent,
        consent_overdue=clinicians and seat.consent_is_overdue(now()),
        priority=PRIORITY[consult.urgency],
        service=ServiceBrief.of(service, settings),
        owner=OwnerRead.of(seat, named),
        due_at=consult.due_at,
        overdue=consult.due_at is not None and consult.due_at < now(),
        possible=possible_for(seat),
        clock=ClockRead.of(consult, named),
        emergency=EmergencyRead.of(consult, service, settings),
        unread=unread,
        last_seq=seat.last_seq,
        photo_count=consult.photo_count,
        study_instance_uid=consult.study_instance_uid,
        created_at=consult.created_at,
        updated_at=seat.updated_at,
    )


def _shape_guest(guest: Guest) -> GuestRead:
    return GuestRead(
        user=Person.of(guest.user),
        asked_in_by=Person.of(guest.asked_in_by),
        purpose=guest.purpose,
        expires_at=guest.expires_at,
    )


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
