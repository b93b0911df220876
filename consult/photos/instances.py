"""What becomes of a photo in a consult: the DICOM instance around it, and its row."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.bootstrap import Backends
from consult.clinical.body_sites import BodySite, Laterality, Site, View, find_site, label
from consult.config import Settings
from consult.consults import Seat, announce, carry_on, join
from consult.imaging import dicom
from consult.imaging.certificate import certificate_json, summary
from consult.imaging.photo import ScrubbedPhoto
from consult.models import Photo, Preview, User, private


@dataclass(frozen=True)
class Facts:
    """What the sender says about the photo; none of it is read from the file."""

    body_site: BodySite | None = None
    laterality: Laterality | None = None
    view: View | None = None
    note: str = ""

    @classmethod
    def of(cls, photo: Photo) -> Self:
        return cls(
            body_site=BodySite(photo.body_site) if photo.body_site else None,
            laterality=Laterality(photo.laterality) if photo.laterality else None,
            view=View(photo.view) if photo.view else None,
            note=photo.note,
        )

    @property
    def site(self) -> Site | None:
        return find_site(self.body_site, self.laterality, self.view)


class Series(NamedTuple):
    uid: str
    photos: int
    started_at: datetime


@dataclass(frozen=True)
class Place:
    """Where in which consult a photo would go. Only `place_for` makes one."""

    seat: Seat
    photo_id: UUID
    known: Photo | None
    """The photo that already has this id."""
    patient: User | None
    series: tuple[Series, ...]
    """What the consult has so far, oldest first."""


async def place_for(
    session: AsyncSession, seat: Seat, photo_id: UUID, *, known: Photo | None
) -> Place:
    consult = seat.consult
    patient = await session.get(User, consult.patient_id) if consult.patient_id else None
    started_at = func.min(Photo.created_at)
    query = (
        select(Photo.series_instance_uid, func.count(), started_at)
        .where(Photo.consult_id == consult.id)
        .group_by(col(Photo.series_instance_uid))
        .order_by(started_at)
    )
    series = tuple(Series(*row) for row in (await session.exec(query)).all())
    return Place(seat, photo_id, known, patient, series)


def context_of(
    place: Place,
    facts: Facts,
    scrubbed: ScrubbedPhoto,
    *,
    received_at: datetime,
    settings: Settings,
    created_at: datetime | None = None,
    source: dicom.SourceImage | None = None,
) -> dicom.InstanceContext:
    """The data set beside the photo itself. `received_at`: when the photo came from its sender.

    `created_at` and `source` are for a photo that was made from an earlier one.
    """
    consult, site = place.seat.consult, facts.site
    sop_class = dicom.sop_class_for(scrubbed, settings.sop_class)
    series_uid = dicom.series_uid(consult.id, site.key if site else "")
    number, series = _series_of(place, series_uid, received_at)
    place_name = label(facts.body_site, facts.laterality, facts.view) if facts.body_site else ""
    return dicom.InstanceContext(
        sop_instance_uid=dicom.instance_uid(place.photo_id, sop_class=sop_class),
        study_instance_uid=consult.study_instance_uid,
        series_instance_uid=series_uid,
        series_number=number,
        # Order of arrival. Two photos in the same instant may share a number; their UIDs differ.
        instance_number=series.photos + 1,
        study_id=consult.id.hex[:16],
        received_at=received_at,
        created_at=created_at,
        study_started_at=consult.created_at,
        series_started_at=series.started_at,
        # Nobody known yet: a temporary id of our own, one per consult.
        patient_id=(place.patient.id if place.patient else consult.id).hex,
        issuer_of_patient_id=settings.organisation,
        patient_name=place.patient.name if place.patient else "",
        study_description=consult.kind.value.replace("_", " ").capitalize(),
        series_description=place_name,
        institution_name=settings.organisation,
        site=site,
        source=source,
        sop_class=sop_class,
    )


def _series_of(place: Place, uid: str, now: datetime) -> tuple[int, Series]:
    """The number of a series in its study, and the series itself; a new one comes last."""
    for number, series in enumerate(place.series, start=1):
        if series.uid == uid:
            return number, series
    return len(place.series) + 1, Series(uid, 0, now)


@dataclass(frozen=True)
class Made:
    """A photo on its way into the record: scrubbed, wrapped, not yet a row."""

    scrubbed: ScrubbedPhoto
    context: dicom.InstanceContext
    instance: dicom.Instance


def row_of(
    made: Made,
    place: Place,
    facts: Facts,
    *,
    storage_key: str,
    created_by: UUID,
    on_behalf_of: UUID | None,
) -> Photo:
    scrubbed, context, instance = made.scrubbed, made.context, made.instance
    certificate, subject = scrubbed.certificate, place.seat.consult.subject_id
    return Photo(
        id=place.photo_id,
        consult_id=place.seat.consult.id,
        created_by=created_by,
        on_behalf_of=on_behalf_of,
        created_at=context.received_at,
        sop_instance_uid=context.sop_instance_uid,
        series_instance_uid=context.series_instance_uid,
        study_instance_uid=context.study_instance_uid,
        instance_number=context.instance_number,
        subject_id=subject,
        storage_key=storage_key,
        size=instance.size,
        jpeg_offset=instance.jpeg_offset,
        jpeg_length=instance.jpeg_length,
        sha256=certificate.sha256_after,
        sha256_before=certificate.sha256_before,
        width=scrubbed.width,
        height=scrubbed.height,
        source_format=scrubbed.source_format,
        captured_at=scrubbed.captured_at.isoformat() if scrubbed.captured_at else None,
        captured_offset=scrubbed.captured_offset,
        device_make=private(scrubbed.device_make, subject),
        device_model=private(scrubbed.device_model, subject),
        lossless=scrubbed.lossless,
        orientation_applied=scrubbed.orientation_applied,
        orientation_uncertain=scrubbed.orientation_uncertain,
        quality=asdict(scrubbed.quality),
        certificate=private(certificate_json(certificate), subject),
        scrub_summary=private(summary(certificate), subject),
        body_site=facts.body_site,
        laterality=facts.laterality,
        view=facts.view,
        note=private(facts.note, subject),
    )


async def keep(
    session: AsyncSession,
    backends: Backends,
    seat: Seat,
    photo: Photo,
    *,
    preview: bytes,
    deed: str,
) -> None:
    """Write the photo down in the caller's transaction, with all that follows from it."""
    seat.require(Action.PHOTO_ATTACH, Action.PHOTO_TURN, Action.OTHERS_PHOTO_TURN)
    session.add(photo)
    await session.flush()
    session.add(Preview(photo_id=photo.id, jpeg=private(preview, photo.subject_id)))
    await join(session, seat, openly=True)
    await carry_on(session, seat, answers=False)
    announce(session, seat.consult, "photo.attached", photo.id)
    await audit.record(session, seat.actor, deed, photo.id, **seat.about)
    await notifications.something_new(session, backends.jobs, seat.consult, by=seat.actor)
