"""Photos: a raw body in, a scrubbed JPEG, its DICOM instance and its certificate out."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.auditing import recording
from api.auth import actor_of
from api.bodies import Body, Query, announced_size, read_bytes, read_json, read_query
from api.downloads import while_allowed
from api.openapi import operation
from api.photos import early
from api.photos.query import PhotoQuery
from api.photos.shapes import (
    CertificateRead,
    PhotoPut,
    PhotoRead,
    PhotoReceipt,
    shape_photos,
)
from api.security import picture_headers, refuse_other_viewers
from api.state import ConsultRequest
from consult.access import Action
from consult.bootstrap import Backends
from consult.errors import Damaged
from consult.models import Actor, Photo, Purpose, Role
from consult.photos import (
    Seen,
    attach_photo,
    find_place,
    find_turn,
    open_photo,
    open_preview,
    record_damage,
    require_welcome,
    turn_photo,
)


class LookQuery(Query):
    purpose: Purpose = Purpose.CARE
    """What for. Teaching and research each need the patient's own consent."""


class PhotoTurn(Body):
    """`id` is made by the phone, for the new photo: sending this again turns nothing twice."""

    clockwise: Literal[90, 180, 270]
    id: UUID | None = None


@operation(
    "Attach a photo. Sending the same photo again changes nothing.",
    action=Action.PHOTO_ATTACH,
    takes="application/octet-stream",
    query=PhotoQuery,
    returns=PhotoPut,
    status=201,
    errors=(400, 403, 404, 409, 413, 415, 422, 429, 503, 507),
    also=(Action.CONSULT_READ,),
)
async def put_photo(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    facts = read_query(request, PhotoQuery).facts()
    async with backends.database.reads() as session:
        place = await find_place(session, actor=actor, **request.path_params)
        await require_welcome(session, backends, place)
    limit = backends.settings.max_upload_bytes
    # Held until the photo is in the record: that is how long its bytes are in memory.
    with request.state["limits"].uploads.reserve(announced_size(request, limit=limit)):
        upload = await read_bytes(request, limit=limit)
        async with backends.database.writes.begin() as session:
            photo, created = await attach_photo(
                session, backends, place=place, upload=upload, facts=facts
            )
            shown = await show_to(session, actor, photo)
    return shown.response(201 if created else 200)


@operation(
    "Turn a photo: a new one replaces it, and the old one stays. The same id again turns nothing.",
    action=Action.PHOTO_TURN,
    takes=PhotoTurn,
    returns=PhotoRead,
    status=201,
    errors=(400, 403, 404, 409, 422, 429, 507),
    instead=(Action.OTHERS_PHOTO_TURN,),
    also=(Action.CONSULT_READ,),
)
async def post_turn(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, photo_id = await read_json(request, PhotoTurn), request.path_params["photo_id"]
    new_id = wish.id or uuid4()
    async with backends.database.reads() as session:
        turn = await find_turn(
            session, actor=actor, photo_id=photo_id, clockwise=wish.clockwise, new_id=new_id
        )
    async with backends.database.writes.begin() as session:
        photo, created = await turn_photo(session, backends, turn=turn)
        (shown,) = await shape_photos(session, [photo])
    return shown.response(201 if created else 200)


@operation(
    "Read the facts of a photo.", action=Action.CONSULT_READ, returns=PhotoRead, errors=(404, 409)
)
async def get_photo_facts(request: ConsultRequest) -> Response:
    actor = await actor_of(request)
    async with recording(request) as session:
        photo_id = request.path_params["photo_id"]
        _, photo = await open_photo(session, actor, photo_id, "facts", action=Action.CONSULT_READ)
        (shown,) = await shape_photos(session, [photo])
    return shown.response()


@operation(
    "See the photo: the scrubbed JPEG, byte for byte.",
    action=Action.IMAGE_READ,
    query=LookQuery,
    returns="image/jpeg",
    errors=(403, 404, 409, 422),
    instead=(Action.IMAGE_READ_FOR_OTHERS,),
)
async def get_image(request: ConsultRequest) -> Response:
    seen = await _opened(request, "image")
    photo, start = seen.photo, seen.photo.jpeg_offset
    chunks = _chunks(request.state["backends"], seen, start, start + photo.jpeg_length)
    headers = picture_headers(photo.jpeg_length, 'inline; filename="photo.jpg"')
    return await _streamed(request, chunks, headers, media_type="image/jpeg")


@operation(
    "See the photo small, or the small picture that was sent ahead of it.",
    action=Action.IMAGE_READ,
    query=LookQuery,
    returns="image/jpeg",
    errors=(403, 404, 422),
    instead=(Action.IMAGE_READ_FOR_OTHERS,),
)
async def get_preview(request: ConsultRequest) -> Response:
    refuse_other_viewers(request)
    actor = await actor_of(request)
    purpose, photo_id = read_query(request, LookQuery).purpose, request.path_params["photo_id"]
    async with recording(request) as session:
        jpeg = await open_preview(session, actor, photo_id, purpose=purpose)
    headers = picture_headers(len(jpeg), 'inline; filename="preview.jpg"')
    return Response(jpeg, headers=headers, media_type="image/jpeg")


@operation(
    "Download the DICOM instance (Part 10).",
    action=Action.IMAGE_READ,
    query=LookQuery,
    returns="application/dicom",
    errors=(403, 404, 409, 422),
    instead=(Action.IMAGE_READ_FOR_OTHERS,),
)
async def get_dicom(request: ConsultRequest) -> Response:
    seen = await _opened(request, "dicom")
    chunks = _chunks(request.state["backends"], seen, 0, seen.photo.size)
    headers = picture_headers(seen.photo.size, 'attachment; filename="photo.dcm"')
    return await _streamed(request, chunks, headers, media_type="application/dicom")


@operation(
    "Read what was found, removed and kept.",
    action=Action.IMAGE_READ,
    returns=CertificateRead,
    errors=(403, 404, 409),
)
async def get_certificate(request: ConsultRequest) -> Response:
    refuse_other_viewers(request)
    actor = await actor_of(request)
    async with recording(request) as session:
        _, photo = await open_photo(session, actor, request.path_params["photo_id"], "certificate")
    return CertificateRead.model_validate(photo.certificate).response()


async def _streamed(
    request: ConsultRequest, chunks: AsyncGenerator[bytes], headers: dict[str, str], media_type: str
) -> Response:
    purpose = read_query(request, LookQuery).purpose
    shown = while_allowed(request, await _begun(chunks), purpose=purpose)
    return StreamingResponse(shown, headers=headers, media_type=media_type)


async def show_to(session: AsyncSession, actor: Actor, photo: Photo) -> PhotoRead | PhotoReceipt:
    """What the sender of a photo is told of it."""
    if actor.role is Role.DEVICE:
        return PhotoReceipt.model_validate(photo.model_dump())
    (shown,) = await shape_photos(session, [photo])
    return shown


async def _opened(request: ConsultRequest, rendition: str) -> Seen:
    """The look is committed to the audit trail before the first byte leaves."""
    refuse_other_viewers(request, download=rendition == "dicom")
    actor = await actor_of(request)
    purpose, photo_id = read_query(request, LookQuery).purpose, request.path_params["photo_id"]
    async with recording(request) as session:
        return await open_photo(session, actor, photo_id, rendition, purpose=purpose)


async def _chunks(backends: Backends, seen: Seen, start: int, end: int) -> AsyncGenerator[bytes]:
    """Yield bytes of the instance; that one was found damaged is on record as well."""
    photo = seen.photo
    chunks = backends.storage.chunks(photo.storage_key, start, end, subject=photo.subject_id)
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
    except Damaged:
        async with backends.database.writes.begin() as session:
            await record_damage(session, seen)
        raise


async def _begun(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Ask for the first chunk now, while a refusal can still be said with a status."""
    first = await anext(chunks, b"")

    async def again() -> AsyncGenerator[bytes]:
        async with aclosing(chunks):
            yield first
            async for chunk in chunks:
                yield chunk

    return again()


routes = [
    *early.routes,
    Route("/api/consults/{consult_id:uuid}/photos/{photo_id:uuid}", put_photo, methods=["PUT"]),
    Route("/api/photos/{photo_id:uuid}", get_photo_facts),
    Route("/api/photos/{photo_id:uuid}/turn", post_turn, methods=["POST"]),
    Route("/api/photos/{photo_id:uuid}/image", get_image),
    Route("/api/photos/{photo_id:uuid}/preview", get_preview),
    Route("/api/photos/{photo_id:uuid}/dicom", get_dicom),
    Route("/api/photos/{photo_id:uuid}/certificate", get_certificate),
]
