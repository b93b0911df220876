from typing import Any
from uuid import uuid4

import pytest

from consult.bootstrap import Backends
from consult.tasks import tasks_of
from tests.factories import People, Somebody
from tests.mailbox import addressees, work


class TestPosting:
    async def test_everybody_in_the_consult_reads_what_was_said(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        said = await people.patient.say(consult_id, "It hurts more today.")

        (read,) = await thread(people.specialist, consult_id)
        assert read == said
        assert (said["seq"], said["audience"], said["author"]["role"]) == (1, "everyone", "patient")

    async def test_the_same_again_is_the_same_message(self, people: People) -> None:
        consult_id, message_id = await people.patient.open_consult(), uuid4()

        answers = [
            await people.patient.put_message(consult_id, message_id=message_id, body="Hello?")
            for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        assert len(await thread(people.patient, consult_id)) == 1

    @pytest.mark.parametrize("path", ["messages", "events"])
    async def test_a_number_that_no_message_can_have_is_refused(
        self, people: People, path: str
    ) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.get(f"/api/consults/{consult_id}/{path}?after={2**63}")

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "after")

    @pytest.mark.parametrize("change", [{"body": "Other"}, {"audience": "clinicians"}])
    async def test_other_words_under_a_used_id_are_a_conflict(
        self, people: People, change: dict[str, str]
    ) -> None:
        consult_id, message_id = await people.ems.open_consult(), uuid4()
        await people.ems.put_message(consult_id, message_id=message_id, body="Hello")

        answer = await people.ems.put_message(
            consult_id, message_id=message_id, **({"body": "Hello"} | change)
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")

    async def test_an_id_used_in_another_consult_is_a_conflict(self, people: People) -> None:
        first, second = await people.patient.open_consult(), await people.patient.open_consult()
        said = await people.patient.say(first, "Hello")

        answer = await people.patient.put_message(second, message_id=said["id"], body="Hello")

        assert answer.status_code == 409

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"body": ""}, "body"),
            ({"body": "   "}, "body"),
            ({"body": "x" * 20_001}, "body"),
            ({"body": "Hi", "photo_ids": [str(uuid4())]}, "photo_ids"),
            ({"body": "Hi", "photo_ids": ["1"]}, "photo_ids.0"),
            ({"body": "Hi", "audience": "me"}, "audience"),
            ({"body": "Hi", "subject": "Hi"}, "subject"),
        ],
    )
    async def test_wrong_fields_are_named(
        self, people: People, fields: dict[str, Any], field: str
    ) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.put_message(consult_id, **fields)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    async def test_what_is_no_json_is_400(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.request(
            "PUT", f"/api/consults/{consult_id}/messages/{uuid4()}", content=b"{"
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")

    async def test_strangers_and_admins_get_404(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        for somebody in (people.other_patient, people.ems, people.admin):
            put = await somebody.put_message(consult_id, body="Let me in")
            get = await somebody.get(f"/api/consults/{consult_id}/messages")
            assert (put.status_code, get.status_code) == (404, 404)

    async def test_reading_on_from_a_number(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        for number in range(1, 6):
            await people.patient.say(consult_id, f"Message {number}")

        page = await people.patient.read(f"/api/consults/{consult_id}/messages?after=2&limit=2")

        assert [message["seq"] for message in page["items"]] == [3, 4]
        assert page["last_seq"] == 5


class TestCliniciansOnly:
    """What is said among clinicians leaves no trace in a patient's view."""

    async def test_only_clinicians_read_it(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Worried about the depth.", audience="clinicians")

        assert await thread(people.patient, consult_id) == []
        (note,) = await thread(people.coordinator, consult_id)
        assert (note["audience"], note["seq"]) == ("clinicians", 1)

    async def test_a_patient_may_not_write_to_them(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.put_message(
            consult_id, body="What do you say about me?", audience="clinicians"
        )

        assert answer.status_code == 403

    async def test_each_view_is_numbered_without_gaps(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        for audience in ("everyone", "clinicians", "clinicians", "everyone", "clinicians"):
            await people.specialist.say(consult_id, "Word", audience=audience)
        await people.patient.say(consult_id, "Thanks")

        assert [m["seq"] for m in await thread(people.patient, consult_id)] == [1, 2, 3]
        assert [m["seq"] for m in await thread(people.specialist, consult_id)] == [1, 2, 3, 4, 5, 6]

    async def test_nothing_that_a_patient_can_read_changes(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        noise = await people.patient.open_consult()
        await people.patient.say(consult_id, "Hello?")
        await people.patient.say(noise, "Hello?")
        before = await everything(people.patient, consult_id)

        await people.specialist.say(consult_id, "Deep. Call theatre.", audience="clinicians")
        await people.coordinator.say(consult_id, "Bed 4 is free.", audience="clinicians")

        assert await everything(people.patient, consult_id) == before

    async def test_who_has_only_spoken_among_clinicians_is_not_shown(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Mine.", audience="clinicians")
        await people.coordinator.say(consult_id, "Good morning.")
        assert await names(people.patient, consult_id) == ["Pat Patient", "Cal Coordinator"]
        assert "Sol Specialist" in await names(people.coordinator, consult_id)

        await people.specialist.say(consult_id, "Good morning, I am looking at your arm.")

        # Shown where they spoke up, not where they first spoke.
        assert await names(people.patient, consult_id) == [
            "Pat Patient",
            "Cal Coordinator",
            "Sol Specialist",
        ]

    async def test_no_mail_goes_to_the_patient(self, people: People, backends: Backends) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Good morning.")
        await work(backends, tasks_of(backends))
        before = addressees(backends)

        await people.coordinator.say(consult_id, "Theatre at nine.", audience="clinicians")
        await work(backends, tasks_of(backends))

        assert addressees(backends) - before == {people.specialist.user.email: 1}


async def thread(somebody: Somebody, consult_id: str) -> list[Any]:
    return (await somebody.read(f"/api/consults/{consult_id}/messages"))["items"]


async def everything(somebody: Somebody, consult_id: str) -> list[Any]:
    paths = (
        "/api/consults",
        f"/api/consults/{consult_id}",
        f"/api/consults/{consult_id}/messages",
    )
    return [await somebody.read(path) for path in paths]


async def names(somebody: Somebody, consult_id: str) -> list[str]:
    people = (await somebody.read(f"/api/consults/{consult_id}"))["people"]
    return [person["name"] for person in people]
