"""A photo that answers a request, from somebody who is signed in."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Query, announced_size, read_bytes, read_query
from api.openapi import operation
from api.photos import PhotoRead, shape_photos
from api.state import ConsultRequest
from consult.access import Action
from consult.image_requests import attach_answer, find_answer
from consult.photos import find_place, require_welcome


class AnswerQuery(Query):
    number: Annotated[int, Field(ge=0, le=100)] | None = None
    """Which of the wanted images it is."""


@operation(
    "Attach a photo that was asked for; of a retake, it takes the place of the rejected one.",
    action=Action.PHOTO_ATTACH,
    takes="application/octet-stream",
    query=AnswerQuery,
    returns=PhotoRead,
    status=201,
    errors=(400, 403, 404, 409, 413, 415, 422, 429, 503, 507),
    also=(Action.CONSULT_READ,),
)
async def put_requested_photo(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    paths, number = request.path_params, read_query(request, AnswerQuery).number
    async with backends.database.reads() as session:
        consult_id, photo_id = paths["consult_id"], paths["photo_id"]
        answer = await find_answer(session, actor, consult_id, paths["request_id"], number=number)
        place = await find_place(session, actor=actor, consult_id=consult_id, photo_id=photo_id)
        await require_welcome(session, backends, place)
    limit = backends.settings.max_upload_bytes
    # Held until the photo is in the record: that is how long its bytes are in memory.
    with request.state["limits"].uploads.reserve(announced_size(request, limit=limit)):
        upload = await read_bytes(request, limit=limit)
        async with backends.database.writes.begin() as session:
            photo, created = await attach_answer(
                session, backends, place=place, answer=answer, upload=upload
            )
            (shown,) = await shape_photos(session, [photo])
    return shown.response(201 if created else 200)


routes = [
    Route(
        "/api/consults/{consult_id:uuid}/requests/{request_id:uuid}/photos/{photo_id:uuid}",
        put_requested_photo,
        methods=["PUT"],
    )
]
