"""What patients agree to: by purpose, only added, and held to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from consult.bootstrap import Backends
from consult.consults import get_seat
from consult.models import AuditRow, Capacity, ConsentMethod, ConsentRow, Purpose
from tests.factories import People, Somebody, signed_in
from tests.imaging.photos import make_jpeg


class TestOpening:
    async def test_a_patient_who_opens_a_consult_agrees_to_care(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        (said,) = (await history(people.patient, consult_id))["items"]
        assert (said["purpose"], said["given"], said["capacity"], said["method"]) == (
            "care", True, "self", "tap",
        )  # fmt: skip
        assert said["text_version"]
        assert said["given_by"]["name"] == "Pat Patient"

    async def test_for_anybody_else_an_emergency_speaks(self, people: People) -> None:
        known = {"patient_id": str(people.patient.user.id)}
        opened = [
            await people.ems.open_consult(kind="emergency"),
            await people.ems.open_consult(kind="emergency", **known),
            await people.coordinator.open_consult(**known),
        ]

        for consult_id in opened:
            consult = await people.coordinator.read(f"/api/consults/{consult_id}")
            assert (consult["consent"], consult["consent_overdue"]) == ("emergency", False)

    async def test_a_clinician_says_how_the_patient_agreed(self, people: People) -> None:
        consult_id = await people.coordinator.open_consult(
            patient_id=str(people.patient.user.id), consent="verbal"
        )

        (said,) = (await history(people.patient, consult_id))["items"]
        assert (said["capacity"], said["method"]) == ("clinician", "verbal")
        assert said["given_by"]["name"] == "Cal Coordinator"

    @pytest.mark.parametrize("consent", ["tap", "emergency", "nod"])
    async def test_in_no_other_way(self, people: People, consent: str) -> None:
        answer = await people.ems.post("/api/consults", kind="emergency", consent=consent)

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "consent")

    async def test_a_patient_leaves_it_out(self, people: People) -> None:
        answer = await people.patient.post("/api/consults", kind="follow_up", consent="verbal")

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "consent")


class TestEmergency:
    async def test_the_treating_service_works_and_a_word_of_the_patient_ends_it(
        self, people: People
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        await people.ems.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Cool it.")

        said = await say(people.specialist, consult_id, method="verbal")

        assert (said.status_code, said.json()["capacity"]) == (201, "clinician")
        assert (await people.ems.read(f"/api/consults/{consult_id}"))["consent"] == "given"

    async def test_after_72_hours_without_one_it_shows_as_overdue(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")

        async with backends.database.reads() as session:
            seat = await get_seat(session, people.coordinator.actor, UUID(consult_id))
        assert seat.care
        due = seat.care.at + timedelta(hours=72)
        assert not seat.consent_is_overdue(due - timedelta(seconds=1))
        assert seat.consent_is_overdue(due)

    async def test_coordinators_and_the_monitor_see_what_is_overdue(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        await people.ems.open_consult(kind="emergency")  # this one is not
        async with backends.database.writes.begin() as session:
            session.add(emergency(UUID(consult_id), people.ems, hours_ago=73))

        listed = (await people.coordinator.read("/api/consults"))["items"]
        figures = (await people.admin.get("/metrics")).text

        assert {one["id"] for one in listed if one["consent_overdue"]} == {consult_id}
        assert "consult_consents_overdue 1.0" in figures


class TestTakingBack:
    """The newest row counts, and what is left to others is what the access tables leave."""

    async def test_others_read_and_close_and_the_patient_goes_on(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Hello.")

        answer = await say(await signed_in(backends, people.patient), consult_id, given=False)

        assert answer.status_code == 201
        assert await statuses(people.specialist, consult_id, photo["id"]) == [200, 200, 403, 403]
        refused = await people.specialist.put_message(consult_id, body="But")
        assert refused.json()["code"] == "consent_required"
        assert await statuses(people.patient, consult_id, photo["id"]) == [200, 200, 200, 201]
        where = {"name": "The family's own doctor", "telephone": "+1 555 0100"}
        ended = await people.specialist.post(
            f"/api/consults/{consult_id}/steps", step="decline", code="other", where=where
        )
        assert ended.json()["state"] == "declined"

    async def test_it_takes_the_passkey(self, people: People) -> None:
        """SE-4. A bearer token is not the patient's hand."""
        consult_id = await people.patient.open_consult()

        answer = await say(people.patient, consult_id, given=False)

        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

    async def test_of_everything_reaches_every_consult_and_none_opened_later(
        self, people: People, backends: Backends
    ) -> None:
        first = await people.patient.open_consult()
        path = f"/api/patients/{people.patient.user.id}/consents"
        patient = await signed_in(backends, people.patient)

        await patient.post(path, purpose="care", given=False, method="tap")
        second = await people.patient.open_consult()

        read = [
            (await people.specialist.read(f"/api/consults/{one}"))["consent"]
            for one in (first, second)
        ]
        assert read == ["withdrawn", "given"]
        assert (await people.patient.read(path))["current"]["care"] == "withdrawn"

    async def test_a_clinicians_word_does_not_give_it_again_a_signature_does(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Hello.")
        await say(await signed_in(backends, people.patient), consult_id, given=False)

        word = await say(people.specialist, consult_id, method="verbal")
        signature = await say(people.specialist, consult_id, method="signature")

        assert (word.status_code, word.json()["code"]) == (409, "consent_withdrawn")
        assert signature.status_code == 201
        await people.specialist.say(consult_id, "Good to go on.")

    async def test_a_clinician_takes_nothing_back(self, people: People, backends: Backends) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Hello.")

        answer = await say(
            await signed_in(backends, people.specialist), consult_id, given=False, method="verbal"
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


class TestOtherPurposes:
    async def test_a_picture_is_shown_for_teaching_only_with_consent_to_teaching(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Hello.")
        path = f"/api/photos/{photo['id']}/image"

        answers = [await people.specialist.get(f"{path}?purpose=teaching")]
        await say(people.patient, consult_id, purpose="teaching")
        answers += [
            await people.specialist.get(f"{path}?purpose={purpose}")
            for purpose in ("teaching", "research", "fun")
        ]
        await say(
            await signed_in(backends, people.patient), consult_id, purpose="teaching", given=False
        )
        answers += [await people.specialist.get(f"{path}?purpose=teaching")]

        assert [answer.status_code for answer in answers] == [403, 200, 403, 422, 403]
        assert answers[0].json()["code"] == "consent_required"
        assert await looks(backends) == [("photo.image.viewed", "teaching")]

    async def test_every_rendition_asks(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Hello.")

        for rendition in ("image", "preview", "dicom"):
            path = f"/api/photos/{photo['id']}/{rendition}"
            assert (await people.specialist.get(f"{path}?purpose=research")).status_code == 403
            assert (await people.specialist.get(path)).status_code == 200

    async def test_without_care_nobody_teaches_with_it(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Hello.")
        await say(people.patient, consult_id, purpose="teaching")

        await say(await signed_in(backends, people.patient), consult_id, given=False)

        answer = await people.specialist.get(f"/api/photos/{photo['id']}/image?purpose=teaching")
        assert answer.status_code == 403

    async def test_only_a_specialist_in_the_consult_asks_at_all(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await people.specialist.say(consult_id, "Hello.")
        await say(people.patient, consult_id, purpose="teaching")
        path = f"/api/photos/{photo['id']}/image?purpose=teaching"

        asked = [
            await somebody.get(path)
            for somebody in (people.coordinator, people.other_specialist, people.other_patient)
        ]

        assert [answer.status_code for answer in asked] == [403, 404, 404]


class TestTheRecord:
    @pytest.mark.parametrize(
        "change", ["UPDATE consentrow SET given = 0", "DELETE FROM consentrow"]
    )
    async def test_the_database_itself_refuses_a_change(
        self, people: People, backends: Backends, change: str
    ) -> None:
        await people.patient.open_consult()

        with pytest.raises(IntegrityError, match="only added"):
            async with backends.database.writes.begin() as session:
                await (await session.connection()).execute(text(change))

    async def test_the_history_is_whole_and_newest_first(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.patient.open_consult()
        patient = await signed_in(backends, people.patient)
        for given in (True, False, True):
            await say(patient, consult_id, purpose="research", given=given)

        shown = await history(patient, consult_id)

        said = [one["given"] for one in shown["items"] if one["purpose"] == "research"]
        assert said == [True, False, True]
        assert shown["current"] == {"care": "given", "teaching": "missing", "research": "given"}
        assert await deeds(backends) == ["consent.given", "consent.withdrawn", "consent.given"]

    @pytest.mark.parametrize(
        ("who", "method"),
        [
            ("patient", "verbal"),
            ("patient", "emergency"),
            ("specialist", "tap"),
            ("specialist", "emergency"),
        ],
    )
    async def test_each_in_their_own_way(self, people: People, who: str, method: str) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Hello.")

        answer = await say(getattr(people, who), consult_id, method=method)

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "method")

    async def test_a_specialist_sees_no_consult_of_others_in_it(self, people: People) -> None:
        mine, others = await people.patient.open_consult(), await people.patient.open_consult()
        await people.specialist.say(mine, "Hello.")
        await people.other_specialist.say(others, "Hello.")
        path = f"/api/patients/{people.patient.user.id}/consents"

        told = {
            who.user.name: {one["consult_id"] for one in (await who.read(path))["items"]}
            for who in (people.patient, people.specialist, people.coordinator)
        }

        assert told == {
            "Pat Patient": {mine, others},
            "Sol Specialist": {mine},
            "Cal Coordinator": {mine, others},
        }

    async def test_strangers_and_absent_patients_are_one_answer(self, people: People) -> None:
        answers = [
            await people.other_patient.get(f"/api/patients/{patient_id}/consents")
            for patient_id in (people.patient.user.id, people.specialist.user.id, uuid4())
        ]

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1


async def say(
    somebody: Somebody,
    consult_id: str,
    *,
    purpose: str = "care",
    given: bool = True,
    method: str = "tap",
) -> Any:
    path = f"/api/consults/{consult_id}/consents"
    return await somebody.post(path, purpose=purpose, given=given, method=method)


async def history(somebody: Somebody, consult_id: str) -> Any:
    return await somebody.read(f"/api/consults/{consult_id}/consents")


async def statuses(somebody: Somebody, consult_id: str, photo_id: str) -> list[int]:
    """Of reading the consult, its messages, a picture, and of saying something."""
    answers = [
        await somebody.get(f"/api/consults/{consult_id}"),
        await somebody.get(f"/api/consults/{consult_id}/messages"),
        await somebody.get(f"/api/photos/{photo_id}/image"),
        await somebody.put_message(consult_id, body="And another thing"),
    ]
    return [answer.status_code for answer in answers]


def emergency(consult_id: UUID, by: Somebody, *, hours_ago: int) -> ConsentRow:
    return ConsentRow(
        consult_id=consult_id,
        purpose=Purpose.CARE,
        given=True,
        capacity=Capacity.CLINICIAN,
        method=ConsentMethod.EMERGENCY,
        given_by=by.user.id,
        at=datetime.now(UTC) - timedelta(hours=hours_ago),
    )


async def looks(backends: Backends) -> list[tuple[str, str | None]]:
    """Every look and what it was for, in order."""
    query = select(AuditRow.action, AuditRow.purpose).where(col(AuditRow.outcome) == "allowed")
    async with backends.database.reads() as session:
        rows = (await session.exec(query.order_by("seq"))).all()
    return [(deed, purpose) for deed, purpose in rows if ".viewed" in deed]


async def deeds(backends: Backends) -> list[str]:
    return [deed for deed in await _actions(backends) if deed.startswith("consent.")]


async def _actions(backends: Backends) -> list[str]:
    async with backends.database.reads() as session:
        return list((await session.exec(select(AuditRow.action).order_by("seq"))).all())
