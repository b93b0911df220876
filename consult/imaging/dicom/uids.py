"""UIDs made from the ids of a consult and its photos (PS3.5 B.2): no register, no clock.

The same thing has the same UID each time it is asked, so a job that runs twice writes the same
object twice.
"""

from typing import Final, Literal
from uuid import UUID, uuid5

from pydicom.uid import SecondaryCaptureImageStorage, VLPhotographicImageStorage

SopClass = Literal["secondary-capture", "vl-photographic"]
SOP_CLASS_UIDS: Final[dict[SopClass, str]] = {
    "secondary-capture": SecondaryCaptureImageStorage,
    "vl-photographic": VLPhotographicImageStorage,
}


def instance_uid(
    photo_id: UUID, *, sop_class: SopClass = "secondary-capture", rendition: int = 1
) -> str:
    """Give the SOP Instance UID of one photo, another one for each class that it is told as.

    Other bytes under the same photo id (a redaction, say) need the next `rendition`.
    """
    return uid_of(uuid5(photo_id, f"{SOP_CLASS_UIDS[sop_class]}/{rendition}"))


def study_uid(consult_id: UUID) -> str:
    return uid_of(uuid5(consult_id, "study"))


def series_uid(consult_id: UUID, site_key: str) -> str:
    """Give the UID of one series: one per `Site.key`, and one ("") for photos without a site."""
    return uid_of(uuid5(consult_id, f"series/{site_key}"))


def uid_of(uuid: UUID) -> str:
    """PS3.5 B.2."""
    return f"2.25.{uuid.int}"
