"""CONSULT_SOP_CLASS decides what a photo is in DICOM when it comes in, and never afterwards."""

from uuid import UUID

import pytest

from consult.config import InvalidSettings, Settings, read_settings
from consult.imaging import dicom
from tests.factories import People
from tests.imaging.photos import make_jpeg

VL_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sop_class": "vl-photographic"})


async def test_a_new_photo_is_of_the_class_that_is_set(people: People) -> None:
    consult_id = await people.patient.open_consult()
    photo = await people.patient.attach(consult_id, make_jpeg(), body_site="hand", laterality="L")

    instance = await people.specialist.get(f"/api/photos/{photo['id']}/dicom")

    ds = dicom.read_header(instance.content)
    assert ds.SOPClassUID == ds.file_meta.MediaStorageSOPClassUID == VL_PHOTOGRAPHIC
    assert ds.SOPInstanceUID == photo["sop_instance_uid"]
    assert photo["sop_instance_uid"] == dicom.instance_uid(
        UUID(photo["id"]), sop_class="vl-photographic"
    )


async def test_a_photo_sent_again_keeps_its_uid(people: People) -> None:
    consult_id = await people.patient.open_consult()
    photo = await people.patient.attach(consult_id, make_jpeg())

    again = await people.patient.put_photo(consult_id, make_jpeg(), photo_id=photo["id"])

    assert again.status_code == 200
    assert again.json()["sop_instance_uid"] == photo["sop_instance_uid"]


async def test_a_jpeg_in_rgb_stays_a_secondary_capture(people: People) -> None:
    consult_id = await people.patient.open_consult()
    photo = await people.patient.attach(consult_id, make_jpeg(keep_rgb=True))

    assert photo["sop_instance_uid"] == dicom.instance_uid(UUID(photo["id"]))


@pytest.mark.parametrize("name", ["secondary-capture", "VL-Photographic"])
def test_the_class_is_named_in_any_case(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_SOP_CLASS", name)

    assert read_settings().sop_class == name.lower()


def test_another_class_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_SOP_CLASS", "ct-image")

    with pytest.raises(InvalidSettings, match="CONSULT_SOP_CLASS"):
        read_settings()
