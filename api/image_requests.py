"""Images that staff ask somebody for, and what is overdue of it."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record, recording
from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.openapi import operation
from api.qr import qr_svg
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import image_requests
from consult.access import Action
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, View
from consult.consults import get_seat, record_list
from consult.image_requests import Wanted, Wish
from consult.links import address_of
from consult.models import Addressee, ImageRequest, Language, Link, RequestPurpose


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("this is no time zone of the IANA database")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class WantedImage(Body):
    body_site: BodySite | None = None
    laterality: Annotated[Laterality | None, BeforeValidator(lambda word: word or None)] = None
    view: View | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.body_site, self.laterality, self.view)


class ImageRequestMake(Body):
    """`id` is made by whoever asks, so that sending this again asks nobody twice."""

    id: UUID | None = None
    purpose: RequestPurpose
    wanted: Annotated[tuple[WantedImage, ...], Field(max_length=20)] = ()
    """Which images; empty for one of whatever it is about."""
    addressee: Addressee
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    """Where the link goes; without it, to the patient's own address or into the asker's hand."""
    language: Language = Language.ENGLISH
    due_at: AwareDatetime
    remind_hours: Annotated[int, Field(ge=1, le=24 * 14)] | None = None
    """Left out, as often as the service reminds."""
    every_days: Annotated[int, Field(ge=0, le=90)] = 0
    """Again every so many days, as dressings are changed."""
    times: Annotated[int, Field(ge=1, le=60)] = 1
    lead_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24
    """How long before it is due a repeated window begins."""
    time_zone: TimeZone = "UTC"
    """Of the patient: a window stays at its hour when the clocks change."""

    def wish(self) -> Wish:
        wanted = tuple(image.wanted() for image in self.wanted)
        rest = self.model_dump(exclude={"id", "wanted"})
        return Wish(request_id=self.id, wanted=wanted, **rest)


class LinkRenewal(Body):
    due_at: AwareDatetime | None = None


class OverdueQuery(Query):
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class WantedRead(Shape):
    body_site: str | None
    laterality: str | None
    view: str | None


class ImageRequestRead(Shape):
    id: UUID
    consult_id: UUID
    series_id: UUID
    """The same for every window of a request that repeats."""
    purpose: RequestPurpose
    wanted: list[WantedRead]
    addressee: Addressee
    email: str | None
    language: Language
    requested_by: UUID
    created_at: Time
    opens_at: Time
    due_at: Time
    mails: int
    """How many mails have gone out."""
    mail_at: Time | None
    """When the next one does."""
    link_expires_at: Time | None
    link_locked: bool
    """Too many wrong secrets were tried with it."""
    retake_of: UUID | None
    met_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, request: ImageRequest, link: Link | None) -> Self:
        return cls.model_validate(
            request.model_dump()
            | {
                "link_expires_at": link.expires_at if link else None,
                "link_locked": bool(link and link.ended_at and request.ended_at is None),
            }
        )


class ImageRequestList(Shape):
    items: list[ImageRequestRead]


class ImageRequestMade(Shape):
    items: list[ImageRequestRead]
    """One a window."""
    link: str | None
    """Of the window that has begun: to hand over where no mail goes."""
    qr: str | None
    """The same link for a phone to read: an SVG document."""


@operation(
    "Ask a patient or a colleague for images. The same id again asks nobody twice.",
    action=Action.REQUEST_MAKE,
    takes=ImageRequestMake,
    returns=ImageRequestMade,
    status=201,
    errors=(400, 403, 404, 409, 422),
    also=(Action.REQUEST_MAKE,),
)
async def post_request(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body, consult_id = await read_json(request, ImageRequestMake), request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.REQUEST_MAKE)
        made = await image_requests.ask_for_images(session, backends, seat, body.wish())
        shown = await shape_made(session, backends, made.requests)
    return shown.response(201 if made.created else 200)


@operation(
    "List what was asked for in a consult.",
    action=Action.CONSULT_READ,
    returns=ImageRequestList,
    errors=(404,),
)
async def get_requests(request: ConsultRequest) -> Response:
    actor, consult_id = await actor_of(request), request.path_params["consult_id"]
    async with request.state["backends"].database.reads() as session:
        seat = await get_seat(session, actor, consult_id)
        items = await _shape(session, await image_requests.requests_in(session, seat))
    await put_on_record(request, seat.actor, "requests.viewed", consult_id, **seat.about)
    return ImageRequestList(items=items).response()


@operation(
    "Take a request back, with every later window of it.",
    action=Action.REQUEST_MAKE,
    status=204,
    errors=(400, 403, 404, 409),
)
async def delete_request(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id, request_id = (request.path_params[name] for name in ("consult_id", "request_id"))
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.REQUEST_MAKE)
        await image_requests.cancel_request(session, seat, request_id)
    return Response(status_code=204)


@operation(
    "Give a new link, and a new time; the old link ends.",
    action=Action.REQUEST_MAKE,
    takes=LinkRenewal,
    returns=ImageRequestMade,
    status=201,
    errors=(400, 403, 404, 409, 422),
)
async def post_request_link(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body = await read_json(request, LinkRenewal)
    consult_id, request_id = (request.path_params[name] for name in ("consult_id", "request_id"))
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.REQUEST_MAKE)
        renewed = await image_requests.renew_link(
            session, backends, seat, request_id, due_at=body.due_at
        )
        shown = await shape_made(session, backends, [renewed])
    return shown.response(201)


@operation(
    "List what was due and has not come, longest overdue first.",
    action=Action.WORK_LIST,
    query=OverdueQuery,
    returns=ImageRequestList,
    errors=(403, 404, 422),
    also=(Action.REQUEST_MAKE,),
)
async def get_overdue(request: ConsultRequest) -> Response:
    actor, query = await actor_of(request), read_query(request, OverdueQuery)
    async with request.state["backends"].database.reads() as session:
        seats, overdue = await image_requests.overdue_requests(session, actor, limit=query.limit)
        items = await _shape(session, overdue)
    async with recording(request) as session:
        await record_list(session, actor, seats)
    return ImageRequestList(items=items).response()


async def shape_made(
    session: AsyncSession, backends: Backends, requests: Sequence[ImageRequest]
) -> ImageRequestMade:
    links = await image_requests.links_of(session, requests)
    begun = next((links[each.link_id] for each in requests if each.link_id), None)
    link = address_of(backends.settings, backends.secret, begun) if begun else None
    items = await _shape(session, requests)
    return ImageRequestMade(items=items, link=link, qr=qr_svg(link) if link else None)


async def _shape(session: AsyncSession, requests: Sequence[ImageRequest]) -> list[ImageRequestRead]:
    links = await image_requests.links_of(session, requests)
    return [
        ImageRequestRead.of(each, links[each.link_id] if each.link_id else None)
        for each in requests
    ]


_REQUESTS = "/api/consults/{consult_id:uuid}/requests"
routes = [
    Route(_REQUESTS, post_request, methods=["POST"]),
    Route(_REQUESTS, get_requests, methods=["GET"]),
    Route(_REQUESTS + "/{request_id:uuid}", delete_request, methods=["DELETE"]),
    Route(_REQUESTS + "/{request_id:uuid}/link", post_request_link, methods=["POST"]),
    Route("/api/requests/overdue", get_overdue, methods=["GET"]),
]
