"""A photo of a consult: the facts about one stored SOP instance."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from consult.models.base import enum_type, now
from consult.models.review import PhotoVerdict, RejectionReason
from consult.models.sealed import PrivateBytes, PrivateJSON, PrivateText, sealed


class Photo(SQLModel, table=True):
    __table_args__ = (
        sa.Index("ix_photo_created_by_created_at", "created_by", "created_at"),
        sa.Index(
            "ix_photo_to_review",
            "consult_id",
            sqlite_where=sa.text("verdict IS NULL AND replaced_by IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    """Made by the phone: the same PUT again is the same photo."""
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    created_by: UUID = Field(foreign_key="user.id")
    on_behalf_of: UUID | None = Field(default=None, foreign_key="user.id")
    """The patient for whom it was sent."""
    created_at: datetime = Field(default_factory=now)
    claimed_by: UUID | None = Field(default=None, foreign_key="user.id")
    """Who said, of what a tablet sent: that was me."""
    claimed_at: datetime | None = None

    sop_instance_uid: str = Field(unique=True)
    series_instance_uid: str
    study_instance_uid: str
    instance_number: int

    subject_id: UUID
    """Whose key the instance is sealed with: its consult's `subject_id`."""
    storage_key: str = Field(unique=True)
    size: int
    """Bytes of the DICOM instance."""
    jpeg_offset: int
    jpeg_length: int
    """Where in the instance the scrubbed JPEG lies: `/image` serves it from there."""

    sha256: str
    """Of the scrubbed JPEG."""
    sha256_before: str
    """Of what arrived: recognises the same upload again."""
    width: int
    height: int
    source_format: str
    captured_at: str | None
    """Local time of the exposure, ISO 8601 without zone: phones often write none."""
    captured_offset: str | None
    device_make: PrivateText | None = Field(sa_type=sealed("photo.device_make"))
    device_model: PrivateText | None = Field(sa_type=sealed("photo.device_model"))
    lossless: bool
    orientation_applied: int
    orientation_uncertain: bool
    quality: dict[str, Any] = Field(sa_type=sa.JSON)
    certificate: PrivateJSON = Field(sa_type=sealed("photo.certificate", PrivateJSON))
    scrub_summary: PrivateText = Field(sa_type=sealed("photo.scrub_summary"))

    body_site: str | None = None
    laterality: str | None = None
    view: str | None = None
    note: PrivateText = Field(sa_type=sealed("photo.note"))

    turned_from: UUID | None = Field(default=None, foreign_key="photo.id", unique=True)
    """The photo that this one replaces; `created_*` stay those of the one that was sent."""
    replaced_by: UUID | None = Field(default=None, foreign_key="photo.id")
    turned_clockwise: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """0, 90, 180 or 270 degrees, against the photo that was sent."""
    turned_by: UUID | None = Field(default=None, foreign_key="user.id")
    turned_at: datetime | None = None

    retake_of: UUID | None = Field(default=None, foreign_key="photo.id", unique=True)
    """The rejected photo whose place this one takes."""
    verdict: PhotoVerdict | None = Field(default=None, sa_type=enum_type(PhotoVerdict))
    """Of the newest review; None: nobody has reviewed it."""
    rejected_for: RejectionReason | None = Field(default=None, sa_type=enum_type(RejectionReason))


class Preview(SQLModel, table=True):
    """The small JPEG that the verifying decode left behind."""

    photo_id: UUID = Field(foreign_key="photo.id", primary_key=True)
    jpeg: PrivateBytes = Field(sa_type=sealed("preview.jpeg", PrivateBytes))


class EarlyPreview(SQLModel, table=True):
    """A small picture that its sender sent ahead, until the photo itself has come.

    It is no photo: nothing is made of it, and it goes when the photo is there.
    """

    __table_args__ = (
        sa.Index("ix_earlypreview_created_by_created_at", "created_by", "created_at"),
    )

    photo_id: UUID = Field(primary_key=True)
    """That of the photo that it announces."""
    consult_id: UUID = Field(foreign_key="consult.id", index=True)
    created_by: UUID = Field(foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    jpeg: PrivateBytes = Field(sa_type=sealed("earlypreview.jpeg", PrivateBytes))
    """Scrubbed."""
    sha256_before: str
    """Of what arrived: recognises the same upload again."""
    width: int
    height: int

    body_site: str | None = None
    laterality: str | None = None
    view: str | None = None
    note: PrivateText = Field(sa_type=sealed("earlypreview.note"))
