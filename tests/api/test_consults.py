import base64
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient

from consult.bootstrap import Backends
from consult.models import Consult, Participant, Role, now
from tests.factories import (
    People,
    Somebody,
    give_seat,
    make_proxy,
    make_somebody,
    signed_in,
)

# 1 January of the year 1, east of Greenwich: in UTC that is in no year at all.
BEFORE_ALL_YEARS = base64.urlsafe_b64encode(
    f"0001-01-01T00:00+23:59 {UUID(int=1)}".encode()
).decode()


class TestOpening:
    async def test_a_patients_consult_is_about_that_patient(self, people: People) -> None:
        answer = await people.patient.request(
            "POST", "/api/consults", json={"kind": "follow_up", "reason": "It itches."}
        )

        consult = answer.json()
        assert answer.status_code == 201
        assert consult["patient"] == {"id": str(people.patient.user.id), "name": "Pat Patient"}
        assert (consult["state"], consult["urgency"]) == ("submitted", "routine")
        assert (consult["reason"], consult["joined"], consult["unread"]) == ("It itches.", True, 0)
        assert consult["study_instance_uid"].startswith("2.25.")

    async def test_ems_opens_one_about_nobody_known_in_two_fields(self, people: People) -> None:
        answer = await people.ems.request(
            "POST", "/api/consults", json={"kind": "emergency", "reason": "Flash burn, both hands"}
        )

        assert answer.status_code == 201
        assert (answer.json()["patient"], answer.json()["urgency"]) == (None, "stat")

    async def test_staff_open_one_about_a_patient_who_is_then_in_it(self, people: People) -> None:
        consult_id = await people.coordinator.open_consult(patient_id=str(people.patient.user.id))

        names = {
            person["name"]
            for person in (await people.patient.read(f"/api/consults/{consult_id}"))["people"]
        }
        assert names == {"Pat Patient", "Cal Coordinator"}

    async def test_the_same_id_again_opens_nothing_twice(self, people: People) -> None:
        wish = {"id": str(uuid4()), "kind": "second_opinion"}

        first = await people.patient.request("POST", "/api/consults", json=wish)
        again = await people.patient.request("POST", "/api/consults", json=wish)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert len((await people.patient.read("/api/consults"))["items"]) == 1

    async def test_somebody_elses_id_is_a_conflict(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.other_patient.request(
            "POST", "/api/consults", json={"id": consult_id, "kind": "follow_up"}
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"kind": "party"}, "kind"),
            ({}, "kind"),
            ({"kind": "follow_up", "colour": "red"}, "colour"),
            ({"kind": "follow_up", "urgency": "now"}, "urgency"),
            ({"kind": "follow_up", "reason": "x" * 4001}, "reason"),
            ({"kind": "follow_up", "patient_id": str(uuid4())}, "patient_id"),
        ],
    )
    async def test_wrong_fields_are_named_and_not_repeated(
        self, people: People, wish: dict[str, str], field: str
    ) -> None:
        answer = await people.patient.request("POST", "/api/consults", json=wish)

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_fields")
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert "party" not in answer.text
        assert "xxxx" not in answer.text

    async def test_a_specialist_cannot_be_the_patient(self, people: People) -> None:
        answer = await people.ems.request(
            "POST",
            "/api/consults",
            json={"kind": "emergency", "patient_id": str(people.specialist.user.id)},
        )

        assert answer.status_code == 422

    async def test_an_admin_opens_none(self, people: People) -> None:
        """AZ-13."""
        answer = await people.admin.request("POST", "/api/consults", json={"kind": "follow_up"})

        assert answer.status_code == 403


class TestListing:
    async def test_each_sees_what_is_theirs(self, people: People) -> None:
        mine = await people.patient.open_consult()
        noise = await people.other_patient.open_consult()
        crew = await people.ems.open_consult(kind="emergency")

        assert await ids(people.patient) == {mine}
        assert await ids(people.other_patient) == {noise}
        assert await ids(people.ems) == {crew}
        assert await ids(people.specialist) == {mine, noise, crew}
        assert await ids(people.coordinator) == {mine, noise, crew}
        assert await ids(people.admin) == set()

    async def test_the_overdue_are_there_whatever_changed_since_longest_first(
        self, people: People, backends: Backends
    ) -> None:
        late, later, not_yet = [await people.ems.open_consult(kind="emergency") for _ in range(3)]
        await make_due(backends, later, minutes=-5)
        await make_due(backends, late, minutes=-60)
        await make_due(backends, not_yet, minutes=5)

        shown = await people.coordinator.read("/api/consults?late=true")
        others = await people.other_patient.read("/api/consults?late=true")

        assert [item["id"] for item in shown["items"]] == [late, later]
        assert shown["next"] is None
        assert others["items"] == []

    async def test_a_reply_takes_the_consult_out_of_the_inbox_of_others(
        self, people: People
    ) -> None:
        consult_id = await people.patient.open_consult()

        await people.specialist.say(consult_id, "I have it.")

        assert consult_id in await ids(people.specialist)
        assert consult_id not in await ids(people.other_specialist)
        assert (await people.other_specialist.get(f"/api/consults/{consult_id}")).status_code == 404
        assert consult_id in await ids(people.coordinator)

    async def test_what_is_listed_is_what_can_be_read(
        self, people: People, backends: Backends, client: AsyncClient
    ) -> None:
        everybody = [getattr(people, field.name) for field in fields(People)]
        names = ("mother", "former guardian", "guest", "late guest", "sent away", "glass breaker")
        roles = (Role.PATIENT, Role.PATIENT, *[Role.SPECIALIST] * 4)
        more = [
            await make_somebody(backends, client, f"m {name}", role, ours="guest" not in name)
            for name, role in zip(names, roles, strict=True)
        ]
        mother, former, guest, late, sent_away, breaker = more
        everybody += more
        opened = [
            await people.patient.open_consult(),
            await people.other_patient.open_consult(kind="pre_visit"),
            await people.ems.open_consult(kind="emergency"),
            await people.coordinator.open_consult(patient_id=str(people.patient.user.id)),
            await people.specialist.open_consult(kind="second_opinion"),
        ]
        await people.specialist.say(opened[0], "Mine.")
        await people.other_specialist.say(opened[1], "I look, quietly.", audience="clinicians")
        opened.append(await people.patient.open_consult(kind="pre_visit"))
        await sent_away.say(opened[5], "Mine.")
        for colleague in (guest, late):
            await give_seat(backends, people.specialist, colleague, opened[0])
        await people.specialist.close(opened[0])
        past = datetime(2026, 1, 1, tzinfo=UTC)
        await make_proxy(backends, people.patient, mother)
        await make_proxy(backends, people.patient, former, ends_at=past)
        await make_proxy(backends, people.other_patient, former, ended_at=past)
        path = f"/api/consults/{opened[3]}/confidential"
        assert (await people.patient.post(path, confidential=True)).status_code == 200
        path = f"/api/consults/{opened[5]}/seats/{sent_away.user.id}"
        assert (await people.coordinator.request("DELETE", path)).status_code == 204
        glass = {"reason": "cover", "text": "The colleague is away."}
        path = f"/api/consults/{opened[0]}/break-glass"
        assert (await (await signed_in(backends, breaker)).post(path, **glass)).status_code == 201
        async with backends.database.writes.begin() as session:
            seat = await session.get_one(Participant, (UUID(opened[0]), late.user.id))
            seat.expires_at = past

        # A word among clinicians takes nothing: it still waits for everybody.
        inbox = {opened[1], opened[2], opened[3], opened[5]}
        expected = {
            mother.user.name: {opened[0], opened[5]},
            former.user.name: set[str](),
            guest.user.name: {opened[0]},
            late.user.name: set[str](),
            sent_away.user.name: inbox - {opened[5]},
            breaker.user.name: inbox | {opened[0]},
        }
        for somebody in more:
            assert await ids(somebody) == expected[somebody.user.name], somebody.user.name
        for somebody in everybody:
            readable = {
                consult_id
                for consult_id in opened
                if (await somebody.get(f"/api/consults/{consult_id}")).status_code == 200
            }
            assert await ids(somebody) == readable, somebody.user.name

    async def test_pages_follow_each_other_without_gap_or_repeat(self, people: People) -> None:
        opened = [await people.patient.open_consult() for _ in range(7)]

        seen: list[str] = []
        path = "/api/consults?limit=3"
        while path:
            page = await people.patient.read(path)
            seen += [consult["id"] for consult in page["items"]]
            path = page["next"] and f"/api/consults?limit=3&cursor={page['next']}"

        assert seen == opened[::-1]

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "2026", "bm8gdGltZQ==", BEFORE_ALL_YEARS])
    async def test_a_cursor_of_ones_own_making_is_refused(
        self, people: People, cursor: str
    ) -> None:
        answer = await people.patient.get(f"/api/consults?cursor={cursor}")

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")

    async def test_what_was_changed_last_comes_first(self, people: People) -> None:
        first, second = await people.patient.open_consult(), await people.patient.open_consult()

        await people.patient.say(first, "Still itches.")

        items = (await people.patient.read("/api/consults"))["items"]
        assert [consult["id"] for consult in items] == [first, second]


class TestReading:
    async def test_absent_and_foreign_are_one_answer(self, people: People) -> None:
        """AZ-9."""
        foreign = await people.other_patient.open_consult()

        answers = [
            await people.patient.get(f"/api/consults/{consult_id}")
            for consult_id in (foreign, uuid4())
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()

    async def test_an_id_that_is_none_is_not_found(self, people: People) -> None:
        answer = await people.patient.get("/api/consults/1;drop")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_unread_counts_what_others_said_since(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.patient.say(consult_id, "Hello?")
        await people.specialist.say(consult_id, "Hello.")
        await people.specialist.say(consult_id, "How long ago?")
        assert await unread(people.patient, consult_id) == 2
        assert await unread(people.specialist, consult_id) == 1

        answer = await people.patient.request(
            "PUT", f"/api/consults/{consult_id}/read", json={"seq": 3}
        )

        assert answer.status_code == 204
        assert await unread(people.patient, consult_id) == 0

    async def test_a_read_mark_never_goes_back_nor_ahead(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        for body in ("One", "Two"):
            await people.specialist.say(consult_id, body)
        path = f"/api/consults/{consult_id}/read"

        for seq in (2, 1):
            await people.patient.request("PUT", path, json={"seq": seq})
        ahead = await people.patient.request("PUT", path, json={"seq": 3})

        assert await unread(people.patient, consult_id) == 0
        assert ahead.status_code == 422


class TestClosing:
    async def test_a_closed_consult_takes_no_more(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "All well.")

        closed = await people.specialist.close(consult_id)
        late = await people.patient.put_message(consult_id, body="One more thing")

        assert (closed.status_code, closed.json()["state"]) == (200, "closed")
        assert (late.status_code, late.json()["code"]) == (409, "consult_closed")

    async def test_a_patient_does_not_close(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.patient.close(consult_id)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

    async def test_a_stranger_learns_nothing_from_trying(self, people: People) -> None:
        consult_id = await people.patient.open_consult()

        answer = await people.other_patient.close(consult_id)

        assert answer.status_code == 404


class TestState:
    async def test_an_answer_a_question_and_an_answer(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        states = [await state(people.patient, consult_id)]

        for who, body in (
            (people.patient, "Hello?"),
            (people.specialist, "It heals."),
            (people.patient, "And the blister?"),
            (people.specialist, "Leave it."),
        ):
            await who.say(consult_id, body)
            states.append(await state(people.patient, consult_id))

        assert states == ["submitted", "submitted", "answered", "in_review", "answered"]


async def ids(somebody: Somebody) -> set[str]:
    return {consult["id"] for consult in (await somebody.read("/api/consults"))["items"]}


async def unread(somebody: Somebody, consult_id: str) -> int:
    return (await somebody.read(f"/api/consults/{consult_id}"))["unread"]


async def state(somebody: Somebody, consult_id: str) -> str:
    return (await somebody.read(f"/api/consults/{consult_id}"))["state"]


async def make_due(backends: Backends, consult_id: str, *, minutes: int) -> None:
    async with backends.database.writes.begin() as session:
        consult = await session.get_one(Consult, UUID(consult_id))
        consult.due_at = now() + timedelta(minutes=minutes)
        session.add(consult)
