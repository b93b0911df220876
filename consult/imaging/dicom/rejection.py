"""A photo that was rejected, as DICOM says it: a Key Object Selection Document (PS3.3 A.35.4).

Its title is (113001, DCM, "Rejected for Quality Reasons"), its content follows TID 2010 of
PS3.16. An archive that knows IHE's Imaging Object Change Management hides what it names.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, KeyObjectSelectionDocumentStorage

import consult
from consult.imaging.dicom.attributes import Attributes
from consult.imaging.dicom.part10 import file_of, read_header
from consult.imaging.dicom.texts import name, paragraph
from consult.imaging.dicom.uids import uid_of


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Raises ValueError for a time without a zone."""

    review_id: UUID
    """The document's UIDs are made from it: the same document each time it is asked for."""
    reason: str
    """One of the keys of `QUALITY_REASONS`; any other is told as another failure."""
    rejected_at: datetime
    rejected_by: str
    """Who reviewed the photo."""
    manufacturer: str = "Consult"

    def __post_init__(self) -> None:
        if self.rejected_at.tzinfo is None:
            raise ValueError("The time of a rejection needs a zone.")


QUALITY_REASONS: Final = {
    "blurred": ("111210", "Motion blur"),
    "too_dark": ("111211", "Under exposed"),
    "too_bright": ("111212", "Over exposed"),
    "wrong_site": ("111209", "Positioning"),
    "too_far": ("111209", "Positioning"),
    "too_near": ("111209", "Positioning"),
    "obstructed": ("111207", "Image artifact(s)"),
}
"""PS3.16 CID 7011, by our own reasons: the nearest that it has. Ours stands beside it in words."""
_OTHER_FAILURE: Final = ("111220", "Other failure")


def rejection_note(photo: bytes, rejection: Rejection) -> bytes:
    """Write the document about the instance that `photo` holds, or begins with, as a Part 10 file.

    Whose it is and which study it is in are taken from the instance itself. Raises pydicom's
    InvalidDicomError for bytes that are no instance.
    """
    header = read_header(photo)
    return file_of(
        {
            **_patient_and_study(header),
            **_document(rejection),
            **_time(header, rejection.rejected_at),
            **_evidence(header),
            **_content(header, rejection),
        },
        transfer_syntax=ExplicitVRLittleEndian,
    )


def _patient_and_study(header: Dataset) -> Attributes:
    """C.7.1.1 and C.7.2.1, as the instance has them; of a Type 2 attribute that it lacks, empty."""
    kept: Attributes = {keyword: str(header.get(keyword, "")) for keyword in _KEPT}
    issuer = header.get("IssuerOfPatientID")
    return kept | {
        "SpecificCharacterSet": "ISO_IR 192",
        "IssuerOfPatientID": str(issuer) if issuer else None,
        "StudyInstanceUID": str(header.StudyInstanceUID),
    }


def _document(rejection: Rejection) -> Attributes:
    """C.17.6.1, C.7.5.1, C.17.6.2: a series of its own."""
    return {
        "SOPClassUID": KeyObjectSelectionDocumentStorage,
        "SOPInstanceUID": uid_of(uuid5(rejection.review_id, "rejection")),
        "Modality": "KO",
        "SeriesInstanceUID": uid_of(uuid5(rejection.review_id, "rejection/series")),
        "SeriesNumber": _SERIES_NUMBER,
        "ReferencedPerformedProcedureStepSequence": [],
        "Manufacturer": rejection.manufacturer,
        "SoftwareVersions": consult.__version__,
        "InstanceNumber": 1,
    }


def _time(header: Dataset, at: datetime) -> Attributes:
    """In the zone of the instance, whose study times stand beside it (C.12.1.1.8)."""
    zone = header.get("TimezoneOffsetFromUTC")
    at = at.astimezone(datetime.strptime(str(zone), "%z").tzinfo if zone else UTC)
    return {
        "ContentDate": f"{at:%Y%m%d}",
        "ContentTime": f"{at:%H%M%S.%f}",
        "TimezoneOffsetFromUTC": str(zone) if zone else None,
    }


def _evidence(header: Dataset) -> Attributes:
    """C.17.2.1: the instance in its place in the hierarchy."""
    series: Attributes = {
        "SeriesInstanceUID": str(header.SeriesInstanceUID),
        "ReferencedSOPSequence": [_reference(header)],
    }
    study: Attributes = {
        "StudyInstanceUID": str(header.StudyInstanceUID),
        "ReferencedSeriesSequence": [series],
    }
    return {"CurrentRequestedProcedureEvidenceSequence": [study]}


def _content(header: Dataset, rejection: Rejection) -> Attributes:
    """TID 2010."""
    because = QUALITY_REASONS.get(rejection.reason, _OTHER_FAILURE)
    return {
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": [_dcm("113001", "Rejected for Quality Reasons")],
        "ContinuityOfContent": "SEPARATE",
        "ContentTemplateSequence": [{"MappingResource": "DCMR", "TemplateIdentifier": "2010"}],
        "ContentSequence": [
            {
                "RelationshipType": "HAS CONCEPT MOD",
                "ValueType": "CODE",
                "ConceptNameCodeSequence": [_dcm("113011", "Document Title Modifier")],
                "ConceptCodeSequence": [_dcm(*because)],
            },
            *_observer(rejection),
            {
                "RelationshipType": "CONTAINS",
                "ValueType": "TEXT",
                "ConceptNameCodeSequence": [_dcm("113012", "Key Object Description")],
                "TextValue": paragraph(rejection.reason.replace("_", " ").capitalize()),
            },
            {
                "RelationshipType": "CONTAINS",
                "ValueType": "IMAGE",
                "ReferencedSOPSequence": [_reference(header)],
            },
        ],
    }


def _observer(rejection: Rejection) -> list[Attributes]:
    """TID 1002: a person looked at it."""
    return [
        {
            "RelationshipType": "HAS OBS CONTEXT",
            "ValueType": "CODE",
            "ConceptNameCodeSequence": [_dcm("121005", "Observer Type")],
            "ConceptCodeSequence": [_dcm("121006", "Person")],
        },
        {
            "RelationshipType": "HAS OBS CONTEXT",
            "ValueType": "PNAME",
            "ConceptNameCodeSequence": [_dcm("121008", "Person Observer Name")],
            "PersonName": name(rejection.rejected_by),
        },
    ]


def _reference(header: Dataset) -> Attributes:
    return {
        "ReferencedSOPClassUID": str(header.SOPClassUID),
        "ReferencedSOPInstanceUID": str(header.SOPInstanceUID),
    }


def _dcm(value: str, meaning: str) -> Attributes:
    return {"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": meaning}


_KEPT: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_SERIES_NUMBER: Final = 9000
"""Far from the numbers of the photos' own series."""
