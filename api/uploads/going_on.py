"""What the handlers of uploads do: each step asks anew who may do it, and where it goes."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import Field, RootModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from api.auditing import recording
from api.auth import actor_of
from api.links import LinkPhotoReceipt, link_of
from api.photos import PhotoQuery, PhotoRead, PhotoReceipt, show_to
from api.state import ConsultRequest
from api.uploads import tus
from consult import uploads
from consult.backends.staging import Staged
from consult.errors import Damaged, InvalidPhoto, NotFound, PhotoTooLarge, WrongOffset
from consult.models import Actor, Link, LinkKind, Photo, Upload
from consult.photos import show_again
from consult.uploads import Destination, Wish


class UploadWords(PhotoQuery):
    """What Upload-Metadata says."""

    photo_id: UUID
    consult_id: UUID | None = None
    request_id: UUID | None = None
    number: Annotated[int, Field(ge=0, le=100)] | None = None

    def wish(self) -> Wish:
        return Wish(self.photo_id, self.consult_id, self.facts(), self.request_id, self.number)


class UploadDone(RootModel[PhotoRead | PhotoReceipt | LinkPhotoReceipt]):
    """What the plain PUT would have answered to the same sender."""

    def response(self, status: int) -> Response:
        return Response(self.model_dump_json(), status, media_type="application/json")


class Sender(NamedTuple):
    actor: Actor
    link: Link | None


class Begun(NamedTuple):
    """An upload, and where it goes, both seen for who asks."""

    upload: Upload
    destination: Destination


class Progress(NamedTuple):
    offset: int
    done: UploadDone | None = None
    """None: more is to come."""
    created: bool = False


async def sender_of(request: ConsultRequest) -> Sender:
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    if scheme.lower() == "link":
        return Sender(*await link_of(request, LinkKind.PHOTOS))
    return Sender(await actor_of(request), None)


async def begin(request: ConsultRequest, sender: Sender, wish: Wish, length: int) -> Begun:
    backends = request.state["backends"]
    async with backends.database.reads() as session:
        destination = await uploads.find_destination(session, *sender, wish)
        await uploads.require_welcome(session, backends, destination, length=length)
        begun = await uploads.find_begun(session, destination, length=length)
    if begun and (begun.finished_at or await _is_there(request, begun)):
        return Begun(begun, destination)
    upload = uploads.make_upload(destination, wish, length=length)
    await backends.staging.create(upload.id, subject=upload.subject_id)
    try:
        async with backends.database.writes.begin() as session:
            if begun:
                await uploads.drop_upload(session, begun.id)
            kept = await uploads.begin_upload(session, backends, destination, upload)
    except BaseException:
        await backends.staging.delete(upload.id)
        raise
    if kept is not upload:  # they began it twice at once
        await backends.staging.delete(upload.id)
    return Begun(kept, destination)


async def find(request: ConsultRequest, sender: Sender) -> Begun:
    upload_id = request.path_params["upload_id"]
    async with request.state["backends"].database.reads() as session:
        upload = await uploads.find_upload(session, sender.actor, upload_id)
        return Begun(upload, await uploads.find_destination(session, *sender, Wish.of(upload)))


async def append(request: ConsultRequest, sender: Sender, begun: Begun, *, offset: int) -> Progress:
    upload, checksum = begun.upload, tus.checksum_of(request)
    try:
        async with held(request, upload) as staged:
            if staged.offset != offset:
                raise WrongOffset(staged.offset)
            if offset + tus.body_length_of(request) > upload.length:
                raise PhotoTooLarge("More bytes than the upload is to have.", code="body_too_large")
            pieces = tus.pieces_of(request)
            last = await uploads.receive(staged, pieces, length=upload.length, checksum=checksum)
            if last is None:
                return Progress(staged.offset)
            content = await staged.read() + last
            progress = await _finish(request, sender, begun, content)
    except FileNotFoundError:  # it became a photo since we looked
        raise NotFound from None
    await request.state["backends"].staging.delete(upload.id)
    return progress


async def _finish(
    request: ConsultRequest, sender: Sender, begun: Begun, content: bytes
) -> Progress:
    backends, upload = request.state["backends"], begun.upload
    if len(content) != upload.length:
        raise Damaged
    # Seen anew: it may have taken an hour, or a day.
    async with backends.database.reads() as session:
        destination = await uploads.find_destination(session, *sender, Wish.of(upload))
    try:
        async with backends.database.writes.begin() as session:
            photo, created = await uploads.finish_upload(
                session, backends, destination, upload.id, content
            )
            done = await _shown(session, sender, photo)
    except InvalidPhoto:  # nothing can come of these bytes
        await _drop(request, upload)
        raise
    return Progress(upload.length, done, created)


async def again(request: ConsultRequest, sender: Sender, begun: Begun, *, offset: int) -> Progress:
    """The answer to somebody who did not hear it."""
    upload, place = begun.upload, begun.destination.place
    if offset != upload.length or place.known is None:
        raise WrongOffset(upload.length)
    if not tus.wants_photo(request):
        return Progress(offset)
    async with recording(request) as session:
        await show_again(session, place.seat, place.photo_id)
        return Progress(offset, await _shown(session, sender, place.known))


async def _shown(session: AsyncSession, sender: Sender, photo: Photo) -> UploadDone:
    if sender.link:
        return UploadDone(LinkPhotoReceipt.of(photo))
    return UploadDone(await show_to(session, sender.actor, photo))


async def arrived(request: ConsultRequest, upload: Upload) -> int:
    staging = request.state["backends"].staging
    try:
        return await staging.size(upload.id, subject=upload.subject_id)
    except FileNotFoundError:  # it became a photo since we looked, or its file was lost
        raise NotFound from None


async def _is_there(request: ConsultRequest, upload: Upload) -> bool:
    try:
        await arrived(request, upload)
    except (NotFound, Damaged):
        return False
    return True


def held(request: ConsultRequest, upload: Upload) -> AbstractAsyncContextManager[Staged]:
    return request.state["backends"].staging.hold(upload.id, subject=upload.subject_id)


async def give_up(request: ConsultRequest, begun: Begun) -> None:
    backends, upload_id = request.state["backends"], begun.upload.id
    async with backends.database.writes.begin() as session:
        await uploads.give_upload_up(session, begun.destination, upload_id)
    await backends.staging.delete(upload_id)


async def _drop(request: ConsultRequest, upload: Upload) -> None:
    """Forget it, then delete its bytes: cut off between the two, the sweep does the rest."""
    backends = request.state["backends"]
    async with backends.database.writes.begin() as session:
        await uploads.drop_upload(session, upload.id)
    await backends.staging.delete(upload.id)
