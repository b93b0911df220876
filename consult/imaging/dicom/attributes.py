"""The attributes of a photo, by keyword, module by module (PS3.3 A.8.1 and A.32.4).

A value of None leaves its attribute out; "" writes it empty, which is how Type 2 says unknown.
Absent on purpose: Laterality (0020,0060) beside ImageLaterality; BurnedInAnnotation, which only
a person or a check may deny; group 0016, in which a VL photo might tell its lens and its place;
every private tag.
"""

from typing import Final

import consult
from consult.clinical.body_sites import Laterality, Site
from consult.imaging import icc
from consult.imaging.dicom.context import InstanceContext, SourceImage
from consult.imaging.dicom.texts import identifier, line, name, paragraph
from consult.imaging.dicom.times import times
from consult.imaging.dicom.uids import SOP_CLASS_UIDS
from consult.imaging.photo import ScrubbedPhoto

Attributes = dict[str, object]


def attributes(photo: ScrubbedPhoto, context: InstanceContext) -> Attributes:
    """Raise ValueError for an identifier that DICOM cannot hold: ids are never shortened."""
    return {
        **_common(context),
        **_patient(context),
        **_study(context),
        **_series(context),
        **_equipment(context),
        **times(photo, context),
        **_anatomy(context.site),
        **_image(photo, context),
        **_source(context.source),
        **_pixels(photo),
        **_colour(photo),
        **_compression(photo),
        **_OF_CLASS[context.sop_class](photo),
    }


def _common(context: InstanceContext) -> Attributes:
    """C.12.1."""
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": SOP_CLASS_UIDS[context.sop_class],
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


def _equipment(context: InstanceContext) -> Attributes:
    """C.7.5.1: us, who wrote the object."""
    return {
        "Manufacturer": line(context.manufacturer),
        "InstitutionName": line(context.institution_name) or None,
        "SoftwareVersions": consult.__version__,
    }


def _anatomy(site: Site | None) -> Attributes:
    """10.5. A paired site whose side is unknown has an empty Laterality (Type 2C)."""
    if site is None:
        return {"Laterality": ""}
    return {
        "BodyPartExamined": site.body_part_examined,
        "AnatomicRegionSequence": [_region(site)],
        "ImageLaterality": site.image_laterality,
        "Laterality": "" if site.image_laterality is None else None,
        "RecognizableVisualFeatures": "YES" if site.recognizable else None,
    }


def _region(site: Site) -> Attributes:
    """10.5, with the side of the body (CID 244) where there is one."""
    side = _SIDES.get(site.image_laterality)
    return {
        **_code("SCT", site.code, site.meaning),
        "AnatomicRegionModifierSequence": [_code("SCT", *side)] if side else None,
    }


def _code(scheme: str, value: str, meaning: str) -> Attributes:
    """8.8."""
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def _image(photo: ScrubbedPhoto, context: InstanceContext) -> Attributes:
    """C.7.6.1. ORIGINAL means that the coefficients of the JPEG are the sender's."""
    return {
        "ImageType": ["ORIGINAL" if photo.lossless else "DERIVED", "PRIMARY"],
        "InstanceNumber": context.instance_number,
        "PatientOrientation": "",
        "DerivationDescription": None if photo.derivation is None else paragraph(photo.derivation),
    }


def _source(source: SourceImage | None) -> Attributes:
    """C.12.4: the instance that this one was made from, and what for (CID 7202)."""
    if source is None:
        return {}
    purpose = _code("DCM", "121322", "Source image for image processing operation")
    reference: Attributes = {
        "ReferencedSOPClassUID": source.sop_class_uid,
        "ReferencedSOPInstanceUID": source.sop_instance_uid,
        "PurposeOfReferenceCodeSequence": [purpose],
    }
    return {"SourceImageSequence": [reference]}


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


def _secondary_capture(photo: ScrubbedPhoto) -> Attributes:
    """C.8.6.1: the phone that took the photo."""
    return {
        "ConversionType": "DI",
        "SecondaryCaptureDeviceManufacturer": photo.device_make,
        "SecondaryCaptureDeviceManufacturerModelName": photo.device_model,
        "DigitalImageFormatAcquired": photo.source_format,
    }


def _vl_photographic(photo: ScrubbedPhoto) -> Attributes:
    """C.7.6.14, and the phone by C.12.1.1.5, where it needs a make to be told at all.

    Raise ValueError for a JPEG in RGB: `context.sop_class_for` knows better.
    """
    if photo.photometric == "RGB":
        raise ValueError("A VL photo in lossy JPEG is not coded in RGB.")
    phone: Attributes = {
        "PurposeOfReferenceCodeSequence": [_code("DCM", "109101", "Acquisition Equipment")],
        "Manufacturer": photo.device_make,
        "ManufacturerModelName": photo.device_model,
    }
    return {
        "AcquisitionContextSequence": [],
        "ContributingEquipmentSequence": [phone] if photo.device_make else None,
    }


_OF_CLASS: Final = {
    "secondary-capture": _secondary_capture,
    "vl-photographic": _vl_photographic,
}
_SIDES: Final[dict[Laterality | None, tuple[str, str]]] = {
    Laterality.R: ("24028007", "Right"),
    Laterality.L: ("7771000", "Left"),
    Laterality.B: ("51440002", "Bilateral"),
}
_COLOUR_SPACES: Final = {icc.SRGB: "SRGB", icc.ADOBE_RGB: "ADOBERGB"}
