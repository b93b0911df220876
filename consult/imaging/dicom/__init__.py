"""A scrubbed photo as a DICOM Secondary Capture image (PS3.3 A.8.1), its bytes untouched."""

from consult.imaging.dicom.context import InstanceContext
from consult.imaging.dicom.part10 import Instance, read_header, wrap
from consult.imaging.dicom.uids import instance_uid, series_uid, study_uid

__all__ = [
    "Instance",
    "InstanceContext",
    "instance_uid",
    "read_header",
    "series_uid",
    "study_uid",
    "wrap",
]
