"""Uploads that may break and go on: the last byte makes the photo, as a plain PUT would have."""

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import parse_words
from api.openapi import operation
from api.state import ConsultRequest
from api.uploads import tus
from api.uploads.going_on import (
    UploadDone,
    UploadWords,
    again,
    append,
    arrived,
    begin,
    find,
    give_up,
    held,
    sender_of,
)
from consult import uploads
from consult.access import Action

ON_THE_WAY = (400, 403, 404, 409, 412, 415, 422)
STORING = (413, 423, 429, 460, 503, 507)
INSTEAD, ALSO = (Action.CONSULT_READ,), (Action.LINK_ANSWER,)
GOING_ON = (
    "A connection may break at any byte: what had arrived is kept, and HEAD says where to go on. "
    "The last byte makes the photo, in the call and with the refusals of the plain PUT; the full "
    "offset is told only of an upload that is a photo. To everybody but the person, link or tablet "
    "that began it, an upload is not there. Whoever did not hear the last answer asks again: HEAD "
    "tells the full offset, and a PATCH there without bytes is answered as the last one was. "
    "A photo that is refused as one, and what expired, is deleted."
)


@operation(
    "Learn what of tus 1.0 is spoken here.",
    action=Action.OPERATE,
    status=204,
    description="Tus-Version, Tus-Extension, Tus-Checksum-Algorithm, and Tus-Max-Size in bytes.",
)
async def options_uploads(request: ConsultRequest) -> Response:
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": ",".join(tus.EXTENSIONS),
        "Tus-Checksum-Algorithm": ",".join(uploads.ALGORITHMS),
        "Tus-Max-Size": str(request.state["backends"].settings.max_upload_bytes),
    }
    return Response(status_code=204, headers=headers)


@operation(
    "Begin to send a photo in pieces. The same photo again goes on with the same upload.",
    action=Action.PHOTO_ATTACH,
    status=201,
    errors=(*ON_THE_WAY, *STORING),
    instead=INSTEAD,
    also=ALSO,
    headers=(tus.RESUMABLE, tus.LENGTH, tus.METADATA, tus.CHECKSUM),
    description="Location is where to send to, for 24 hours. A body of the type "
    f"{tus.PIECE} is the first piece. The quotas count the photo from now on. {GOING_ON}",
)
async def post_upload(request: ConsultRequest) -> Response:
    sender = await sender_of(request)
    tus.require_version(request)
    settings = request.state["backends"].settings
    length = tus.length_of(request, limit=settings.max_upload_bytes)
    wish = parse_words(tus.metadata_of(request), UploadWords).wish()
    begun = await begin(request, sender, wish, length)
    # With the origin, though a path would do: not every client can join the two.
    headers = {"Location": f"{settings.origin}/api/uploads/{begun.upload.id}"}
    if tus.brings_piece(request):
        progress = await append(request, sender, begun, offset=0)
        headers |= tus.progress(progress.offset, begun.upload.expires_at)
    return Response(status_code=201, headers=headers)


@operation(
    "Learn where an upload goes on.",
    action=Action.PHOTO_ATTACH,
    errors=ON_THE_WAY,
    instead=INSTEAD,
    also=ALSO,
    headers=(tus.RESUMABLE,),
    description="Upload-Offset, Upload-Length and Upload-Expires.",
)
async def head_upload(request: ConsultRequest) -> Response:
    sender = await sender_of(request)
    tus.require_version(request)
    upload, _ = await find(request, sender)
    offset = upload.length if upload.finished_at else await arrived(request, upload)
    headers = tus.progress(offset, upload.expires_at) | {"Upload-Length": str(upload.length)}
    return Response(headers=headers)


@operation(
    "Send the next bytes of a photo.",
    action=Action.PHOTO_ATTACH,
    takes=tus.PIECE,
    status=204,
    errors=(*ON_THE_WAY, *STORING),
    instead=INSTEAD,
    also=ALSO,
    headers=(tus.RESUMABLE, tus.OFFSET, tus.CHECKSUM, tus.PREFER),
    others={200: UploadDone, 201: UploadDone},
    description=GOING_ON,
)
async def patch_upload(request: ConsultRequest) -> Response:
    sender = await sender_of(request)
    tus.require_version(request)
    begun = await find(request, sender)
    tus.require_piece(request)
    offset = tus.offset_of(request)
    if begun.upload.finished_at:
        progress = await again(request, sender, begun, offset=offset)
    else:
        progress = await append(request, sender, begun, offset=offset)
    headers = tus.progress(progress.offset, begun.upload.expires_at)
    if progress.done is None or not tus.wants_photo(request):
        return Response(status_code=204, headers=headers)
    response = progress.done.response(201 if progress.created else 200)
    response.headers.update(headers | {"Preference-Applied": "return=representation"})
    return response


@operation(
    "Give an upload up. A photo that it has become stays.",
    action=Action.PHOTO_ATTACH,
    status=204,
    errors=(*ON_THE_WAY, 423),
    instead=INSTEAD,
    also=ALSO,
    headers=(tus.RESUMABLE,),
)
async def delete_upload(request: ConsultRequest) -> Response:
    sender = await sender_of(request)
    tus.require_version(request)
    begun = await find(request, sender)
    try:
        async with held(request, begun.upload):
            await give_up(request, begun)
    except FileNotFoundError:  # it has become a photo
        await give_up(request, begun)
    return Response(status_code=204)


_SPEAKS = [Middleware(tus.Speaks)]
_ONE = "/api/uploads/{upload_id:uuid}"

routes = [
    Route("/api/uploads", options_uploads, methods=["OPTIONS"]),
    Route("/api/uploads", post_upload, methods=["POST"], middleware=_SPEAKS),
    Route(_ONE, head_upload, methods=["HEAD"], middleware=_SPEAKS),
    Route(_ONE, patch_upload, methods=["PATCH"], middleware=_SPEAKS),
    Route(_ONE, delete_upload, methods=["DELETE"], middleware=_SPEAKS),
]
