"""A photo turned by hand: a new one in its place, and the old one still there."""

import asyncio
import hashlib
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from PIL import Image
from sqlmodel import col, select

from consult.bootstrap import Backends
from consult.imaging import dicom
from consult.models import AuditRow, Event
from tests.factories import People, Somebody
from tests.imaging.photos import make_jpeg, tell_all_exif
from tests.needs import needs_turbo

PHOTO = make_jpeg(320, 240, exif=tell_all_exif())
IMPERFECT = make_jpeg(321, 243, subsampling=2)
FACTS = {"body_site": "hand", "laterality": "L", "view": "back", "note": "Day 3"}


class TestTurning:
    async def test_the_turned_photo_is_another_photo_of_the_same_facts(
        self, people: People
    ) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO, **FACTS)
        new_id = str(uuid4())

        shown = await turned(people.patient, sent, clockwise=90, id=new_id)

        assert (shown["id"], shown["turned_from"]) == (new_id, sent["id"])
        assert (shown["width"], shown["height"]) == (240, 320)
        assert (shown["turned_clockwise"], shown["replaced_by"]) == (90, None)
        assert shown["turned_by"]["name"] == "Pat Patient"
        assert shown["turned_at"] > sent["created_at"]
        assert {name for name in sent if shown[name] != sent[name]} <= CHANGED
        assert shown["sop_instance_uid"] != sent["sop_instance_uid"]

    async def test_the_old_photo_stays_and_names_its_successor(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        before = (await people.specialist.get(f"/api/photos/{sent['id']}/dicom")).content

        shown = await turned(people.patient, sent)

        old = await people.patient.read(f"/api/photos/{sent['id']}")
        assert old == sent | {"replaced_by": shown["id"]}
        assert (await people.specialist.get(f"/api/photos/{sent['id']}/dicom")).content == before

    async def test_the_picture_lies_on_its_other_side(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        for clockwise in (90, 180, 270):
            sent = await turned(people.patient, sent, clockwise=clockwise)

        picture = (await people.specialist.get(f"/api/photos/{sent['id']}/image")).content
        preview = (await people.specialist.get(f"/api/photos/{sent['id']}/preview")).content
        assert hashlib.sha256(picture).hexdigest() == sent["sha256"]
        red, blue = (200, 40, 30), (30, 160, 60)  # of the upper left and lower left corner
        for shown in (picture, preview):  # 540 degrees are 180
            image = Image.open(BytesIO(shown)).convert("RGB")
            assert near(image.getpixel((image.width - 9, image.height - 9)), red)
            assert near(image.getpixel((image.width - 9, 9)), blue)

    async def test_the_dicom_instance_names_the_one_that_was_sent(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO, **FACTS)
        once = await turned(people.patient, sent)

        twice = await turned(people.specialist, once)

        old, new = await header(people, sent), await header(people, twice)
        for shown in (await header(people, once), new):
            [source] = shown.SourceImageSequence
            assert source.ReferencedSOPInstanceUID == old.SOPInstanceUID
            assert source.ReferencedSOPClassUID == old.SOPClassUID
        for same in (
            *("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesTime"),
            *("AcquisitionDateTime", "ContentTime", "ImageLaterality", "PatientID"),
        ):
            assert new[same] == old[same], same
        assert new.SOPInstanceUID == twice["sop_instance_uid"]
        assert (old.InstanceNumber, new.InstanceNumber) == (1, 3)

    async def test_the_certificate_goes_on_where_the_first_one_ended(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        shown = await turned(people.specialist, sent)

        before, after = await certificate(people, sent), await certificate(people, shown)

        assert after["steps"][: len(before["steps"])] == before["steps"]
        assert after["steps"][len(before["steps"])] == "turned 90 by a clinician"
        assert after["sha256_before"] == hashlib.sha256(PHOTO).hexdigest()
        assert after["sha256_after"] == shown["sha256"] != sent["sha256"]
        for same in ("found", "removed_bytes", "kept"):
            assert after[same] == before[same]

    async def test_whole_blocks_are_turned_without_loss(self, people: People) -> None:
        needs_turbo()
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        shown = await turned(people.patient, sent)

        assert shown["lossless"] is True
        assert shown["scrub_summary"].endswith("turned upright and is otherwise unchanged.")
        assert (await header(people, shown)).ImageType == ["ORIGINAL", "PRIMARY"]

    async def test_other_pictures_are_encoded_anew_and_say_so(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), IMPERFECT)

        shown = await turned(people.patient, sent)

        ds = await header(people, shown)
        assert shown["lossless"] is False
        assert ds.ImageType == ["DERIVED", "PRIMARY"]
        assert ds.DerivationDescription == "Re-encoded as JPEG 4:4:4, turned 90"
        assert list(ds.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_10918_1"]
        assert (await certificate(people, shown))["steps"][1:] == [
            "turned 90 by the sender",
            "re-encoded q98 4:4:4: not of whole blocks",
        ]

    async def test_loss_does_not_add_up(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), IMPERFECT)
        thrice = await turned(people.patient, await turned(people.patient, sent), clockwise=180)

        round_ = await turned(people.patient, thrice)

        assert len((await header(people, thrice)).LossyImageCompressionMethod) == 2
        assert (round_["sha256"], round_["lossless"]) == (sent["sha256"], True)
        assert (round_["turned_clockwise"], round_["turned_from"]) == (0, thrice["id"])

    async def test_a_turned_photo_is_counted_told_and_recorded_once(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO)

        shown = await turned(people.patient, sent)

        consult = await people.patient.read(f"/api/consults/{consult_id}")
        assert consult["photo_count"] == 1
        assert {photo["id"] for photo in consult["photos"]} == {sent["id"], shown["id"]}
        async with backends.database.reads() as session:
            rows = await session.exec(select(AuditRow).where(AuditRow.object_id == shown["id"]))
            events = await session.exec(select(Event).order_by(col(Event.number)))
            assert [row.action for row in rows.all()] == ["photo.turned"]
            last = events.all()[-1]
        assert (last.kind, str(last.subject_id)) == ("photo.attached", shown["id"])

    async def test_a_message_names_the_photo_that_it_named(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO)
        await people.patient.say(consult_id, "Here.", photo_ids=[sent["id"]])

        await turned(people.patient, sent)

        thread = await people.patient.read(f"/api/consults/{consult_id}/messages")
        assert thread["items"][0]["photo_ids"] == [sent["id"]]


class TestAgain:
    async def test_the_same_turn_twice_is_one_photo(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO)
        wish = {"clockwise": 90, "id": str(uuid4())}
        first = await turn(people.patient, sent, **wish)
        await people.specialist.close(consult_id)

        again = await turn(people.patient, sent, **wish)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()

    async def test_the_same_turn_twice_at_once_is_one_photo(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO)
        wish = {"clockwise": 90, "id": str(uuid4())}

        answers = await asyncio.gather(*(turn(people.patient, sent, **wish) for _ in range(3)))

        assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
        assert len((await people.patient.read(f"/api/consults/{consult_id}"))["photos"]) == 2

    async def test_of_two_turns_at_once_one_is_made(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        sent = await people.patient.attach(consult_id, PHOTO)

        answers = await asyncio.gather(
            *(turn(somebody, sent) for somebody in (people.patient, people.specialist))
        )

        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert len((await people.patient.read(f"/api/consults/{consult_id}"))["photos"]) == 2

    async def test_a_replaced_photo_is_not_turned_again(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        await turned(people.patient, sent)

        answer = await turn(people.patient, sent)

        assert (answer.status_code, answer.json()["code"]) == (409, "already_replaced")

    async def test_an_id_that_is_taken_is_a_conflict(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        elsewhere = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        sent = await people.patient.attach(consult_id, PHOTO)
        other = await people.patient.attach(consult_id, IMPERFECT)
        shown = await turned(people.patient, other)

        for wish in (
            {"id": sent["id"]},
            {"id": other["id"]},
            {"id": shown["id"]},
            {"id": elsewhere["id"]},
        ):
            answer = await turn(people.patient, sent, **wish)
            assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")
        other_way = await turn(people.patient, other, id=shown["id"], clockwise=180)
        assert (other_way.status_code, other_way.json()["code"]) == (409, "id_taken")

    async def test_the_id_of_a_turned_photo_is_not_free_for_its_upload(
        self, people: People
    ) -> None:
        consult_id = await people.patient.open_consult()
        shown = await turned(people.patient, await people.patient.attach(consult_id, PHOTO))

        answer = await people.patient.put_photo(consult_id, PHOTO, photo_id=shown["id"])

        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")


class TestWhoMay:
    async def test_a_patient_turns_only_their_own(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        own = await people.patient.attach(consult_id, PHOTO)
        theirs = await people.specialist.attach(consult_id, IMPERFECT)

        refused = await turn(people.patient, theirs)

        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert (await turn(people.patient, own)).status_code == 201

    async def test_what_a_clinician_turned_is_still_the_patients_own(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        by_clinician = await turned(people.specialist, sent)

        back = await turned(people.patient, by_clinician, clockwise=270)

        assert by_clinician["turned_by"]["name"] == "Sol Specialist"
        assert by_clinician["created_by"]["name"] == "Pat Patient"
        assert (await certificate(people, back))["steps"][-1] == "turned back by the sender"

    async def test_a_crew_turns_photos_in_its_own_consult(self, people: People) -> None:
        sent = await people.ems.attach(await people.ems.open_consult(kind="emergency"), PHOTO)

        assert (await turn(people.ems, sent)).status_code == 201

    async def test_whoever_does_not_see_pictures_does_not_turn_them(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        assert (await turn(people.coordinator, sent)).status_code == 403

    async def test_foreign_and_absent_are_one_answer(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        await people.specialist.say(sent["consult_id"], "Mine.")

        for stranger in (
            *(people.other_patient, people.other_specialist),
            *(people.ems, people.admin),
        ):
            foreign = await turn(stranger, sent)
            absent = await turn(stranger, {"id": uuid4()})
            assert (foreign.status_code, foreign.json()) == (404, absent.json())

    async def test_a_closed_consult_keeps_its_photos_as_they_are(self, people: People) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        await people.specialist.say(sent["consult_id"], "All well.")
        await people.specialist.close(sent["consult_id"])

        answer = await turn(people.patient, sent)

        assert (answer.status_code, answer.json()["code"]) == (409, "consult_closed")

    @pytest.mark.parametrize("wish", [{"clockwise": 45}, {"clockwise": 0}, {"clockwise": "90"}, {}])
    async def test_only_whole_quarters_can_be_turned(
        self, people: People, wish: dict[str, Any]
    ) -> None:
        sent = await people.patient.attach(await people.patient.open_consult(), PHOTO)

        answer = await people.patient.request("POST", f"/api/photos/{sent['id']}/turn", json=wish)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["clockwise"]


CHANGED = {
    *("id", "sop_instance_uid", "width", "height", "sha256", "lossless", "quality"),
    *("scrub_summary", "turned_from", "turned_clockwise", "turned_by", "turned_at"),
}


async def turn(somebody: Somebody, photo: dict[str, Any], **wish: Any) -> Response:
    body = {"clockwise": 90} | wish
    return await somebody.request("POST", f"/api/photos/{photo['id']}/turn", json=body)


async def turned(somebody: Somebody, photo: dict[str, Any], **wish: Any) -> Any:
    answer = await turn(somebody, photo, **wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def header(people: People, photo: dict[str, Any]) -> Any:
    answer = await people.specialist.get(f"/api/photos/{photo['id']}/dicom")
    return dicom.read_header(answer.content)


async def certificate(people: People, photo: dict[str, Any]) -> Any:
    return await people.specialist.read(f"/api/photos/{photo['id']}/certificate")


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(pixel, colour, strict=True))
