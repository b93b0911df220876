"""The attributes of a photo, by keyword, module by module (PS3.3 A.8.1).

A value of None leaves its attribute out; "" writes it empty, which is how Type 2 says unknown.
Absent on purpose: Laterality (0020,0060) beside ImageLaterality; BurnedInAnnotation, which only
a person or a check may deny; group 0016 and every private tag.
"""

from typing import Final

from pydicom.uid import SecondaryCaptureImageStorage

import consult
from consult.clinical.body_sites import Laterality, Site
from consult.imaging import icc
from consult.imaging.dicom.context import InstanceContext
from consult.imaging.dicom.texts import identifier, line, name, paragraph
from consult.imaging.dicom.times import times
from consult.imaging.photo import ScrubbedPhoto

Attributes = dict[str, object]


def attributes(photo: ScrubbedPhoto, context: InstanceContext) -> Attributes:
    """Raise ValueError for an identifier that DICOM cannot hold: ids are never shortened."""
    return {
        **_common(context),
        **_patient(context),
        **_study(context),
        **_series(context),
        **_equipment(photo, context),
        **times(photo, context),
        **_anatomy(context.site),
        **_image(photo, context),
        **_pixels(photo),
        **_colour(photo),
        **_compression(photo),
    }


def _common(context: InstanceContext) -> Attributes:
    """C.12.1."""
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": context.sop_instance_uid,
    }


def _patient(context: InstanceContext) -> Attributes:
    """C.7.1.1."""
    born = context.patient_birth_date
    return {
        "PatientName": name(context.patient_name),
        "PatientID": identifier(context.patient_id),
        "IssuerOfPatientID": identifier(context.issuer_of_patient_id) or None,
        "IssuerOfPatientIDQualifiersSequence": _issuer(context.issuer_oid),
        "PatientBirthDate": f"{born:%Y%m%d}" if born else "",
        "PatientSex": context.patient_sex,
    }


def _issuer(oid: str) -> list[Attributes] | None:
    if not oid:
        return None
    return [{"UniversalEntityID": identifier(oid), "UniversalEntityIDType": "ISO"}]


def _study(context: InstanceContext) -> Attributes:
    """C.7.2.1."""
    return {
        "StudyInstanceUID": context.study_instance_uid,
        "StudyID": identifier(context.study_id),
        "AccessionNumber": identifier(context.accession_number),
        "ReferringPhysicianName": name(context.referring_physician_name),
        "StudyDescription": line(context.study_description) or None,
    }


def _series(context: InstanceContext) -> Attributes:
    """C.7.3.1."""
    return {
        "Modality": "XC",
        "SeriesInstanceUID": context.series_instance_uid,
        "SeriesNumber": context.series_number,
        "SeriesDescription": line(context.series_description) or None,
    }


def _equipment(photo: ScrubbedPhoto, context: InstanceContext) -> Attributes:
    """C.7.5.1 for us who wrote the object, C.8.6.1 for the phone that took the photo."""
    return {
        "Manufacturer": line(context.manufacturer),
        "InstitutionName": line(context.institution_name) or None,
        "SoftwareVersions": consult.__version__,
        "ConversionType": "DI",
        "SecondaryCaptureDeviceManufacturer": photo.device_make,
        "SecondaryCaptureDeviceManufacturerModelName": photo.device_model,
        "DigitalImageFormatAcquired": photo.source_format,
    }


def _anatomy(site: Site | None) -> Attributes:
    """10.5. A paired site whose side is unknown has an empty Laterality (Type 2C)."""
    if site is None:
        return {"Laterality": ""}
    return {
        "BodyPartExamined": site.body_part_examined,
        "AnatomicRegionSequence": [_code(site.code, site.meaning, modifier=site.image_laterality)],
        "ImageLaterality": site.image_laterality,
        "Laterality": "" if site.image_laterality is None else None,
        "RecognizableVisualFeatures": "YES" if site.recognizable else None,
    }


def _code(value: str, meaning: str, *, modifier: Laterality | None = None) -> Attributes:
    """8.8, with the side of the body (CID 244) where there is one."""
    side = _SIDES.get(modifier) if modifier else None
    return {
        "CodeValue": value,
        "CodingSchemeDesignator": "SCT",
        "CodeMeaning": meaning,
        "AnatomicRegionModifierSequence": [_code(*side)] if side else None,
    }


def _image(photo: ScrubbedPhoto, context: InstanceContext) -> Attributes:
    """C.7.6.1. ORIGINAL means that the coefficients of the JPEG are the sender's."""
    return {
        "ImageType": ["ORIGINAL" if photo.lossless else "DERIVED", "PRIMARY"],
        "InstanceNumber": context.instance_number,
        "PatientOrientation": "",
        "DerivationDescription": None if photo.derivation is None else paragraph(photo.derivation),
    }


def _pixels(photo: ScrubbedPhoto) -> Attributes:
    """C.7.6.3; the pixels themselves are appended by `part10.wrap`."""
    return {
        "SamplesPerPixel": photo.samples_per_pixel,
        "PhotometricInterpretation": photo.photometric,
        "PlanarConfiguration": 0 if photo.samples_per_pixel > 1 else None,
        "Rows": photo.height,
        "Columns": photo.width,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
    }


def _colour(photo: ScrubbedPhoto) -> Attributes:
    """C.11.15: an input profile, which exists for colour only; no profile is sRGB."""
    if photo.icc_profile is None or photo.samples_per_pixel == 1:
        return {}
    profile_name = str(photo.certificate.kept.get("colour_profile"))
    return {
        "ICCProfile": icc.as_input(photo.icc_profile),
        "ColorSpace": _COLOUR_SPACES.get(profile_name),
    }


def _compression(photo: ScrubbedPhoto) -> Attributes:
    """C.7.6.1.1.5: one value per lossy step, the oldest first."""
    return {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": [f"{step.ratio:.2f}" for step in photo.lossy_steps],
        "LossyImageCompressionMethod": [step.method for step in photo.lossy_steps],
    }


_SIDES: Final = {
    Laterality.R: ("24028007", "Right"),
    Laterality.L: ("7771000", "Left"),
    Laterality.B: ("51440002", "Bilateral"),
}
_COLOUR_SPACES: Final = {icc.SRGB: "SRGB", icc.ADOBE_RGB: "ADOBERGB"}
