"""A photo's way: from the bytes that a phone sent to a DICOM instance in a consult."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from anyio import to_thread
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.backends.storage import StoredFile
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, Site, View, find_site, label
from consult.consults import Seat, announce, get_seat, join
from consult.errors import Conflict, NotFound
from consult.imaging import dicom
from consult.imaging.certificate import certificate_json, summary
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from consult.models import Actor, Consult, Photo, Preview, User, now


@dataclass(frozen=True)
class Facts:
    """What the sender says about the photo; none of it is read from the file."""

    body_site: BodySite | None = None
    laterality: Laterality | None = None
    view: View | None = None
    note: str = ""

    @property
    def site(self) -> Site | None:
        return find_site(self.body_site, self.laterality, self.view)


@dataclass(frozen=True)
class Place:
    """Where in which consult a photo would go. Only `find_place` makes one."""

    seat: Seat
    photo_id: UUID
    known: Photo | None
    """The photo that already has this id in this consult."""
    patient: User | None
    series: tuple[tuple[str, datetime], ...]
    """(SeriesInstanceUID, time) of each photo so far, oldest first."""


async def find_place(
    session: AsyncSession, *, actor: Actor, consult_id: UUID, photo_id: UUID
) -> Place:
    """Look, before a byte of the body is read, whether the photo may come in.

    Raises NotFound, Forbidden, Conflict (consult closed; the id belongs to another photo).
    """
    seat = await get_seat(session, actor, consult_id)
    known = await session.get(Photo, photo_id)
    if known is None:
        seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH)
    elif known.consult_id != consult_id:
        raise _id_taken()
    consult = seat.consult
    patient = await session.get(User, consult.patient_id) if consult.patient_id else None
    query = (
        select(Photo.series_instance_uid, Photo.created_at)
        .where(Photo.consult_id == consult_id)
        .order_by(col(Photo.created_at))
    )
    series = tuple((uid, at) for uid, at in (await session.exec(query)).all())
    return Place(seat, photo_id, known, patient, series)


async def attach_photo(
    session: AsyncSession, backends: Backends, *, place: Place, upload: bytes, facts: Facts
) -> tuple[Photo, bool]:
    """Scrub, wrap and store `upload`, attach it to the consult, and queue the notice.

    The file is durable before its row exists: a file without a row is swept up later, a row
    without a file would be a hole in the record. The second value is False when this very
    photo was attached before. Raises InvalidPhoto, Conflict, NotFound, Forbidden.
    """
    if place.known:
        sha256 = await to_thread.run_sync(_sha256, upload)
        return _same_again(place.known, place, sha256), False

    received_at = now()
    scrubbed, instance = await to_thread.run_sync(
        _make_instance,
        upload,
        place,
        facts,
        received_at,
        backends,
        limiter=backends.image_threads,
    )
    file = await backends.storage.put(instance.data)

    # The write transaction begins here: nothing slow below this line.
    actor, consult_id = place.seat.actor, place.seat.consult.id
    if known := await session.get(Photo, place.photo_id):
        # The same PUT, twice at once. Our file has no row; the sweep takes it.
        return _same_again(known, place, scrubbed.certificate.sha256_before), False
    seat = await get_seat(session, actor, consult_id, Action.PHOTO_ATTACH)
    photo = _row(
        place,
        facts,
        scrubbed=scrubbed,
        instance=instance,
        file=file,
        received_at=received_at,
    )
    session.add(photo)
    await session.flush()
    session.add(Preview(photo_id=photo.id, jpeg=scrubbed.preview))
    seat.consult.photo_count += 1
    await join(session, seat, openly=True)
    announce(session, seat.consult, "photo.attached", photo.id)
    await audit.record(session, actor, "photo.attached", photo.id, consult_id=consult_id)
    await notifications.something_new(session, backends.jobs, seat.consult, by=actor)
    return photo, True


async def get_photo(
    session: AsyncSession, actor: Actor, photo_id: UUID, action: Action = Action.CONSULT_READ
) -> Photo:
    """The photo, if this actor may do `action` in its consult; else NotFound or Forbidden."""
    photo = await session.get(Photo, photo_id)
    if photo is None:
        raise NotFound
    await get_seat(session, actor, photo.consult_id, action)
    return photo


async def open_photo(session: AsyncSession, actor: Actor, photo_id: UUID, rendition: str) -> Photo:
    """The photo, to show it as `rendition`: the look is on record before a byte leaves."""
    photo = await get_photo(session, actor, photo_id, Action.IMAGE_READ)
    await audit.record(
        session, actor, f"photo.{rendition}.viewed", photo.id, consult_id=photo.consult_id
    )
    return photo


async def list_photos(session: AsyncSession, seat: Seat) -> list[Photo]:
    """Every photo of the consult, oldest first."""
    query = (
        select(Photo)
        .where(Photo.consult_id == seat.consult.id)
        .order_by(col(Photo.created_at), col(Photo.id))
    )
    return list((await session.exec(query)).all())


def _make_instance(
    upload: bytes, place: Place, facts: Facts, received_at: datetime, backends: Backends
) -> tuple[ScrubbedPhoto, dicom.Instance]:
    settings = backends.settings
    scrubbed = scrub(upload, max_pixels=settings.max_pixels, received_at=received_at)
    context = _context(place, facts, received_at, settings.organisation)
    return scrubbed, dicom.wrap(scrubbed, context)


def _context(
    place: Place, facts: Facts, received_at: datetime, organisation: str
) -> dicom.InstanceContext:
    consult, site = place.seat.consult, facts.site
    series_uid = _series_uid(consult, site)
    started = dict(reversed(place.series))  # first photo of each series wins
    numbers = list(dict.fromkeys([*(uid for uid, _ in place.series), series_uid]))
    place_name = label(facts.body_site, facts.laterality, facts.view) if facts.body_site else ""
    return dicom.InstanceContext(
        sop_instance_uid=dicom.instance_uid(place.photo_id),
        study_instance_uid=consult.study_instance_uid,
        series_instance_uid=series_uid,
        series_number=numbers.index(series_uid) + 1,
        instance_number=_instance_number(place, series_uid),
        study_id=consult.id.hex[:16],
        received_at=received_at,
        study_started_at=consult.created_at,
        series_started_at=started.get(series_uid, received_at),
        # Nobody known yet: a temporary id of our own, one per consult.
        patient_id=(place.patient.id if place.patient else consult.id).hex,
        issuer_of_patient_id=organisation,
        patient_name=place.patient.name if place.patient else "",
        study_description=consult.kind.value.replace("_", " ").capitalize(),
        series_description=place_name,
        institution_name=organisation,
        site=site,
    )


def _row(
    place: Place,
    facts: Facts,
    *,
    scrubbed: ScrubbedPhoto,
    instance: dicom.Instance,
    file: StoredFile,
    received_at: datetime,
) -> Photo:
    consult, certificate = place.seat.consult, scrubbed.certificate
    series_uid = _series_uid(consult, facts.site)
    return Photo(
        id=place.photo_id,
        consult_id=consult.id,
        created_by=place.seat.actor.user_id,
        created_at=received_at,
        sop_instance_uid=dicom.instance_uid(place.photo_id),
        series_instance_uid=series_uid,
        study_instance_uid=consult.study_instance_uid,
        instance_number=_instance_number(place, series_uid),
        storage_key=file.key,
        size=file.size,
        jpeg_offset=instance.jpeg_offset,
        jpeg_length=instance.jpeg_length,
        sha256=certificate.sha256_after,
        sha256_before=certificate.sha256_before,
        width=scrubbed.width,
        height=scrubbed.height,
        source_format=scrubbed.source_format,
        captured_at=scrubbed.captured_at.isoformat() if scrubbed.captured_at else None,
        captured_offset=scrubbed.captured_offset,
        device_make=scrubbed.device_make,
        device_model=scrubbed.device_model,
        lossless=scrubbed.lossless,
        orientation_applied=scrubbed.orientation_applied,
        orientation_uncertain=scrubbed.orientation_uncertain,
        quality=asdict(scrubbed.quality),
        certificate=certificate_json(certificate),
        scrub_summary=summary(certificate),
        body_site=facts.body_site,
        laterality=facts.laterality,
        view=facts.view,
        note=facts.note,
    )


def _series_uid(consult: Consult, site: Site | None) -> str:
    return dicom.series_uid(consult.id, site.key if site else "")


def _instance_number(place: Place, series_uid: str) -> int:
    # Order of arrival. Two photos in the same instant may share a number; their UIDs differ.
    return sum(uid == series_uid for uid, _ in place.series) + 1


def _same_again(known: Photo, place: Place, sha256_before: str) -> Photo:
    if (known.consult_id, known.sha256_before) != (place.seat.consult.id, sha256_before):
        raise _id_taken()
    return known


def _id_taken() -> Conflict:
    return Conflict("Another photo already has this id. Send it with a new id.", code="id_taken")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
