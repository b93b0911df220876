"""What a data set tells beside the photo itself."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from consult.clinical.body_sites import Site
from consult.imaging.dicom.uids import SopClass
from consult.imaging.photo import ScrubbedPhoto


@dataclass(frozen=True)
class SourceImage:
    """An instance that another one was made from."""

    sop_class_uid: str
    sop_instance_uid: str


def sop_class_for(photo: ScrubbedPhoto, wanted: SopClass) -> SopClass:
    """The class wanted, or Secondary Capture for a JPEG that is coded in RGB.

    In lossy JPEG a VL Image is YBR_FULL_422 or grey (C.8.12.1), and a picture is not degraded
    for the sake of its class.
    """
    return "secondary-capture" if photo.photometric == "RGB" else wanted


@dataclass(frozen=True, kw_only=True)
class InstanceContext:
    """Texts may be in any script; an empty one is unknown.

    Raises ValueError for times without a zone, and for an empty study id: archives merge the
    same-day studies of such ids.
    """

    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    series_number: int
    instance_number: int
    study_id: str
    """At most 16 characters."""
    received_at: datetime
    created_at: datetime | None = None
    """When the instance was made, if not on arrival of the photo."""
    study_started_at: datetime
    series_started_at: datetime | None = None
    """None: with the study."""

    patient_id: str = ""
    issuer_of_patient_id: str = ""
    issuer_oid: str = ""
    """The issuer once more, as an OID that is unique in the world."""
    patient_name: str = ""
    """As people write it, or with the `^` of PS3.5 6.2.1.1."""
    patient_birth_date: date | None = None
    patient_sex: Literal["", "M", "F", "O"] = ""

    accession_number: str = ""
    """At most 16 characters."""
    referring_physician_name: str = ""
    study_description: str = ""
    series_description: str = ""
    institution_name: str = ""
    manufacturer: str = "Consult"
    site: Site | None = None
    sop_class: SopClass = "secondary-capture"
    """`sop_instance_uid` is made for this class and no other."""
    source: SourceImage | None = None
    """The instance whose picture this one shows, turned."""

    def __post_init__(self) -> None:
        ours = (self.received_at, self.created_at)
        times = (*ours, self.study_started_at, self.series_started_at)
        if any(time is not None and time.tzinfo is None for time in times):
            raise ValueError("The times of an instance need a zone.")
        if not self.study_id.strip():
            raise ValueError("The study id of an instance may not be empty.")
