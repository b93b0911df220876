"""Our bytes and those of pydicom's writer are the same, for every kind of header that we write."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config, dcmwrite  # pyright: ignore[reportUnknownVariableType]  PathLike
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, JPEGBaseline8Bit

from consult.clinical.body_sites import BodySite, Laterality, View, find_site
from consult.imaging import icc
from consult.imaging.dicom import InstanceContext, SopClass, wrap
from consult.imaging.dicom.attributes import Attributes, attributes
from consult.imaging.dicom.context import SourceImage
from consult.imaging.dicom.encoding import encode
from consult.imaging.photo import LossyStep, ScrubbedPhoto
from tests.imaging.instances import SOP_CLASSES, make_certificate, make_context, make_photo

P3 = icc.display_p3()
PHOTOS: dict[str, Callable[[], ScrubbedPhoto]] = {
    "told": make_photo,
    "untold": lambda: make_photo(
        captured_at=None, captured_offset=None, device_make=None, device_model=None
    ),
    "no zone": lambda: make_photo(captured_offset=None),
    "grey": lambda: make_photo(photometric="MONOCHROME2"),
    "wide gamut": lambda: make_photo(
        icc_profile=P3.content, certificate=make_certificate(colour_profile=P3.name)
    ),
    "derived": lambda: make_photo(
        derivation="Décodé d'un HEIC, tourné.",
        source_format="HEIC",
        lossy_steps=(LossyStep("ISO_23008_2", 30.0), LossyStep("ISO_10918_1", 4.5)),
        certificate=make_certificate(lossless=False),
    ),
}
SITES = {
    find_site(body_site, laterality, view)
    for body_site in BodySite
    for laterality in (*Laterality, None)
    for view in (*View, None)
}
texts = st.text(max_size=80)


@pytest.mark.parametrize("sop_class", SOP_CLASSES)
@pytest.mark.parametrize("photo", PHOTOS.values(), ids=PHOTOS)
def test_every_kind_of_photo(photo: Callable[[], ScrubbedPhoto], sop_class: SopClass) -> None:
    expect_the_same(photo(), make_context(sop_class=sop_class))


@pytest.mark.parametrize("sop_class", SOP_CLASSES)
def test_every_place_and_none(sop_class: SopClass) -> None:
    photo = make_photo()

    for site in (*SITES, None):
        expect_the_same(photo, make_context(site=site, sop_class=sop_class))


def test_a_photo_made_from_another() -> None:
    source = SourceImage("1.2.840.10008.5.1.4.1.1.7", "2.25.1")

    expect_the_same(make_photo(), make_context(source=source))


def test_a_context_of_which_little_is_known() -> None:
    nothing = dict.fromkeys(
        [
            *("patient_id", "issuer_of_patient_id", "issuer_oid", "patient_name", "patient_sex"),
            *("accession_number", "referring_physician_name", "study_description"),
            *("series_description", "institution_name", "manufacturer"),
        ],
        "",
    )

    expect_the_same(make_photo(), make_context(**nothing, patient_birth_date=None))


@given(name=texts, description=texts, numbers=st.tuples(*[st.integers(0, 2**31 - 1)] * 2))
def test_any_words_and_numbers(name: str, description: str, numbers: tuple[int, int]) -> None:
    context = make_context(
        patient_name=name,
        referring_physician_name=description,
        study_description=description,
        institution_name=name,
        series_number=numbers[0],
        instance_number=numbers[1],
    )

    expect_the_same(make_photo(), context)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("Rows", 65536),
        ("Rows", -1),
        ("SeriesNumber", 10**12),
        ("PatientSex", "f"),
        ("StudyID", "x" * 17),
        ("SOPInstanceUID", "1.02"),
        ("StudyDate", "2026-03-04"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(keyword: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"Invalid value|exceeds the maximum length"):
        encode({keyword: value})


def expect_the_same(photo: ScrubbedPhoto, context: InstanceContext) -> None:
    instance = wrap(photo, context)

    assert instance.data[: instance.jpeg_offset - 28] == by_pydicom(attributes(photo, context))


def by_pydicom(values: Attributes) -> bytes:
    ds = dataset(values)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.file_meta.ImplementationClassUID = UID("2.25.70726185942816493799843964760049372997")
    ds.file_meta.ImplementationVersionName = "CONSULT_0.1"
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def dataset(values: Attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        if value is not None:
            ds.add(element(keyword, value))
    return ds


def element(keyword: str, value: Any) -> DataElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    vr = dictionary_VR(tag)
    if vr == "SQ":
        value = [dataset(item) for item in cast("list[Attributes]", value)]
    return DataElement(tag, vr, value, validation_mode=config.RAISE)
