"""Photos looked over: what waits for that, the reviews, and the DICOM document of a rejection."""

from typing import Annotated
from uuid import UUID

from anyio import to_thread
from pydantic import AwareDatetime, Field, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import recording
from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.image_requests import ImageRequestMade, shape_made
from api.openapi import operation
from api.photos import PhotoRead, shape_photos
from api.security import picture_headers, refuse_other_viewers
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.consults import Seat, record_list
from consult.imaging import dicom
from consult.models import ConsultKind, PhotoVerdict, RejectionReason, Urgency
from consult.photos import get_photo, open_photo
from consult.reviews import Judgement, photos_to_review, rejection_of, review_photo


class PhotoReview(Body):
    """`id` is made by whoever reviews: sending this again reviews nothing twice."""

    id: UUID | None = None
    verdict: PhotoVerdict
    reason: RejectionReason | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] = ""
    """For clinicians; the sender is shown the reason."""
    retake_by: AwareDatetime | None = None
    """Ask whoever sent it for another one by then."""


class WorklistQuery(Query):
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ReviewRead(Shape):
    id: UUID
    photo_id: UUID
    verdict: PhotoVerdict
    reason: RejectionReason | None
    reviewed_by: UUID
    reviewed_at: Time
    retake: ImageRequestMade | None
    """What asks for another one, and the link to hand over where no mail goes."""


class WaitingConsult(Shape):
    id: UUID
    kind: ConsultKind
    urgency: Urgency


class Worklist(Shape):
    photos: list[PhotoRead]
    """Oldest first."""
    consults: list[WaitingConsult]
    """Of these photos."""


@operation(
    "List the photos that nobody has looked over yet, oldest first.",
    action=Action.WORK_LIST,
    query=WorklistQuery,
    returns=Worklist,
    errors=(403, 404, 422),
    also=(Action.PHOTO_REVIEW,),
)
async def get_worklist(request: ConsultRequest) -> Response:
    actor, query = await actor_of(request), read_query(request, WorklistQuery)
    async with request.state["backends"].database.reads() as session:
        seats, waiting = await photos_to_review(session, actor, limit=query.limit)
        photos = await shape_photos(session, waiting)
    async with recording(request) as session:
        await record_list(session, actor, seats)
    return Worklist(photos=photos, consults=[_shape_consult(seat) for seat in seats]).response()


@operation(
    "Accept a photo, or reject it for a reason and ask for another one.",
    action=Action.PHOTO_REVIEW,
    takes=PhotoReview,
    returns=ReviewRead,
    status=201,
    errors=(400, 403, 404, 409, 422),
    also=(Action.PHOTO_REVIEW,),
)
async def post_photo_review(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body, photo_id = await read_json(request, PhotoReview), request.path_params["photo_id"]
    judgement = Judgement(body.verdict, body.reason, body.note, body.retake_by, body.id)
    async with backends.database.writes.begin() as session:
        seen = await get_photo(session, actor, photo_id, Action.PHOTO_REVIEW)
        reviewed = await review_photo(session, backends, seen, judgement)
        asked = [reviewed.retake] if reviewed.retake else []
        retake = await shape_made(session, backends, asked) if asked else None
        shown = ReviewRead.model_validate(reviewed.review.model_dump() | {"retake": retake})
    return shown.response(201 if reviewed.created else 200)


@operation(
    "Download the DICOM document that says that a photo was rejected (Key Object Selection).",
    action=Action.IMAGE_READ,
    returns="application/dicom",
    errors=(403, 404),
)
async def get_rejection(request: ConsultRequest) -> Response:
    refuse_other_viewers(request, download=True)
    backends, actor = request.state["backends"], await actor_of(request)
    async with recording(request) as session:
        seen = await open_photo(session, actor, request.path_params["photo_id"], "rejection")
        rejection = await rejection_of(session, *seen)
    # Of the instance, only what stands before its pixels.
    head = await backends.storage.read(seen.photo.storage_key, subject=seen.photo.subject_id)
    document = await to_thread.run_sync(dicom.rejection_note, head, rejection)
    headers = picture_headers(len(document), 'attachment; filename="rejection.dcm"')
    return Response(document, headers=headers, media_type="application/dicom")


def _shape_consult(seat: Seat) -> WaitingConsult:
    consult = seat.consult
    return WaitingConsult(id=consult.id, kind=consult.kind, urgency=consult.urgency)


routes = [
    Route("/api/reviews", get_worklist, methods=["GET"]),
    Route("/api/photos/{photo_id:uuid}/review", post_photo_review, methods=["POST"]),
    Route("/api/photos/{photo_id:uuid}/rejection", get_rejection, methods=["GET"]),
]
