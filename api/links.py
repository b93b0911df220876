"""What the holder of a link may do: learn what it asks for, and send that. It reads nothing else.

The secret comes as `Authorization: Link ID.SECRET`. A browser sends that for nobody else's page,
so there is no token of the page; a session that may be there besides counts for nothing here.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, RootModel
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import adopt, refuse_other_pages, refuse_pages_from_elsewhere
from api.bodies import Body, Query, announced_size, read_bytes, read_json, read_query
from api.image_requests import WantedRead
from api.limits import address_of
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import image_requests, links, outcomes
from consult.access import Action
from consult.consults import get_seat
from consult.errors import Conflict, Forbidden, Gone, NotFound, NotSignedIn
from consult.models import (
    Actor,
    AdviceTaken,
    Healing,
    Language,
    Link,
    LinkKind,
    Photo,
    RejectionReason,
    RequestPurpose,
    Went,
)
from consult.photos import MOST_PREVIEW_BYTES, find_place, require_welcome, send_preview


class LinkOpening(Body):
    kind: LinkKind


class OutcomeAnswers(Body):
    went: Went
    healing: Healing
    advice_taken: AdviceTaken


class LinkPhotoQuery(Query):
    number: Annotated[int, Field(ge=0, le=100)] | None = None
    """Which of the wanted images it is."""


class AskedImages(Shape):
    """What to photograph, and by when: nothing that says of whom."""

    kind: Literal[LinkKind.PHOTOS] = LinkKind.PHOTOS
    purpose: RequestPurpose
    language: Language
    due_at: Time
    wanted: list[WantedRead]
    sent: list[int]
    """The numbers of those that have come."""
    rejected_for: RejectionReason | None
    """What was wrong with the photo that is to be taken again."""
    photos_left: int
    organisation: str
    emergency_number: str


class AskedOutcome(Shape):
    kind: Literal[LinkKind.OUTCOME] = LinkKind.OUTCOME
    answered: bool
    organisation: str
    emergency_number: str


class LinkOpened(RootModel[AskedImages | AskedOutcome]):
    pass


class LinkPhotoReceipt(Shape):
    """That a photo is here, and nothing else."""

    id: UUID
    state: Literal["received"] = "received"
    sha256_before: str
    """Of the bytes as they arrived: the sender may compare."""

    @classmethod
    def of(cls, photo: Photo) -> Self:
        return cls(id=photo.id, sha256_before=photo.sha256_before)


class LinkPreviewReceipt(Shape):
    id: UUID
    state: Literal["received"] = "received"


class OutcomeReceipt(Shape):
    state: Literal["received"] = "received"


@operation(
    "Learn what a link asks for. Opening it uses nothing up, however often.",
    action=Action.LINK_ANSWER,
    takes=LinkOpening,
    returns=LinkOpened,
    errors=(400, 403, 415, 422, 429),
)
async def post_opening(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body = await read_json(request, LinkOpening)
    actor, link = await link_of(request, body.kind)
    try:
        return await _opened(request, actor, link)
    except (NotFound, Forbidden, Gone, Conflict):
        raise links.link_refused() from None


@operation(
    "Send a photo by a link. Sending the same photo again changes nothing.",
    action=Action.PHOTO_ATTACH,
    takes="application/octet-stream",
    query=LinkPhotoQuery,
    returns=LinkPhotoReceipt,
    status=201,
    errors=(400, 403, 404, 409, 413, 415, 422, 429, 503, 507),
    also=(Action.LINK_ANSWER,),
)
async def put_photo_by_link(request: ConsultRequest) -> Response:
    actor, link = await link_of(request, LinkKind.PHOTOS)
    try:
        return await _received(request, actor, link)
    except (NotFound, Forbidden, Gone):
        raise links.link_refused() from None


@operation(
    "Send a small picture of a photo ahead of it, by a link.",
    action=Action.PHOTO_ATTACH,
    takes="application/octet-stream",
    query=LinkPhotoQuery,
    returns=LinkPreviewReceipt,
    status=201,
    errors=(400, 403, 404, 409, 413, 415, 422, 429, 503, 507),
    also=(Action.LINK_ANSWER,),
)
async def put_preview_by_link(request: ConsultRequest) -> Response:
    actor, link = await link_of(request, LinkKind.PHOTOS)
    try:
        return await _previewed(request, actor, link)
    except (NotFound, Forbidden, Gone):
        raise links.link_refused() from None


@operation(
    "Say by a link what became of the patient, once.",
    action=Action.LINK_ANSWER,
    takes=OutcomeAnswers,
    returns=OutcomeReceipt,
    status=201,
    errors=(400, 403, 409, 415, 422),
)
async def post_outcome(request: ConsultRequest) -> Response:
    actor, link = await link_of(request, LinkKind.OUTCOME)
    body, backends = await read_json(request, OutcomeAnswers), request.state["backends"]
    answers = outcomes.Answers(body.went, body.healing, body.advice_taken)
    try:
        async with backends.database.writes.begin() as session:
            seat = await get_seat(session, actor, link.consult_id, Action.LINK_ANSWER)
            await outcomes.answer_outcome(session, backends.jobs, seat, link, answers)
    except (NotFound, Forbidden, Gone):
        raise links.link_refused() from None
    return OutcomeReceipt().response(201)


async def link_of(request: ConsultRequest, kind: LinkKind) -> tuple[Actor, Link]:
    """Who holds the link. A wrong secret is counted, and that is committed, before it is refused."""
    refuse_pages_from_elsewhere(request)
    presented, database = _presented(request), request.state["backends"].database
    try:
        async with database.reads() as session:
            actor, link = await links.actor_from_link(session, presented, kind)
    except NotSignedIn:
        request.state["limits"].sign_ins.admit(address_of(request))
        async with database.writes.begin() as session:
            await links.count_wrong_try(session, presented)
        raise
    return adopt(request, actor), link


def _presented(request: ConsultRequest) -> str:
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "link":
        raise links.link_refused()
    return presented.strip()


async def _opened(request: ConsultRequest, actor: Actor, link: Link) -> Response:
    settings = request.state["backends"].settings
    ours, number = settings.organisation, settings.emergency_number
    async with request.state["backends"].database.reads() as session:
        if link.kind is LinkKind.OUTCOME:
            seat = await get_seat(session, actor, link.consult_id, Action.LINK_ANSWER)
            shown = AskedOutcome(answered=link.uses > 0, organisation=ours, emergency_number=number)
        else:
            seat, asked = await image_requests.asked_by(session, actor, link)
            shown = AskedImages(
                purpose=asked.request.purpose,
                language=asked.request.language,
                due_at=asked.request.due_at,
                wanted=[WantedRead.model_validate(each) for each in asked.request.wanted],
                sent=sorted(asked.sent),
                rejected_for=asked.rejected_for,
                photos_left=link.most_uses - link.uses,
                organisation=ours,
                emergency_number=number,
            )
    await put_on_record(request, seat.actor, "link.opened", link.id, **seat.about)
    return shown.response()


async def _received(request: ConsultRequest, actor: Actor, link: Link) -> Response:
    backends, number = request.state["backends"], read_query(request, LinkPhotoQuery).number
    photo_id, consult_id = request.path_params["photo_id"], link.consult_id
    async with backends.database.reads() as session:
        _, asked = await image_requests.asked_by(session, actor, link, number=number)
        place = await find_place(session, actor=actor, consult_id=consult_id, photo_id=photo_id)
        await require_welcome(session, backends, place)
    if place.known is None:
        links.require_use(link)
    limit = backends.settings.max_upload_bytes
    # Held until the photo is in the record: that is how long its bytes are in memory.
    with request.state["limits"].uploads.reserve(announced_size(request, limit=limit)):
        upload = await read_bytes(request, limit=limit)
        async with backends.database.writes.begin() as session:
            photo, created = await image_requests.attach_answer(
                session, backends, place=place, answer=asked, upload=upload
            )
            if created:
                await links.use_link(session, link.id)
    return LinkPhotoReceipt.of(photo).response(201 if created else 200)


async def _previewed(request: ConsultRequest, actor: Actor, link: Link) -> Response:
    backends, number = request.state["backends"], read_query(request, LinkPhotoQuery).number
    photo_id, consult_id = request.path_params["photo_id"], link.consult_id
    async with backends.database.reads() as session:
        _, asked = await image_requests.asked_by(session, actor, link, number=number)
        place = await find_place(session, actor=actor, consult_id=consult_id, photo_id=photo_id)
    if place.known is None:
        links.require_use(link)
    limit = MOST_PREVIEW_BYTES
    with request.state["limits"].uploads.reserve(announced_size(request, limit=limit)):
        upload = await read_bytes(request, limit=limit)
        async with backends.database.writes.begin() as session:
            _, created = await send_preview(
                session, backends, place=place, upload=upload, facts=asked.facts
            )
    return LinkPreviewReceipt(id=photo_id).response(201 if created else 200)


routes = [
    Route("/api/link/opening", post_opening, methods=["POST"]),
    Route("/api/link/photos/{photo_id:uuid}", put_photo_by_link, methods=["PUT"]),
    Route("/api/link/photos/{photo_id:uuid}/preview", put_preview_by_link, methods=["PUT"]),
    Route("/api/link/outcome", post_outcome, methods=["POST"]),
]
