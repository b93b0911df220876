"""Photos as they are on the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from pydantic import RootModel
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.shapes import PatientRead, Person, Shape, Time
from consult.models import EarlyPreview, Photo, PhotoVerdict, RejectionReason, User


class QualityRead(Shape):
    sharpness: float
    brightness: float
    clipped: float
    advice: str | None


class PhotoRead(Shape):
    id: UUID
    consult_id: UUID
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    width: int
    height: int
    captured_at: str | None
    captured_offset: str | None
    body_site: str | None
    laterality: str | None
    view: str | None
    note: str
    device_make: str | None
    device_model: str | None
    source_format: str
    lossless: bool
    orientation_applied: int
    orientation_uncertain: bool
    sha256: str
    quality: QualityRead
    scrub_summary: str
    created_at: Time
    created_by: Person
    on_behalf_of: PatientRead | None
    """The patient for whom it was sent."""
    claimed_by: Person | None
    """Who said, of what a tablet sent: that was me."""
    claimed_at: Time | None
    turned_from: UUID | None
    replaced_by: UUID | None
    turned_clockwise: int
    turned_by: Person | None
    turned_at: Time | None
    verdict: PhotoVerdict | None
    """Of whoever looked it over last; null: nobody has."""
    rejected_for: RejectionReason | None
    retake_of: UUID | None
    """The rejected photo whose place this one took."""


class ComingPhoto(Shape):
    """A photo of which only the small picture has come that was sent ahead: see its /preview."""

    id: UUID
    consult_id: UUID
    shown_as: Literal["preview"] = "preview"
    width: int
    """Of the small picture."""
    height: int
    body_site: str | None
    laterality: str | None
    view: str | None
    note: str
    created_at: Time
    created_by: Person


class PreviewReceipt(Shape):
    """What there is of the photo now: only the small picture, or already the photo itself."""

    id: UUID
    consult_id: UUID
    shown_as: Literal["preview", "original"]


class PhotoReceipt(Shape):
    """What a tablet is told of a photo that it sent: that it is here, and nothing else."""

    id: UUID
    consult_id: UUID
    state: Literal["received"] = "received"
    sha256: str
    sha256_before: str
    """Of the bytes as they arrived: the sender may compare."""


class PhotoPut(RootModel[PhotoRead | PhotoReceipt]):
    """A tablet that nobody has signed in on gets the receipt."""


class FindingRead(Shape):
    kind: str
    count: int
    bytes: int


class CertificateRead(Shape):
    found: list[FindingRead]
    removed_bytes: int
    kept: dict[str, Any]
    lossless: bool
    steps: list[str]
    sha256_before: str
    sha256_after: str


async def shape_photos(session: AsyncSession, photos: Sequence[Photo]) -> list[PhotoRead]:
    named = {
        user_id
        for photo in photos
        for user_id in (photo.created_by, photo.on_behalf_of, photo.claimed_by, photo.turned_by)
    }
    people = {
        user.id: user
        for user in (await session.exec(select(User).where(col(User.id).in_(named - {None})))).all()
    }
    return [_shape_photo(photo, people) for photo in photos]


async def shape_coming(
    session: AsyncSession, previews: Sequence[EarlyPreview]
) -> list[ComingPhoto]:
    senders = {early.created_by for early in previews}
    found = (await session.exec(select(User).where(col(User.id).in_(senders)))).all()
    people = {user.id: Person.of(user) for user in found}
    return [
        ComingPhoto.model_validate(
            early.model_dump(exclude={"jpeg"})
            | {"id": early.photo_id, "created_by": people[early.created_by]}
        )
        for early in previews
    ]


def _shape_photo(photo: Photo, people: Mapping[UUID, User]) -> PhotoRead:
    patient, claimant, turner = photo.on_behalf_of, photo.claimed_by, photo.turned_by
    shown: dict[str, Any] = {
        "created_by": Person.of(people[photo.created_by]),
        "on_behalf_of": PatientRead.of(people[patient]) if patient else None,
        "claimed_by": Person.of(people[claimant]) if claimant else None,
        "turned_by": Person.of(people[turner]) if turner else None,
    }
    return PhotoRead.model_validate(photo.model_dump() | shown)
