"""A scrubbed photo as a DICOM image, its bytes untouched.

Secondary Capture (PS3.3 A.8.1) or VL Photographic (A.32.4), decided when the photo comes in: the
class is part of an instance's identity, so one that exists is never turned into the other.
"""

from consult.imaging.dicom.context import InstanceContext, SourceImage, sop_class_for
from consult.imaging.dicom.part10 import Instance, read_header, wrap
from consult.imaging.dicom.rejection import QUALITY_REASONS, Rejection, rejection_note
from consult.imaging.dicom.source import Source, read_source
from consult.imaging.dicom.uids import SopClass, instance_uid, series_uid, study_uid

__all__ = [
    "QUALITY_REASONS",
    "Instance",
    "InstanceContext",
    "Rejection",
    "SopClass",
    "Source",
    "SourceImage",
    "instance_uid",
    "read_header",
    "read_source",
    "rejection_note",
    "series_uid",
    "sop_class_for",
    "study_uid",
    "wrap",
]
