"""Photos looked over: accepted, or rejected for a reason and taken again."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response
from pydicom import dcmread  # pyright: ignore[reportUnknownVariableType]  PathLike lacks its argument

from consult.bootstrap import Backends
from consult.tasks import tasks_of
from tests.api.test_image_requests import asked, close, in_hours, requests_in
from tests.factories import People, Somebody, give_seat
from tests.imaging.instances import dciodvfy
from tests.imaging.photos import make_jpeg
from tests.link import Holder
from tests.mailbox import mails, work

PHOTO, BETTER = make_jpeg(320, 240), make_jpeg(321, 240)
HAND = {"body_site": "hand", "laterality": "L", "view": "back"}


async def review(somebody: Somebody, photo_id: str, verdict: str, **more: Any) -> Response:
    return await somebody.post(f"/api/photos/{photo_id}/review", verdict=verdict, **more)


async def reject(somebody: Somebody, photo_id: str, **more: Any) -> Any:
    answer = await review(somebody, photo_id, "rejected", **{"reason": "blurred"} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def waiting(somebody: Somebody) -> list[str]:
    return [photo["id"] for photo in (await somebody.read("/api/reviews"))["photos"]]


@pytest.fixture
async def consult_id(people: People) -> str:
    return await people.patient.open_consult()


@pytest.fixture
async def photo_id(people: People, consult_id: str) -> str:
    return (await people.patient.attach(consult_id, PHOTO, **HAND))["id"]


class TestWorklist:
    async def test_it_holds_what_nobody_has_looked_over_oldest_first(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        other = await people.other_patient.open_consult()
        second = (await people.other_patient.attach(other, PHOTO))["id"]
        third = (await people.patient.attach(consult_id, BETTER))["id"]

        assert await waiting(people.specialist) == [photo_id, second, third]
        await review(people.specialist, second, "accepted")
        await reject(people.specialist, third)
        assert await waiting(people.specialist) == [photo_id]

    async def test_it_holds_nothing_of_what_another_specialist_has_taken(
        self, people: People, backends: Backends, consult_id: str, photo_id: str
    ) -> None:
        await people.specialist.say(consult_id, "I have it.")
        assert await waiting(people.other_specialist) == []

        await give_seat(backends, people.specialist, people.other_specialist, consult_id)

        assert await waiting(people.other_specialist) == [photo_id]
        answer = await review(people.other_specialist, photo_id, "accepted")
        assert answer.status_code == 201

    async def test_what_was_turned_or_closed_waits_no_more(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        turned = await people.patient.post(f"/api/photos/{photo_id}/turn", clockwise=90)
        assert await waiting(people.specialist) == [turned.json()["id"]]

        await close(people, consult_id)

        assert await waiting(people.specialist) == []

    async def test_who_never_sees_a_picture_reviews_none(
        self, people: People, photo_id: str
    ) -> None:
        """AZ-13 in part."""
        assert await waiting(people.coordinator) == []
        for somebody in (people.patient, people.ems, people.admin):
            assert (await somebody.get("/api/reviews")).status_code == 404
        for somebody in (people.patient, people.ems, people.admin, people.coordinator):
            assert (await review(somebody, photo_id, "accepted")).status_code in (403, 404)


class TestReviewing:
    async def test_the_verdict_is_shown_with_the_photo_to_everybody_in_it(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        made = await reject(people.specialist, photo_id, note="Focus is on the sheet")

        assert (made["verdict"], made["reason"], made["retake"]) == ("rejected", "blurred", None)
        (photo,) = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"]
        assert (photo["verdict"], photo["rejected_for"]) == ("rejected", "blurred")
        assert "Focus" not in str(photo)

    async def test_reviewing_at_the_inbox_takes_nothing_from_it(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        await review(people.specialist, photo_id, "accepted")

        assert not (await people.specialist.read(f"/api/consults/{consult_id}"))["joined"]

    async def test_a_later_review_counts_and_takes_the_retake_back(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        await reject(people.specialist, photo_id, retake_by=in_hours(24))

        answer = await review(people.specialist, photo_id, "accepted")

        assert answer.status_code == 201
        (photo,) = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"]
        assert (photo["verdict"], photo["rejected_for"]) == ("accepted", None)
        (request,) = await requests_in(people.patient, consult_id)
        assert request["ended_at"]
        assert (await people.specialist.get(f"/api/photos/{photo_id}/rejection")).status_code == 404

    async def test_the_same_review_again_reviews_nothing_twice(
        self, people: People, photo_id: str
    ) -> None:
        review_id, retake_by = str(uuid4()), in_hours(24)
        first = await reject(people.specialist, photo_id, id=review_id, retake_by=retake_by)

        again = await review(
            people.specialist, photo_id, "rejected", reason="blurred", id=review_id,
            retake_by=retake_by,
        )  # fmt: skip
        other = await review(people.specialist, photo_id, "accepted", id=review_id)

        assert (again.status_code, again.json()) == (200, first)
        assert (other.status_code, other.json()["code"]) == (409, "id_taken")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"verdict": "rejected"},
            {"verdict": "accepted", "reason": "blurred"},
            {"verdict": "rejected", "reason": "ugly"},
            {"verdict": "rejected", "reason": "blurred", "retake_by": "2020-01-01T00:00:00Z"},
        ],
    )
    async def test_what_cannot_be_is_refused_and_changes_nothing(
        self, people: People, consult_id: str, photo_id: str, wrong: dict[str, str]
    ) -> None:
        answer = await people.specialist.post(f"/api/photos/{photo_id}/review", **wrong)

        assert answer.status_code == 422
        (photo,) = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"]
        assert photo["verdict"] is None

    async def test_a_photo_that_was_replaced_is_not_reviewed(
        self, people: People, photo_id: str
    ) -> None:
        await people.patient.post(f"/api/photos/{photo_id}/turn", clockwise=90)

        answer = await review(people.specialist, photo_id, "accepted")

        assert (answer.status_code, answer.json()["code"]) == (409, "already_replaced")


class TestRetake:
    async def test_the_patient_is_told_what_is_wrong_and_takes_it_again_by_link(
        self,
        people: People,
        client: AsyncClient,
        backends: Backends,
        consult_id: str,
        photo_id: str,
    ) -> None:
        made = await reject(people.specialist, photo_id, reason="too_dark", retake_by=in_hours(24))
        await work(backends, tasks_of(backends))
        (mail,) = [mail for mail in mails(backends) if "asked to send" in str(mail["Subject"])]
        assert mail["To"] == people.patient.user.email
        assert made["retake"]["link"] in mail.get_content()

        holder = Holder(client, made["retake"]["link"])
        asks = await holder.asked()
        assert (asks["purpose"], asks["rejected_for"]) == ("retake", "too_dark")
        assert asks["wanted"] == [HAND]
        receipt = await holder.send(BETTER)

        old, new = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"]
        assert (old["id"], old["replaced_by"]) == (photo_id, receipt["id"])
        assert (new["retake_of"], new["verdict"]) == (photo_id, None)
        assert (new["body_site"], new["laterality"], new["view"]) == tuple(HAND.values())
        assert await waiting(people.specialist) == [new["id"]]
        (request,) = await requests_in(people.patient, consult_id)
        assert request["met_at"]

    async def test_signed_in_they_see_their_photo_and_take_it_again(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        made = await reject(people.specialist, photo_id, retake_by=in_hours(24))
        (request,) = await requests_in(people.patient, consult_id)
        assert request["id"] == made["retake"]["items"][0]["id"]
        preview = await people.patient.get(f"/api/photos/{request['retake_of']}/preview")
        assert preview.status_code == 200

        path = f"/api/consults/{consult_id}/requests/{request['id']}/photos/{uuid4()}"
        answer = await people.patient.request("PUT", path, content=BETTER)

        assert answer.json()["retake_of"] == photo_id

    async def test_only_one_photo_takes_the_place_and_a_second_one_stands_beside_it(
        self, people: People, client: AsyncClient, consult_id: str, photo_id: str
    ) -> None:
        made = await reject(people.specialist, photo_id, retake_by=in_hours(24))
        holder = Holder(client, made["retake"]["link"])

        first = await holder.send(BETTER)
        await holder.send(make_jpeg(322, 240))

        photos = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"]
        assert [photo["replaced_by"] for photo in photos] == [first["id"], None, None]
        assert [photo["retake_of"] for photo in photos] == [None, photo_id, None]

    async def test_what_came_by_link_is_asked_for_again_where_it_was_asked_for(
        self, people: People, client: AsyncClient, consult_id: str
    ) -> None:
        first = await asked(
            people.specialist, consult_id, email="ana@example.org", language="es", wanted=[HAND]
        )
        receipt = await Holder(client, first["link"]).send(PHOTO)

        made = await reject(people.specialist, receipt["id"], retake_by=in_hours(24))

        (again,) = made["retake"]["items"]
        assert (again["email"], again["language"]) == ("ana@example.org", "es")


class TestInDicom:
    async def test_a_rejection_is_a_key_object_selection_that_dciodvfy_accepts(
        self, people: People, photo_id: str, tmp_path: Any
    ) -> None:
        await reject(people.specialist, photo_id, reason="too_bright")
        instance = await people.specialist.get(f"/api/photos/{photo_id}/dicom")

        answer = await people.specialist.get(f"/api/photos/{photo_id}/rejection")

        assert answer.headers["content-type"] == "application/dicom"
        path = tmp_path / "rejection.dcm"
        path.write_bytes(answer.content)
        assert dciodvfy(path) == []
        ds, photo = dcmread(path), dcmread(BytesIO(instance.content))
        (title,) = ds.ConceptNameCodeSequence
        assert (title.CodeValue, title.CodingSchemeDesignator) == ("113001", "DCM")
        reference = ds.ContentSequence[-1].ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID == photo.SOPInstanceUID

    async def test_it_is_the_same_document_each_time(self, people: People, photo_id: str) -> None:
        await reject(people.specialist, photo_id)
        path = f"/api/photos/{photo_id}/rejection"

        first, again = [await people.specialist.get(path) for _ in range(2)]

        assert first.content == again.content

    async def test_of_a_photo_that_was_not_rejected_there_is_none(
        self, people: People, photo_id: str
    ) -> None:
        path = f"/api/photos/{photo_id}/rejection"
        assert (await people.specialist.get(path)).status_code == 404

        await review(people.specialist, photo_id, "accepted")

        assert (await people.specialist.get(path)).status_code == 404
        assert (await people.other_patient.get(path)).status_code == 404
