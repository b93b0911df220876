import asyncio
import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlmodel import col, select

from consult.bootstrap import Backends
from consult.imaging import dicom
from consult.models import AuditRow, Photo
from consult.tasks import sweep_orphans
from tests.factories import People, Somebody
from tests.imaging.photos import SECRET, make_jpeg, tell_all_exif

PHOTO = make_jpeg(320, 240, exif=tell_all_exif(), comment=SECRET)


class TestAttaching:
    async def test_a_photo_comes_out_clean_and_whole(self, people: People) -> None:
        """UP-2."""
        consult_id = await people.patient.open_consult()

        photo = await people.patient.attach(
            consult_id, PHOTO, body_site="hand", laterality="left", view="back", note="Day 3"
        )

        picture = (await people.specialist.get(f"/api/photos/{photo['id']}/image")).content
        assert hashlib.sha256(picture).hexdigest() == photo["sha256"]
        assert SECRET not in picture
        assert Image.open(BytesIO(picture)).tobytes() == Image.open(BytesIO(PHOTO)).tobytes()
        assert {name: photo[name] for name in EXPECTED} == EXPECTED
        assert photo["consult_id"] == consult_id
        assert photo["created_by"]["name"] == "Pat Patient"
        assert photo["scrub_summary"].startswith("Location and ")

    async def test_the_dicom_instance_holds_that_very_jpeg(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, PHOTO, body_site="hand", laterality="L")

        instance = await people.specialist.get(f"/api/photos/{photo['id']}/dicom")
        picture = await people.specialist.get(f"/api/photos/{photo['id']}/image")

        ds = dicom.read_header(instance.content)
        assert instance.headers["content-type"] == "application/dicom"
        assert picture.content in instance.content
        assert SECRET not in instance.content
        assert ds.SOPInstanceUID == photo["sop_instance_uid"]
        assert ds.SeriesInstanceUID == photo["series_instance_uid"]
        assert ds.StudyInstanceUID == photo["study_instance_uid"]
        assert (ds.PatientName.family_name, ds.ImageLaterality) == ("Pat Patient", "L")
        assert ds.AcquisitionDateTime == "20260304050607.250000+0200"

    async def test_an_unknown_patient_has_a_temporary_id_of_our_own(self, people: People) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        photo = await people.ems.attach(consult_id, PHOTO)

        instance = await people.ems.get(f"/api/photos/{photo['id']}/dicom")

        ds = dicom.read_header(instance.content)
        assert (str(ds.PatientName), ds.PatientID) == ("", consult_id.replace("-", ""))

    async def test_photos_of_one_site_are_one_series(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        hands = [
            await people.patient.attach(
                consult_id, make_jpeg(quality=80 + n), body_site="hand_left"
            )
            for n in (1, 2)
        ]
        face = await people.patient.attach(consult_id, make_jpeg(quality=83), body_site="face")

        series = [photo["series_instance_uid"] for photo in (*hands, face)]
        assert series[0] == series[1] != series[2]
        numbers = [await numbering(people.patient, photo["id"]) for photo in (*hands, face)]
        assert numbers == [(1, 1), (1, 2), (2, 1)]

    async def test_the_same_photo_twice_is_one_photo(
        self, people: People, backends: Backends
    ) -> None:
        consult_id, photo_id = await people.patient.open_consult(), uuid4()

        answers = [
            await people.patient.put_photo(consult_id, PHOTO, photo_id=photo_id) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        assert len(objects(backends)) == 1

    async def test_the_same_photo_twice_at_once_is_one_photo(self, people: People) -> None:
        consult_id, photo_id = await people.patient.open_consult(), uuid4()

        answers = await asyncio.gather(
            *(people.patient.put_photo(consult_id, PHOTO, photo_id=photo_id) for _ in range(4))
        )

        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert len({answer.text for answer in answers}) == 1
        detail = await people.patient.read(f"/api/consults/{consult_id}")
        assert (detail["photo_count"], len(detail["photos"])) == (1, 1)

    async def test_a_second_photo_under_a_used_id_is_a_conflict(self, people: People) -> None:
        consult_id, photo_id = await people.patient.open_consult(), uuid4()
        other_consult = await people.patient.open_consult()
        await people.patient.put_photo(consult_id, PHOTO, photo_id=photo_id)

        other_bytes = await people.patient.put_photo(
            consult_id, make_jpeg(quality=82), photo_id=photo_id
        )
        elsewhere = await people.patient.put_photo(other_consult, PHOTO, photo_id=photo_id)

        for answer in (other_bytes, elsewhere):
            assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")

    async def test_a_closed_consult_takes_no_photo_but_knows_its_own_again(
        self, people: People
    ) -> None:
        consult_id, photo_id = await people.patient.open_consult(), uuid4()
        await people.patient.put_photo(consult_id, PHOTO, photo_id=photo_id)
        await people.specialist.say(consult_id, "All well.")
        await people.specialist.close(consult_id)

        again = await people.patient.put_photo(consult_id, PHOTO, photo_id=photo_id)
        new = await people.patient.put_photo(consult_id, PHOTO)

        assert again.status_code == 200
        assert (new.status_code, new.json()["code"]) == (409, "consult_closed")

    async def test_somebody_elses_consult_is_not_there(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()

        for somebody in (people.other_patient, people.ems, people.admin):
            answer = await somebody.put_photo(consult_id, PHOTO)
            assert answer.status_code == 404
        assert objects(backends) == []

    async def test_a_message_can_name_it(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, PHOTO)

        said = await people.patient.say(consult_id, "", photo_ids=[photo["id"]])

        assert said["photo_ids"] == [photo["id"]]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"body_site": "wing"}, "body_site"),
            ({"laterality": "up"}, "laterality"),
            ({"view": "sideways"}, "view"),
            ({"note": "x" * 1001}, "note"),
            ({"colour": "red"}, "colour"),
            ({"body_site": "hand_left", "laterality": "R"}, "laterality"),
        ],
    )
    async def test_wrong_facts_are_named(
        self, people: People, query: dict[str, str], field: str
    ) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.put_photo(consult_id, PHOTO, **query)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    async def test_a_slow_scrub_does_not_hold_the_only_writer(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        large = make_jpeg(6000, 4000, orientation=6)
        upload = asyncio.create_task(people.patient.put_photo(consult_id, large))
        await asyncio.sleep(0.05)

        await people.specialist.say(consult_id, "Meanwhile")

        assert not upload.done()
        assert (await upload).status_code == 201


class TestSeeing:
    async def test_who_may_see_the_picture(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, PHOTO)

        for rendition in ("image", "preview", "dicom", "certificate"):
            path = f"/api/photos/{photo['id']}/{rendition}"
            assert (await people.patient.get(path)).status_code == 200
            assert (await people.specialist.get(path)).status_code == 200
            assert (await people.coordinator.get(path)).status_code == 403
            for stranger in (people.other_patient, people.ems, people.admin):
                assert (await stranger.get(path)).status_code == 404

    async def test_foreign_and_absent_are_one_answer(self, people: People) -> None:
        """AZ-9."""
        photo = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        for rendition in ("", "/image", "/preview", "/dicom", "/certificate"):
            foreign = await people.other_patient.get(f"/api/photos/{photo['id']}{rendition}")
            absent = await people.other_patient.get(f"/api/photos/{uuid4()}{rendition}")
            assert (foreign.status_code, absent.status_code) == (404, 404)
            assert foreign.json() == absent.json()

    async def test_every_look_is_on_record_before_a_byte_leaves(
        self, people: People, backends: Backends
    ) -> None:
        """AU-1."""
        photo = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        for rendition in ("image", "preview", "dicom"):
            await people.specialist.get(f"/api/photos/{photo['id']}/{rendition}")

        async with backends.database.reads() as session:
            query = (
                select(AuditRow.action)
                .where(AuditRow.actor_id == str(people.specialist.user.id))
                .order_by(col(AuditRow.seq))
            )
            actions = (await session.exec(query)).all()
        assert list(actions) == [
            f"photo.{rendition}.viewed" for rendition in ("image", "preview", "dicom")
        ]

    async def test_a_picture_cannot_be_framed_run_cached_or_opened_elsewhere(
        self, people: People
    ) -> None:
        """UP-5."""
        photo = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        path = f"/api/photos/{photo['id']}/image"

        headers = (await people.patient.get(path)).headers

        assert headers["content-type"] == "image/jpeg"
        assert headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        for sent in (
            {"Sec-Fetch-Dest": "document"},
            {"Sec-Fetch-Dest": "iframe"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            assert (await people.patient.request("GET", path, headers=sent)).status_code == 403

    async def test_the_preview_is_small_and_clean(self, people: People) -> None:
        """UP-2."""
        photo = await people.patient.attach(
            await people.patient.open_consult(), make_jpeg(1600, 1200, exif=tell_all_exif())
        )

        preview = (await people.patient.get(f"/api/photos/{photo['id']}/preview")).content

        assert 320 <= max(Image.open(BytesIO(preview)).size) < 640
        assert SECRET not in preview

    async def test_the_certificate_says_what_went_and_repeats_none_of_it(
        self, people: People
    ) -> None:
        photo = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        answer = await people.patient.get(f"/api/photos/{photo['id']}/certificate")

        certificate = answer.json()
        kinds = {finding["kind"] for finding in certificate["found"]}
        assert {"exif", "gps", "serial", "comment"} <= kinds
        assert certificate["removed_bytes"] > 0
        assert certificate["lossless"] is True
        assert certificate["sha256_before"] == hashlib.sha256(PHOTO).hexdigest()
        assert certificate["sha256_after"] == photo["sha256"]
        assert "Doe" not in answer.text
        assert "51" not in str(certificate["kept"])


class TestStoring:
    async def test_nothing_hidden_reaches_the_disk(
        self, people: People, backends: Backends
    ) -> None:
        """UP-2."""
        consult_id = await people.patient.open_consult()
        await people.patient.attach(consult_id, PHOTO)

        for path in backends.settings.data_dir.rglob("*"):
            if path.is_file():
                assert SECRET not in path.read_bytes(), path

    async def test_a_file_without_a_row_is_swept_and_no_other(
        self, people: People, backends: Backends
    ) -> None:
        photo = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        subject = people.patient.user.id
        orphan = await backends.storage.put(b"cut off between file and row", subject=subject)
        make_old(objects(backends))
        fresh = await backends.storage.put(b"on its way", subject=subject)

        await sweep_orphans(backends)

        with pytest.raises(FileNotFoundError):
            await backends.storage.read(orphan.key, subject=subject)
        assert await backends.storage.read(fresh.key, subject=subject) == b"on its way"
        async with backends.database.reads() as session:
            row = (await session.exec(select(Photo))).one()
        assert str(row.id) == photo["id"]
        stored = await backends.storage.read(row.storage_key, subject=row.subject_id)
        assert len(stored) == row.size


EXPECTED: dict[str, Any] = {
    "width": 320,
    "height": 240,
    "captured_at": "2026-03-04T05:06:07.250000",
    "captured_offset": "+02:00",
    "device_make": "Acme",
    "device_model": "Phone 9",
    "body_site": "hand",
    "laterality": "L",
    "view": "back",
    "note": "Day 3",
    "lossless": True,
    "orientation_applied": 1,
    "orientation_uncertain": False,
    "source_format": "JPEG",
}


def objects(backends: Backends) -> list[Path]:
    folder = backends.settings.data_dir / "objects"
    return [path for path in folder.rglob("*") if path.is_file()]


def make_old(paths: list[Path]) -> None:

    for path in paths:
        os.utime(path, (0, 0))


async def numbering(somebody: Somebody, photo_id: str) -> tuple[int, int]:
    instance = (await somebody.get(f"/api/photos/{photo_id}/dicom")).content
    ds = dicom.read_header(instance)
    return int(ds.SeriesNumber), int(ds.InstanceNumber)
