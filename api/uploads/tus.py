"""The words of tus 1.0: what a request says in its headers, and an answer in its own.

Core, creation, creation-with-upload, expiration, checksum and termination. Left out, each for a
reason: X-HTTP-Method-Override (a method in a header goes around whatever guards by method), and
Upload-Metadata in the answer to HEAD (a tablet or a link is never told what was said of a photo).
"""

import base64
import binascii
from collections.abc import AsyncGenerator
from datetime import datetime
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import too_large
from api.limits import left_over
from api.openapi import Header
from api.state import ConsultRequest
from consult.errors import InvalidRequest
from consult.uploads import ALGORITHMS, Checksum

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "expiration", "checksum", "termination")
PIECE = "application/offset+octet-stream"

_NUMBER = {"type": "integer", "minimum": 0}
RESUMABLE = Header(
    "Tus-Resumable",
    f"The version of tus; any other is 412. {VERSION}",
    {"type": "string", "enum": [VERSION]},
    required=True,
)
LENGTH = Header("Upload-Length", "Bytes of the whole photo.", _NUMBER, required=True)
METADATA = Header(
    "Upload-Metadata",
    "Pairs of a key and a value in base64, with commas between: photo_id (made by the phone) and "
    "consult_id; body_site, laterality, view and note as in the query of the plain PUT; request_id "
    "and number of an image that was asked for. By a link only photo_id and number. filename, "
    "filetype, name, type and relativePath are ignored.",
    required=True,
)
OFFSET = Header("Upload-Offset", "Where in the photo this begins.", _NUMBER, required=True)
CHECKSUM = Header(
    "Upload-Checksum",
    f"One of {', '.join(ALGORITHMS)}, a space, and the digest of this body in base64; "
    "460 when it is another, and then none of this body was kept.",
)
PREFER = Header(
    "Prefer",
    "return=representation: when these were the last bytes, be told of the photo what the plain "
    "PUT tells (RFC 7240), with 201 where it is new and 200 where it was there before.",
)

_BESIDES = frozenset({"filename", "filetype", "name", "type", "relativePath"})
_MOST_DIGITS = 15


class Speaks:
    """Says the version in every answer, refusals too. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self.app(scope, receive, saying)


def require_version(request: ConsultRequest) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise HTTPException(
            412, f"Send the header Tus-Resumable: {VERSION}.", {"Tus-Version": VERSION}
        )


def require_piece(request: ConsultRequest) -> None:
    if not brings_piece(request):
        raise HTTPException(415, f"Send the bytes with the content type {PIECE}.")


def brings_piece(request: ConsultRequest) -> bool:
    content_type = request.headers.get("content-type", "").partition(";")[0]
    return content_type.strip().lower() == PIECE


def length_of(request: ConsultRequest, *, limit: int) -> int:
    """Raises PhotoTooLarge, InvalidRequest: the length must be known when an upload begins."""
    length = _number(request, "Upload-Length")
    if length > limit:
        raise too_large(limit)
    return length


def offset_of(request: ConsultRequest) -> int:
    return _number(request, "Upload-Offset")


def body_length_of(request: ConsultRequest) -> int:
    """0 where it is not said beforehand."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() and len(announced) <= _MOST_DIGITS else 0


def checksum_of(request: ConsultRequest) -> Checksum | None:
    said = request.headers.get("upload-checksum")
    if said is None:
        return None
    algorithm, _, digest = said.strip().partition(" ")
    return Checksum(algorithm, _decoded(digest, "Upload-Checksum"))


def metadata_of(request: ConsultRequest) -> dict[str, str]:
    """What is said of the photo. What a client says of its file besides is left out."""
    words: dict[str, str] = {}
    for pair in filter(None, map(str.strip, request.headers.get("upload-metadata", "").split(","))):
        key, _, value = pair.partition(" ")
        if key in _BESIDES:
            continue
        if key in words:
            raise _unreadable("Upload-Metadata")
        words[key] = _text(_decoded(value, "Upload-Metadata"))
    return words


def wants_photo(request: ConsultRequest) -> bool:
    """Whether the sender prefers to be told of the photo: RFC 7240, 4.2."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    words = {each.partition(";")[0].replace(" ", "").lower() for each in preferences}
    return bool(words & {"return=representation", 'return="representation"'})


def progress(offset: int, expires_at: datetime) -> dict[str, str]:
    expires = format_datetime(expires_at, usegmt=True)
    return {"Upload-Offset": str(offset), "Upload-Expires": expires}


async def pieces_of(request: ConsultRequest) -> AsyncGenerator[bytes]:
    """The body as it arrives; also what had arrived of it when its sender was lost."""
    try:
        async for piece in request.stream():
            if piece:
                yield piece
    except ClientDisconnect:
        if rest := left_over(request):
            yield rest
        raise


def _number(request: ConsultRequest, name: str) -> int:
    said = request.headers.get(name, "")
    if not (said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS):
        raise InvalidRequest(f"Send the header {name}: a number of bytes.", code="invalid_header")
    return int(said)


def _decoded(value: str, name: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable(name) from None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _unreadable("Upload-Metadata") from None


def _unreadable(name: str) -> InvalidRequest:
    return InvalidRequest(f"The header {name} cannot be read.", code="invalid_header")
