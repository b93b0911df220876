"""The steps of a consult over HTTP: whose it is, by when, what is possible, what it all left."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, select, update

from consult.bootstrap import Backends
from consult.models import AuditRow, Step
from tests.factories import People, Somebody

WHERE = {"name": "County clinic", "telephone": "+1 555 0100", "told": "Dr. Ada Byron"}
ARRIVAL = {"clinician": "Dr. Grace", "mode": "ground", "arrives_at": "2027-01-01T12:00:00Z"}


async def step(who: Somebody, consult_id: str, name: str, **more: Any) -> Any:
    answer = await who.post(f"/api/consults/{consult_id}/steps", step=name, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_state_on_the_way_has_an_owner_and_a_due_time(people: People) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")
    path = f"/api/consults/{consult_id}"
    sides = [(await people.ems.read(path))["owner"]["side"]]
    for who, name, more in (
        (people.coordinator, "triage", {}),
        (people.specialist, "acknowledge", {}),
        (people.specialist, "begin_review", {}),
        (people.specialist, "ask", {"reason": "The back of the hand, please."}),
        (people.ems, "supply", {}),
        (people.specialist, "request_transfer", {}),
        (people.specialist, "accept_transfer", {"transfer": ARRIVAL}),
        (people.specialist, "resume", {}),
    ):
        shown = await step(who, consult_id, name, **more)
        sides.append(shown["owner"]["side"])
        assert shown["due_at"], name
    assert sides == ["service", "service", *["clinician"] * 2, "asker", *["clinician"] * 4]
    await people.specialist.say(consult_id, "Cool it for twenty minutes.")
    closed = (await people.specialist.close(consult_id)).json()

    assert (closed["state"], closed["owner"], closed["due_at"]) == ("closed", None, None)
    history = (await people.ems.read(f"{path}/steps"))["items"]
    assert [row["number"] for row in history] == list(range(1, 12))
    assert [row["step"] for row in history][-3:] == ["resume", "answer", "close"]
    assert all(row["due_at"] and row["owner"] for row in history[:-1])
    assert [row["to_state"] for row in history[:-1]] == [row["from_state"] for row in history[1:]]
    assert {row["by"]["name"] for row in history} == {
        "Erin Crew",
        "Cal Coordinator",
        "Sol Specialist",
    }
    assert history[4]["reason"] == "The back of the hand, please."
    assert history[7]["details"]["transfer"]["clinician"] == "Dr. Grace"


async def test_each_step_leaves_one_row_of_the_audit_trail(
    people: People, backends: Backends
) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")

    await step(people.specialist, consult_id, "acknowledge")
    await step(people.specialist, consult_id, "begin_review")

    async with backends.database.reads() as session:
        query = select(AuditRow.action, AuditRow.actor_id).where(AuditRow.consult_id == consult_id)
        rows = (await session.exec(query.order_by(col(AuditRow.seq)))).all()
    sol = str(people.specialist.user.id)
    assert rows[1:] == [("consult.acknowledged", sol), ("consult.review_begun", sol)]


async def test_what_is_not_possible_says_what_is(people: People) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")

    early = await people.specialist.post(f"/api/consults/{consult_id}/steps", step="begin_review")
    closed = await people.specialist.close(consult_id)

    for refused in (early, closed):
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (409, "not_possible")
        assert {"acknowledge", "ask", "decline"} <= set(problem["possible"])
        assert "answer" not in problem["possible"]
    shown = await people.specialist.read(f"/api/consults/{consult_id}")
    assert set(shown["possible"]) == set(early.json()["possible"])
    assert (await people.ems.read(f"/api/consults/{consult_id}"))["possible"] == [
        "redirect_emergency",
        "cancel",
    ]


async def test_a_coordinator_is_not_told_that_they_can_take_it(people: People) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")

    shown = await people.coordinator.read(f"/api/consults/{consult_id}")

    assert "triage" in shown["possible"]
    assert "acknowledge" not in shown["possible"]


async def test_the_other_sides_step_is_refused(people: People) -> None:
    consult_id = await people.patient.open_consult()

    answer = await people.patient.post(f"/api/consults/{consult_id}/steps", step="acknowledge")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_nothing_ends_without_a_reason_nor_is_anybody_sent_on_unannounced(
    people: People,
) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")
    path = f"/api/consults/{consult_id}/steps"

    silent = await people.ems.post(path, step="cancel")
    nowhere = await people.specialist.post(path, step="decline", code="not_a_burn")
    uncoded = await people.specialist.post(path, step="decline", reason="No", where=WHERE)
    untold = await people.specialist.post(
        path, step="redirect", code="out_of_area", where=WHERE | {"told": ""}
    )
    sent_on = await step(people.specialist, consult_id, "redirect", code="out_of_area", where=WHERE)

    assert [one.status_code for one in (silent, nowhere, uncoded, untold)] == [422] * 4
    assert sent_on["state"] == "redirected"
    history = (await people.ems.read(path))["items"]
    assert (history[-1]["reason_code"], history[-1]["details"]["where"]) == ("out_of_area", WHERE)


async def test_a_transfer_names_who_takes_the_patient_and_how_and_when(people: People) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")
    await step(people.specialist, consult_id, "acknowledge")
    await step(people.ems, consult_id, "request_transfer")
    path = f"/api/consults/{consult_id}/steps"

    nobody = await people.specialist.post(path, step="accept_transfer")
    nameless = await people.specialist.post(
        path, step="accept_transfer", transfer=ARRIVAL | {"clinician": ""}
    )
    by_id = ARRIVAL | {"clinician": "", "clinician_id": str(people.other_specialist.user.id)}
    accepted = await step(people.specialist, consult_id, "accept_transfer", transfer=by_id)

    assert (nobody.status_code, nameless.status_code) == (422, 422)
    assert accepted["state"] == "transfer_accepted"
    row = (await people.ems.read(path))["items"][-1]
    assert row["details"]["transfer"]["clinician"] == "Sky Specialist"
    assert row["details"]["transfer"]["mode"] == "ground"


async def test_the_history_is_never_changed_and_never_deleted(
    people: People, backends: Backends
) -> None:
    await people.ems.open_consult(kind="emergency")

    for change in (update(Step).values(reason_code="another"), delete(Step)):
        with pytest.raises(DBAPIError, match="never changed"):
            async with backends.database.writes.begin() as session:
                await session.exec(change)


class TestTaking:
    async def test_of_two_at_the_same_instant_one_wins_and_the_other_is_told_who(
        self, people: People
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        path = f"/api/consults/{consult_id}/steps"
        both = (people.specialist, people.other_specialist)
        for one in both:
            await one.read(f"/api/consults/{consult_id}")

        answers = await asyncio.gather(*(one.post(path, step="acknowledge") for one in both))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        won = next(one for one, a in zip(both, answers, strict=True) if a.status_code == 200)
        lost = next(answer for answer in answers if answer.status_code == 409).json()
        assert lost["code"] == "taken"
        assert lost["holder"] == {"id": str(won.user.id), "name": won.user.name}
        shown = await people.ems.read(f"/api/consults/{consult_id}")
        assert shown["clock"]["acknowledged_by"]["name"] == won.user.name
        assert [row["step"] for row in (await people.ems.read(path))["items"]] == [
            "open",
            "acknowledge",
        ]

    async def test_whoever_replies_too_late_is_told_who_has_it(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.other_specialist.read("/api/consults")
        await people.specialist.say(consult_id, "I have it.")

        late = await people.other_specialist.put_message(consult_id, body="I have it!")

        assert (late.status_code, late.json()["code"]) == (409, "taken")
        assert late.json()["holder"]["name"] == "Sol Specialist"

    async def test_whoever_was_never_shown_it_learns_nothing(self, people: People) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "I have it.")
        await people.other_specialist.read("/api/consults")

        late = await people.other_specialist.put_message(consult_id, body="I have it!")
        patient = await people.other_patient.put_message(consult_id, body="And I?")

        assert (late.status_code, patient.status_code) == (404, 404)

    async def test_reassigning_needs_a_reason_and_keeps_the_clock_running(
        self, people: People
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        before = await step(people.specialist, consult_id, "acknowledge")
        other = str(people.other_specialist.user.id)
        path = f"/api/consults/{consult_id}/steps"

        silent = await people.specialist.post(path, step="reassign", user_id=other)
        after = await step(
            people.specialist, consult_id, "reassign", user_id=other, reason="My shift ends."
        )

        assert silent.status_code == 422
        assert after["clock"]["reply_by"] == before["clock"]["reply_by"] == after["due_at"]
        assert after["clock"]["acknowledged_by"]["name"] == "Sky Specialist"
        await people.other_specialist.say(consult_id, "Now mine.")


class TestClosing:
    async def test_an_answer_that_nobody_read_is_not_closed_in_silence(
        self, people: People
    ) -> None:
        consult_id = await people.patient.open_consult()
        said = await people.specialist.say(consult_id, "All well.")
        path = f"/api/consults/{consult_id}"

        silent = await people.specialist.request("POST", f"{path}/close")
        await people.patient.request("PUT", f"{path}/read", json={"seq": said["seq"]})
        read = await people.specialist.request("POST", f"{path}/close")

        assert (silent.status_code, silent.json()["code"]) == (409, "answer_unread")
        assert (read.status_code, read.json()["state"]) == (200, "closed")


class TestRedFlags:
    async def test_a_yes_stops_the_consult_and_shows_the_number(self, people: People) -> None:
        answer = await people.patient.post(
            "/api/consults", kind="follow_up", red_flags=["breathing", "face"]
        )
        consult_id = answer.json()["id"]

        read = await people.patient.post(f"/api/consults/{consult_id}/emergency-read")

        assert answer.status_code == 201
        assert answer.json()["state"] == "redirected_emergency"
        assert answer.json()["emergency"]["number"] == "911"
        assert "911" in answer.json()["emergency"]["text"]
        assert answer.json()["emergency"]["read_at"] is None
        assert read.json()["emergency"]["read_at"]
        late = await people.patient.put_message(consult_id, body="It hurts")
        assert late.json()["code"] == "consult_closed"

    async def test_they_are_the_patients_own_answers(self, people: People) -> None:
        answer = await people.ems.post("/api/consults", kind="emergency", red_flags=["breathing"])

        assert answer.status_code == 422
