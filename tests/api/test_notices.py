"""What each person is sent, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from consult.backends.jobs.table import Job
from consult.bootstrap import Backends
from consult.models import NoticeMode, QuietHours
from consult.preferences import when
from consult.tasks import tasks_of
from tests.factories import People, Somebody
from tests.mailbox import mails, work

NOBODY = UUID(int=0)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestWhen:
    """Nights in New York, on ordinary days and when the clocks change."""

    @pytest.mark.parametrize(
        ("moment", "hours"),
        [
            ("2026-11-24T15:00", 0),  # ten in the morning there
            ("2026-11-25T03:30", 8.5),  # half past ten at night: until seven
            ("2026-11-25T11:59", 1 / 60),
            ("2026-11-25T12:00", 0),
            ("2027-03-14T05:00", 6),  # midnight, and an hour is skipped
            ("2026-11-01T04:00", 8),  # midnight, and an hour comes twice
        ],
    )
    def test_what_is_not_urgent_waits_until_the_morning(self, moment: str, hours: float) -> None:
        night = QuietHours(
            user_id=NOBODY, begins="22:00", ends="07:00", time_zone="America/New_York"
        )

        waits = when(NoticeMode.ON, night, at(moment))

        assert timedelta(seconds=waits.delay) == timedelta(hours=hours)
        assert not waits.digest

    def test_a_digest_comes_at_its_hour_the_same_day_or_the_next(self) -> None:
        hours = QuietHours(user_id=NOBODY, digest_at="08:00", time_zone="UTC")

        early = when(NoticeMode.DIGEST, hours, at("2026-11-24T07:00"))
        late = when(NoticeMode.DIGEST, hours, at("2026-11-24T08:00"))

        assert (early.delay, late.delay) == (3600, 24 * 3600)
        assert early.digest

    def test_quiet_hours_within_one_day_are_quiet_hours_too(self) -> None:
        noon = QuietHours(user_id=NOBODY, begins="12:00", ends="13:00", time_zone="UTC")

        assert when(NoticeMode.ON, noon, at("2026-11-24T12:15")).delay == 45 * 60
        assert when(NoticeMode.ON, noon, at("2026-11-24T13:00")).delay == 0


async def choose(who: Somebody, **wish: Any) -> Any:
    answer = await who.request("PUT", "/api/me/notices", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def delays(backends: Backends, who: Somebody) -> dict[str, float]:
    """Seconds until each job that is for this person."""
    async with backends.database.reads() as session:
        jobs = (await session.exec(select(Job))).all()
    moment = datetime.now(UTC)
    return {
        job.name: (job.run_at - moment).total_seconds()
        for job in jobs
        if job.args.get("user_id") == str(who.user.id)
    }


async def test_everything_is_on_until_somebody_chooses(people: People) -> None:
    chosen = await people.patient.read("/api/me/notices")

    assert set(chosen["events"].values()) == {"on"}
    assert (chosen["quiet_begins"], chosen["digest_at"]) == (None, "08:00")


async def test_what_is_chosen_is_kept(people: People) -> None:
    wish = {
        "events": {"news": "digest"},
        "quiet_begins": "22:00",
        "quiet_ends": "07:00",
        "time_zone": "Europe/Lisbon",
    }

    await choose(people.specialist, **wish)

    read = await people.specialist.read("/api/me/notices")
    assert read["events"]["news"] == "digest"
    assert (read["quiet_begins"], read["time_zone"]) == ("22:00", "Europe/Lisbon")


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Nowhere"}, {"quiet_begins": "22:00"}, {"digest_at": "25:00"}]
)
async def test_what_makes_no_sense_is_refused(people: People, wrong: dict[str, str]) -> None:
    answer = await people.patient.request("PUT", "/api/me/notices", json=wrong)

    assert answer.status_code == 422


async def test_a_digest_is_one_mail_for_everything(people: People, backends: Backends) -> None:
    await choose(people.patient, events={"news": "digest"})
    for _ in range(3):
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "It heals.")
        await people.specialist.say(consult_id, "Very well.")

    await work(backends, tasks_of(backends))

    theirs = [mail for mail in mails(backends) if mail["To"] == people.patient.user.email]
    assert [mail["Subject"] for mail in theirs] == ["What is new today"]
    assert "heals" not in str(theirs[0])


async def test_an_emergency_does_not_wait_for_the_morning(
    people: People, backends: Backends
) -> None:
    whole_day = {"quiet_begins": "00:00", "quiet_ends": "23:59"}
    await choose(people.specialist, events={"consult_opened": "digest"}, **whole_day)
    await choose(people.other_specialist, **whole_day)

    await people.ems.open_consult(kind="emergency")

    for who in (people.specialist, people.other_specialist):
        assert (await delays(backends, who))["send_notice"] < 3


async def test_what_is_not_urgent_does(people: People, backends: Backends) -> None:
    moment = datetime.now(UTC)
    begins, ends = (moment + timedelta(hours=hours) for hours in (-1, 2))
    quiet = {"quiet_begins": f"{begins:%H:%M}", "quiet_ends": f"{ends:%H:%M}"}
    await choose(people.specialist, **quiet)

    await people.patient.open_consult()

    assert 3600 < (await delays(backends, people.specialist))["send_notice"] <= 2 * 3600
    assert (await delays(backends, people.other_specialist))["send_notice"] < 3


async def test_the_team_on_duty_hears_and_nobody_else_of_the_team(
    people: People, backends: Backends
) -> None:
    at_once = await people.specialist.read(
        "/api/services/5e41ce00-0000-4000-8000-000000000001/roster?days=1"
    )
    day = at_once["gaps"][0]["starts_at"][:10]
    ends = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}T12:00"
    for rung, who in (("primary", people.specialist), ("backup", people.coordinator)):
        answer = await people.coordinator.post(
            "/api/services/5e41ce00-0000-4000-8000-000000000001/shifts",
            user_id=str(who.user.id),
            rung=rung,
            starts=f"{day}T00:00",
            ends=ends,
        )
        assert answer.status_code == 201, answer.text
    consult_id = await people.patient.open_consult()
    opened = {
        name: await delays(backends, who)
        for name, who in (("on", people.coordinator), ("off", people.other_specialist))
    }

    await people.patient.say(consult_id, "And it itches.")

    assert set(opened["on"]) == {"send_notice"}
    assert opened["off"] == {}
    assert set(await delays(backends, people.specialist)) == {"send_notice"}
    assert await delays(backends, people.other_specialist) == {}
