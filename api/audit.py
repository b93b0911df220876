"""Who looked: to the patient in plain words, to an admin row by row, to other systems as FHIR."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Query, read_query
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import audit
from consult.access import Action, Relation, require
from consult.audit import fhir
from consult.config import Settings
from consult.consults import Look, disclosures_to_others, get_seat, readers_of
from consult.models import AuditRow


class AuditQuery(Query):
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 200
    actor: UUID | None = None
    patient: UUID | None = None
    consult: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    format: Literal["json", "fhir"] = "json"

    def filter(self) -> audit.Filter:
        return audit.Filter(self.actor, self.patient, self.consult, self.since, self.until)


class DisclosureQuery(Query):
    format: Literal["json", "csv"] | None = None
    """By default what the Accept header asks for."""


class ReaderRead(Shape):
    id: UUID | None
    name: str
    role: str


class LookRead(Shape):
    who: ReaderRead
    what: str
    times: int
    first_at: Time
    last_at: Time
    on_behalf_of: str | None
    purpose: str
    emergency: bool

    @classmethod
    def of(cls, look: Look) -> Self:
        return cls(
            who=ReaderRead(id=look.person_id, name=look.name, role=look.role),
            what=look.what,
            times=look.times,
            first_at=look.first_at,
            last_at=look.last_at,
            on_behalf_of=look.on_behalf_of,
            purpose=look.purpose,
            emergency=look.emergency,
        )


class PhotoReaders(Shape):
    photo_id: UUID
    looks: list[LookRead]


class Readers(Shape):
    consult: list[LookRead]
    photos: list[PhotoReaders]


class Disclosure(Shape):
    date: Time
    recipient: str
    role: str
    what: str
    purpose: str
    on_behalf_of: str | None
    emergency: bool
    consult_id: UUID | None
    photo_id: UUID | None

    @classmethod
    def of(cls, look: Look) -> Self:
        return cls(
            date=look.first_at,
            recipient=look.name,
            role=look.role,
            what=look.what,
            purpose=look.purpose,
            on_behalf_of=look.on_behalf_of,
            emergency=look.emergency,
            consult_id=look.consult_id,
            photo_id=look.photo_id,
        )


class Disclosures(Shape):
    items: list[Disclosure]


class AuditRowRead(Shape):
    seq: int
    at: str
    actor_id: str | None
    on_behalf_of: str | None
    role: str | None
    via: str | None
    via_id: str | None
    action: str
    object_id: str | None
    consult_id: str | None
    consult_ids: list[str]
    patient_id: str | None
    outcome: str
    rule: str | None
    purpose: str | None
    break_glass_id: str | None
    address: str | None
    request_id: str | None

    @classmethod
    def of(cls, row: AuditRow) -> Self:
        changed: dict[str, Any] = {
            "consult_ids": (row.consult_ids or "").split(),
            "outcome": row.outcome or "allowed",
        }
        return cls(**row.model_dump() | changed)


class AuditPage(Shape):
    items: list[AuditRowRead]
    next: int | None
    """Ask for what comes `after` this; null at the end."""


@operation(
    "See who looked at this consult and at each of its photos.",
    action=Action.READERS_READ,
    returns=Readers,
    errors=(403, 404),
)
async def get_readers(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id = request.path_params["consult_id"]
    async with backends.database.reads() as session:
        seat = await get_seat(session, actor, consult_id, Action.READERS_READ)
        looks = await readers_of(session, seat)
    await put_on_record(request, seat.actor, "readers.viewed", consult_id, **seat.about)
    return _by_photo(looks).response()


@operation(
    "Take along who was shown what about you, and when, back to six years ago (JSON or CSV).",
    action=Action.DISCLOSURES_EXPORT,
    query=DisclosureQuery,
    returns=Disclosures,
    errors=(403, 404, 422),
)
async def get_disclosures(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    decision = require(actor, Action.DISCLOSURES_EXPORT, relation=Relation.SUBJECT)
    query = read_query(request, DisclosureQuery)
    async with backends.database.reads() as session:
        looks = await disclosures_to_others(session, actor)
    await put_on_record(
        request, actor, "disclosures.exported", patient_id=actor.user_id, rule=decision.rule
    )
    items = [Disclosure.of(look) for look in looks]
    wants_csv = query.format == "csv" or "text/csv" in request.headers.get("accept", "")
    return _as_csv(items) if wants_csv and query.format != "json" else _as_json(items)


@operation(
    "Read the audit trail, oldest first; with format=fhir as AuditEvents.",
    action=Action.AUDIT_READ,
    query=AuditQuery,
    returns=AuditPage,
    errors=(403, 404, 422),
)
async def get_audit(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    decision = require(actor, Action.AUDIT_READ)
    query = read_query(request, AuditQuery)
    async with backends.database.reads() as session:
        found = await audit.list_rows(
            session, query.filter(), after=query.after, limit=query.limit + 1
        )
    await put_on_record(request, actor, "audit.viewed", rule=decision.rule)
    rows, more = found[: query.limit], len(found) > query.limit
    if query.format == "fhir":
        return _as_fhir(request, rows, more=more)
    items = [AuditRowRead.of(row) for row in rows]
    return AuditPage(items=items, next=rows[-1].seq if more else None).response()


def _observer(settings: Settings) -> fhir.Observer:
    return fhir.Observer(settings.organisation, settings.origin)


def _by_photo(looks: Sequence[Look]) -> Readers:
    photos: dict[UUID, list[LookRead]] = {}
    for look in looks:
        if look.photo_id:
            photos.setdefault(look.photo_id, []).append(LookRead.of(look))
    return Readers(
        consult=[LookRead.of(look) for look in looks if look.photo_id is None],
        photos=[PhotoReaders(photo_id=photo_id, looks=seen) for photo_id, seen in photos.items()],
    )


def _as_json(items: list[Disclosure]) -> Response:
    return Disclosures(items=items).response()


def _as_csv(items: list[Disclosure]) -> Response:
    text = io.StringIO()
    names = list(Disclosure.model_fields)
    lines = csv.DictWriter(text, names)
    lines.writeheader()
    for item in items:
        plain = item.model_dump(mode="json")
        lines.writerow({name: _harmless(plain[name]) for name in names})
    headers = {"Content-Disposition": 'attachment; filename="disclosures.csv"'}
    return Response(text.getvalue(), headers=headers, media_type="text/csv")


def _harmless(value: object) -> object:
    """A name that a spreadsheet would take for a formula is shown, not run."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _as_fhir(request: ConsultRequest, rows: Sequence[AuditRow], *, more: bool) -> Response:
    made = fhir.bundle(rows, _observer(request.state["backends"].settings))
    if more:
        onward = request.url.include_query_params(after=rows[-1].seq)
        made["link"] = [{"relation": "next", "url": f"{onward.path}?{onward.query}"}]
    return Response(json.dumps(made), media_type="application/fhir+json")


routes = [
    Route("/api/consults/{consult_id:uuid}/readers", get_readers),
    Route("/api/me/disclosures", get_disclosures),
    Route("/api/audit", get_audit),
]
