"""What every photo of the corpus becomes in DICOM, in both classes.

Real people's photos: read in place, never copied here.
"""

import re
from collections.abc import Generator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from consult.imaging import workers
from consult.imaging.dicom import Instance, SopClass, read_header, sop_class_for, wrap
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.expected import ACCEPTED
from tests.imaging.instances import SOP_CLASSES, dciodvfy, make_context
from tests.imaging.photos import real
from tests.imaging.test_dicom_encoding import expect_the_same
from tests.imaging.typecheck import problems

pytestmark = pytest.mark.parametrize("six_digits", ACCEPTED)


@pytest.fixture(scope="module")
def photos() -> Generator[dict[str, ScrubbedPhoto]]:
    """Scrub every photo that is to be accepted, once."""
    yield {six_digits: scrub(real(six_digits)) for six_digits in ACCEPTED}
    workers.close()


@pytest.fixture
def photo(six_digits: str, photos: dict[str, ScrubbedPhoto]) -> ScrubbedPhoto:
    return photos[six_digits]


def test_the_judges_have_nothing_to_say(
    photo: ScrubbedPhoto, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "photo.dcm"

    for sop_class in SOP_CLASSES:
        data = wrapped(photo, sop_class).data
        path.write_bytes(data)

        assert dciodvfy(path) == []
        assert problems(read_header(data)) == []


def test_nothing_private_and_nothing_of_the_camera_is_told(photo: ScrubbedPhoto) -> None:
    headers = [header(photo, sop_class) for sop_class in SOP_CLASSES]

    tags = [element.tag for ds in headers for element in ds.iterall()]

    assert [tag for tag in tags if tag.is_private or tag.group == 0x0016] == []


def test_the_header_is_what_pydicom_would_write_and_the_jpeg_is_the_scrubbed_one(
    photo: ScrubbedPhoto,
) -> None:
    for sop_class in SOP_CLASSES:
        instance = wrapped(photo, sop_class)
        start, end = instance.jpeg_offset, instance.jpeg_offset + instance.jpeg_length

        assert instance.data[start:end] == photo.jpeg
        expect_the_same(photo, make_context(sop_class=sop_class_for(photo, sop_class)))


def test_times_and_zone_are_those_that_the_phone_told(photo: ScrubbedPhoto) -> None:
    """Without a time of the phone's every time is ours, and those are in UTC."""
    ds = header(photo, "secondary-capture")
    exposed = str(ds.get("AcquisitionDateTime", ""))
    offset = (photo.captured_offset or "").replace(":", "")

    assert bool(exposed) == bool(photo.captured_at)
    assert re.sub(r"^\d{14}(\.\d{6})?", "", exposed) == (offset if exposed else "")
    assert ds.get("TimezoneOffsetFromUTC", "") == (offset if exposed else "+0000")


def test_each_lossy_step_has_its_method_and_ratio(photo: ScrubbedPhoto) -> None:
    ds = header(photo, "vl-photographic")

    methods = values(ds, "LossyImageCompressionMethod")
    ratios = values(ds, "LossyImageCompressionRatio")

    assert ds.LossyImageCompression == "01"
    assert methods == [step.method for step in photo.lossy_steps]
    assert ratios == [round(step.ratio, 2) for step in photo.lossy_steps]
    assert len(methods) > 0


def test_a_photo_is_original_unless_its_derivation_is_told(photo: ScrubbedPhoto) -> None:
    ds = header(photo, "vl-photographic")

    assert ds.ImageType == ["ORIGINAL" if photo.lossless else "DERIVED", "PRIMARY"]
    assert ("DerivationDescription" in ds) == (not photo.lossless)


def wrapped(photo: ScrubbedPhoto, sop_class: SopClass) -> Instance:
    return wrap(photo, make_context(sop_class=sop_class_for(photo, sop_class)))


def header(photo: ScrubbedPhoto, sop_class: SopClass) -> Dataset:
    return read_header(wrapped(photo, sop_class).data)


def values(ds: Dataset, keyword: str) -> list[Any]:
    element = ds[keyword]
    return [element.value] if element.VM == 1 else list(element.value)
