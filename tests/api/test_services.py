"""Services and rosters: by the clocks of the place, on the two odd days of the year as well."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from consult.accounts import disable_user
from consult.bootstrap import Backends
from consult.models import DEFAULT_SERVICE, User
from tests.factories import People

LISBON = {"name": "Lisbon burns", "time_zone": "Europe/Lisbon", "telephone": "+351 21 000 000"}


@pytest.fixture
async def service(people: People) -> str:
    answer = await people.coordinator.post("/api/services", **LISBON)
    assert answer.status_code == 201, answer.text
    return f"/api/services/{answer.json()['id']}"


def shift(people: People, **more: Any) -> dict[str, Any]:
    return {
        "user_id": str(people.specialist.user.id),
        "rung": "primary",
        "starts": "2027-03-27T20:00",
        "ends": "2027-03-28T08:00",
    } | more


async def test_every_installation_has_one_with_the_defaults_of_the_clinical_page(
    people: People,
) -> None:
    (first,) = (await people.patient.read("/api/services"))["items"]

    assert first["id"] == str(DEFAULT_SERVICE)
    assert first["levels"]["red"] == {
        "acknowledge": 2,
        "reply": 10,
        "primary": 0,
        "backup": 5,
        "supervisor": 10,
        "working_hours": False,
    }
    assert first["levels"]["green"]["working_hours"] is True
    assert first["telephone"] == "911"
    assert (first["asker_hours"], first["remind_hours"], first["link_grace_hours"]) == (72, 24, 72)
    assert (first["outcome_after_days"], first["outcome_within_days"]) == (7, 30)


async def test_its_times_are_its_own(people: People, service: str) -> None:
    wish = LISBON | {"levels": {"red": {"acknowledge": 1, "backup": 2, "supervisor": 3}}}

    changed = await people.coordinator.request("PUT", service, json=wish)
    opened = await people.ems.post(
        "/api/consults", kind="emergency", service_id=service.rsplit("/", 1)[1]
    )

    assert changed.json()["levels"]["red"]["backup"] == 2
    assert changed.json()["levels"]["red"]["reply"] == 10
    clock = opened.json()["clock"]
    assert opened.json()["service"]["telephone"] == "+351 21 000 000"
    span = datetime.fromisoformat(clock["acknowledge_by"]) - datetime.fromisoformat(
        clock["sent_at"]
    )
    assert span == timedelta(minutes=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Lisbon"},
        {"time_zone": "../../etc/passwd"},
        {"week": [None] * 7},
        {"week": [["09:00", "17:00"]]},
        {"levels": {"red": {"backup": 9, "supervisor": 4}}},
        {"levels": {"red": {"reply": -1}}},
        {"telephone": "call us"},
        {"holidays": ["Easter"]},
        {"remind_hours": 0},
        {"outcome_after_days": 0},
    ],
)
async def test_what_would_fail_on_the_day_is_refused_before(
    people: People, service: str, wrong: dict[str, Any]
) -> None:
    answer = await people.coordinator.request("PUT", service, json=LISBON | wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_fields")


async def test_a_night_shift_is_an_hour_shorter_when_summer_time_begins(
    people: People, service: str
) -> None:
    spring = await people.coordinator.post(f"{service}/shifts", **shift(people))
    autumn = await people.coordinator.post(
        f"{service}/shifts", **shift(people, starts="2027-10-30T20:00", ends="2027-10-31T08:00")
    )

    assert (spring.json()["starts_at"], spring.json()["ends_at"]) == (
        "2027-03-27T20:00:00.000Z",
        "2027-03-28T07:00:00.000Z",
    )
    assert spring.json()["ends"] == "2027-03-28T08:00:00+01:00"
    assert (autumn.json()["starts_at"], autumn.json()["ends_at"]) == (
        "2027-10-30T19:00:00.000Z",
        "2027-10-31T08:00:00.000Z",
    )


async def test_the_team_is_whoever_may_be_on_duty_also_without_a_shift(
    people: People, service: str
) -> None:
    named = [
        person["name"] for person in (await people.specialist.read(f"{service}/team"))["items"]
    ]

    assert named == ["Cal Coordinator", "Sky Specialist", "Sol Specialist"]


async def test_whoever_is_shut_out_is_not_of_the_team(
    people: People, service: str, backends: Backends
) -> None:
    async with backends.database.writes.begin() as session:
        await disable_user(session, await session.get_one(User, people.other_specialist.user.id))

    team = (await people.coordinator.read(f"{service}/team"))["items"]

    assert str(people.other_specialist.user.id) not in {person["id"] for person in team}
    assert str(people.specialist.user.id) in {person["id"] for person in team}


async def test_gaps_are_shown_before_they_come(people: People, service: str) -> None:
    empty = await people.specialist.read(f"{service}/roster?days=2")
    now = empty["gaps"][0]["starts_at"]
    for rung in ("primary", "backup", "supervisor"):
        wish = shift(people, rung=rung, starts="2026-01-01T00:00", ends="2026-01-02T00:00")
        await people.coordinator.post(f"{service}/shifts", **wish)
    added = await people.coordinator.post(
        f"{service}/shifts",
        **shift(people, starts=f"{now[:10]}T00:00", ends=_days_after(now, 1)),
    )

    roster = await people.specialist.read(f"{service}/roster?days=2")

    assert added.status_code == 201
    assert {gap["rung"] for gap in empty["gaps"]} == {"primary", "backup", "supervisor"}
    assert roster["on_duty"]["primary"]["name"] == "Sol Specialist"
    (gap,) = [gap for gap in roster["gaps"] if gap["rung"] == "primary"]
    assert gap["starts_at"] == added.json()["ends_at"]
    gone = f"{service}/shifts/{added.json()['id']}"
    assert (await people.coordinator.request("DELETE", gone)).status_code == 204
    after = await people.specialist.read(f"{service}/roster?days=2")
    assert (after["on_duty"], after["shifts"]) == ({}, [])


def _days_after(moment: str, days: int) -> str:
    return f"{(datetime.fromisoformat(moment) + timedelta(days=days)).date()}T00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": "2027-03-27T19:00"},
        {"ends": "2027-06-28T08:00"},
        {"starts": "2027-03-27T20:00Z"},
        {"rung": "boss"},
    ],
)
async def test_a_shift_that_makes_no_sense_is_refused(
    people: People, service: str, wrong: dict[str, Any]
) -> None:
    answer = await people.coordinator.post(f"{service}/shifts", **shift(people, **wrong))

    assert answer.status_code == 422


async def test_a_patient_is_not_put_on_duty(people: People, service: str) -> None:
    wish = shift(people, user_id=str(people.patient.user.id))

    answer = await people.coordinator.post(f"{service}/shifts", **wish)

    assert answer.json()["errors"][0]["field"] == "user_id"


async def test_a_consult_is_forwarded_and_waits_there_with_the_promise_it_had(
    people: People, service: str
) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")
    before = await people.specialist.read(f"/api/consults/{consult_id}")
    path = f"/api/consults/{consult_id}/steps"
    await people.specialist.post(path, step="acknowledge")

    answer = await people.specialist.post(
        path,
        step="forward",
        service_id=service.rsplit("/", 1)[1],
        code="other_service",
        reason="A child.",
    )

    after = answer.json()
    assert (answer.status_code, after["state"]) == (200, "submitted")
    assert after["service"]["name"] == "Lisbon burns"
    assert after["clock"]["reply_by"] == before["clock"]["reply_by"]
    assert after["clock"]["acknowledged_by"] is None


class TestHandingOver:
    async def test_nothing_changes_hands_before_the_other_one_accepts(self, people: People) -> None:
        service = f"/api/services/{DEFAULT_SERVICE}"
        now = (await people.specialist.read(f"{service}/roster?days=1"))["gaps"][0]["starts_at"]
        await people.coordinator.post(
            f"{service}/shifts",
            **shift(people, starts=f"{now[:10]}T00:00", ends=_days_after(now, 1)),
        )
        mine = [await people.ems.open_consult(kind="emergency") for _ in range(2)]
        for consult_id in mine:
            await people.specialist.post(f"/api/consults/{consult_id}/steps", step="acknowledge")

        offered = await people.specialist.post(
            f"{service}/handovers", to_id=str(people.other_specialist.user.id)
        )
        path = f"/api/handovers/{offered.json()['id']}"
        own = await people.specialist.post(f"{path}/acceptance")
        before = await people.other_specialist.get(f"/api/consults/{mine[0]}")
        accepted = await people.other_specialist.post(f"{path}/acceptance")
        again = await people.other_specialist.post(f"{path}/acceptance")

        assert (offered.status_code, offered.json()["weight"]) == (201, {"red": 2})
        assert (own.status_code, before.status_code) == (404, 404)
        assert (accepted.status_code, again.status_code) == (200, 409)
        for consult_id in mine:
            shown = await people.ems.read(f"/api/consults/{consult_id}")
            assert shown["clock"]["acknowledged_by"]["name"] == "Sky Specialist"
            (row,) = (await people.ems.read(f"/api/consults/{consult_id}/steps"))["items"][-1:]
            assert (row["step"], row["reason_code"]) == ("reassign", "handover")
        roster = await people.specialist.read(f"{service}/roster?days=1")
        assert roster["on_duty"]["primary"]["name"] == "Sky Specialist"

    async def test_one_that_is_declined_stays(self, people: People) -> None:
        service = f"/api/services/{DEFAULT_SERVICE}"
        offered = await people.specialist.post(
            f"{service}/handovers", to_id=str(people.other_specialist.user.id)
        )

        path = f"/api/handovers/{offered.json()['id']}"
        declined = await people.other_specialist.post(f"{path}/refusal")
        late = await people.other_specialist.post(f"{path}/acceptance")

        assert (declined.status_code, late.status_code) == (200, 409)
