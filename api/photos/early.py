"""The small picture that a phone sends ahead of the photo."""

from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import announced_size, read_bytes, read_query
from api.openapi import operation
from api.photos.query import PhotoQuery
from api.photos.shapes import PreviewReceipt
from api.state import ConsultRequest
from consult.access import Action
from consult.photos import MOST_PREVIEW_BYTES, find_place, send_preview


@operation(
    "Send a small picture of a photo ahead of it. Sending the same again changes nothing.",
    action=Action.PHOTO_ATTACH,
    takes="application/octet-stream",
    query=PhotoQuery,
    returns=PreviewReceipt,
    status=201,
    errors=(400, 403, 404, 409, 413, 415, 422, 429, 503, 507),
    also=(Action.CONSULT_READ,),
    description="It is scrubbed like the photo, and shown in its place (in `coming` of the consult, "
    "and by /preview of the photo) until the photo of this id has come, by PUT or by tus. Nothing "
    "else is made of it: until then /image, /dicom and the rest answer 409 original_missing. The "
    "events are photo.previewed and photo.attached.",
)
async def put_preview(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    facts, paths = read_query(request, PhotoQuery).facts(), request.path_params
    async with backends.database.reads() as session:
        place = await find_place(session, actor=actor, **paths)
    with request.state["limits"].uploads.reserve(announced_size(request, limit=MOST_PREVIEW_BYTES)):
        upload = await read_bytes(request, limit=MOST_PREVIEW_BYTES)
        async with backends.database.writes.begin() as session:
            early, created = await send_preview(
                session, backends, place=place, upload=upload, facts=facts
            )
    receipt = PreviewReceipt(
        id=paths["photo_id"],
        consult_id=paths["consult_id"],
        shown_as="preview" if early else "original",
    )
    return receipt.response(201 if created else 200)


routes = [
    Route(
        "/api/consults/{consult_id:uuid}/photos/{photo_id:uuid}/preview",
        put_preview,
        methods=["PUT"],
    )
]
