"""AZ-12. Emergency access: an hour, to look only, loud, and reviewed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlmodel import select

from consult.bootstrap import Backends
from consult.break_glass import break_glass, remind_of_overdue
from consult.config import Settings
from consult.consults import get_seat, list_seats
from consult.errors import NotFound
from consult.models import AuditRow, BreakGlass, GlassReason, Role
from consult.tasks import REMIND_OF_REVIEWS, tasks_of
from tests.factories import People, Somebody, make_proxy, make_somebody, signed_in
from tests.imaging.photos import make_jpeg
from tests.mailbox import addressees, mails, work

WHY = {"reason": "emergency", "text": "The patient is in our emergency room."}
OFFICERS = ("privacy@hospital.test", "second@hospital.test")
SECOND = timedelta(seconds=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"privacy_officer": ", ".join(OFFICERS)})


@pytest.fixture
async def consult_id(people: People) -> str:
    """Somebody else's: Sky Specialist has it, Sol Specialist has nothing to do with it."""
    consult_id = await people.patient.open_consult(reason="Scald on the left hand")
    await people.other_specialist.say(consult_id, "I have it.")
    return consult_id


class TestBreaking:
    async def test_a_specialist_reads_everything_and_writes_nothing(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        assert (await people.specialist.get(f"/api/consults/{consult_id}")).status_code == 404
        sol = await signed_in(backends, people.specialist)

        broken = await breaks(sol, consult_id)

        assert broken.status_code == 201
        consult = await sol.read(f"/api/consults/{consult_id}")
        assert (consult["relation"], consult["joined"]) == ("none", False)
        assert consult["emergency_until"] == broken.json()["expires_at"]
        owner = await people.other_specialist.read(f"/api/consults/{consult_id}")
        assert owner["emergency_until"] is None
        for path in (
            f"/api/consults/{consult_id}/messages",
            f"/api/photos/{photo['id']}",
            f"/api/photos/{photo['id']}/image",
            f"/api/photos/{photo['id']}/preview",
        ):
            assert (await sol.get(path)).status_code == 200
        assert consult_id in {one["id"] for one in (await sol.read("/api/consults"))["items"]}
        answers = [
            await sol.put_message(consult_id, body="Hello"),
            await sol.put_message(consult_id, body="Hello", audience="clinicians"),
            await sol.put_photo(consult_id, make_jpeg(320, 240)),
            await sol.post(f"/api/photos/{photo['id']}/turn", clockwise=90),
            await sol.close(consult_id),
            await sol.post(f"/api/consults/{consult_id}/confidential", confidential=True),
            await sol.get(f"/api/photos/{photo['id']}/image?purpose=teaching"),
            await sol.get(f"/api/consults/{consult_id}/consents"),
        ]
        assert [answer.status_code for answer in answers] == [403] * len(answers)

    async def test_it_is_one_consult_and_no_other(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        other = await people.patient.open_consult()
        await people.other_specialist.say(other, "This too.")
        sol = await signed_in(backends, people.specialist)

        await breaks(sol, consult_id)

        assert (await sol.get(f"/api/consults/{other}")).status_code == 404

    async def test_it_is_theirs_and_nobody_elses(
        self, people: People, backends: Backends, client: AsyncClient, consult_id: str
    ) -> None:
        third = await make_somebody(backends, client, "tim third", Role.SPECIALIST)

        await breaks(await signed_in(backends, people.specialist), consult_id)

        assert (await third.get(f"/api/consults/{consult_id}")).status_code == 404

    async def test_it_lasts_sixty_minutes_to_the_second(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        sol, key = people.specialist.fresh, UUID(consult_id)
        async with backends.database.writes.begin() as session:
            glass, _ = await break_glass(
                session,
                backends.jobs,
                actor=sol,
                consult_id=key,
                reason=GlassReason.COVER,
                text="The colleague is away.",
            )

        over = glass.opened_at + timedelta(minutes=60)
        async with backends.database.reads() as session:
            seat = await get_seat(session, sol, key, at=over - SECOND)
            (listed,) = await list_seats(session, sol, after=None, limit=9, at=over - SECOND)
            with pytest.raises(NotFound):
                await get_seat(session, sol, key, at=over)
            assert not await list_seats(session, sol, after=None, limit=9, at=over)
        assert glass.expires_at == over
        # So that every row about what was seen can name the emergency.
        assert seat.actor.break_glass_id == listed.actor.break_glass_id == glass.id

    async def test_whoever_has_the_consult_looks_under_no_emergency(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        sky = await signed_in(backends, people.other_specialist)

        answer = await breaks(sky, consult_id)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        async with backends.database.reads() as session:
            seat = await get_seat(session, sky.actor, UUID(consult_id))
        assert seat.actor.break_glass_id is None

    async def test_the_same_again_is_the_same_hour(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        sol = await signed_in(backends, people.specialist)

        first, again = [await breaks(sol, consult_id) for _ in range(2)]

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()

    async def test_it_takes_the_passkey_and_until_then_tells_nothing(
        self, people: People, consult_id: str
    ) -> None:
        """SE-4, AZ-9. Without it a foreign id and an absent one are one answer."""
        answers = [
            await breaks(people.specialist, consult) for consult in (consult_id, str(uuid4()))
        ]

        assert {answer.status_code for answer in answers} == {403}
        assert {answer.json()["code"] for answer in answers} == {"step_up_required"}
        assert answers[0].json() == answers[1].json()

    async def test_what_is_not_there_is_not_found(self, people: People, backends: Backends) -> None:
        answer = await breaks(await signed_in(backends, people.specialist), str(uuid4()))

        assert answer.status_code == 404

    @pytest.mark.parametrize("who", ["patient", "other_patient", "ems", "coordinator", "admin"])
    async def test_nobody_but_a_specialist_does_it(
        self, people: People, backends: Backends, consult_id: str, who: str
    ) -> None:
        somebody = await signed_in(backends, getattr(people, who))

        for consult in (consult_id, str(uuid4())):
            assert (await breaks(somebody, consult)).status_code in {403, 404}
        async with backends.database.reads() as session:
            assert (await session.exec(select(BreakGlass))).all() == []

    @pytest.mark.parametrize(
        ("change", "field"),
        [({"reason": "boredom"}, "reason"), ({"text": "short"}, "text"), ({"text": ""}, "text")],
    )
    async def test_a_reason_is_a_reason(
        self,
        people: People,
        backends: Backends,
        consult_id: str,
        change: dict[str, str],
        field: str,
    ) -> None:
        sol = await signed_in(backends, people.specialist)

        answer = await sol.post(f"/api/consults/{consult_id}/break-glass", **(WHY | change))

        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]


class TestBeingLoud:
    async def test_officers_coordinators_and_the_patient_hear_at_once(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        mother = await make_somebody(backends, people.patient.client, "mia m", Role.PATIENT)
        await make_proxy(backends, people.patient, mother)
        await heard(backends)

        await breaks(await signed_in(backends, people.specialist), consult_id)

        told = await heard(backends)
        coordinator = people.coordinator.user.email
        assert told == {*OFFICERS, coordinator, people.patient.user.email, mother.user.email}
        for mail in mails(backends)[-5:]:
            words = str(mail)
            assert not any(word in words for word in ("Scald", "Sol", "Pat", "emergency room"))
            assert (consult_id in words) == (mail["To"] not in {*OFFICERS, coordinator})

    async def test_nothing_of_a_hidden_consult_to_those_it_is_hidden_from(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        mother = await make_somebody(backends, people.patient.client, "mia m", Role.PATIENT)
        await make_proxy(backends, people.patient, mother)
        await people.patient.post(f"/api/consults/{consult_id}/confidential", confidential=True)

        await breaks(await signed_in(backends, people.specialist), consult_id)

        assert mother.user.email not in await heard(backends)

    async def test_the_words_of_an_alarm_are_never_lost_in_ordinary_news(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        await heard(backends)
        await people.other_specialist.say(consult_id, "It heals.")

        await breaks(await signed_in(backends, people.specialist), consult_id)
        await heard(backends)

        patient = people.patient.user.email
        subjects = [mail["Subject"] for mail in mails(backends) if mail["To"] == patient]
        assert "Somebody opened your consult in an emergency" in subjects[-2:]
        assert "You have a new message" in subjects[-2:]

    async def test_the_deed_is_on_record(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        broken = await breaks(await signed_in(backends, people.specialist), consult_id)

        query = select(AuditRow).where(AuditRow.action == "glass.broken")
        async with backends.database.reads() as session:
            (row,) = (await session.exec(query)).all()
        assert (row.object_id, row.consult_id) == (broken.json()["id"], consult_id)
        assert row.actor_id == str(people.specialist.user.id)


class TestReview:
    async def test_a_coordinator_sees_who_why_and_until_when(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        broken = await breaks(await signed_in(backends, people.specialist), consult_id)

        (waiting,) = (await people.coordinator.read("/api/break-glass"))["items"]

        assert waiting["id"] == broken.json()["id"]
        assert (waiting["user"]["name"], waiting["consult_id"]) == ("Sol Specialist", consult_id)
        assert (waiting["reason"], waiting["text"]) == ("emergency", WHY["text"])
        due = datetime.fromisoformat(waiting["review_due_at"])
        assert due - datetime.fromisoformat(waiting["opened_at"]) == timedelta(hours=72)
        assert (waiting["overdue"], waiting["outcome"]) == (False, None)

    async def test_once(self, people: People, backends: Backends, consult_id: str) -> None:
        broken = await breaks(await signed_in(backends, people.specialist), consult_id)
        path = f"/api/break-glass/{broken.json()['id']}/review"
        verdict = {"outcome": "not_justified", "comment": "Could have called."}

        first, again = [await people.coordinator.post(path, **verdict) for _ in range(2)]

        assert (first.status_code, first.json()["outcome"]) == (200, "not_justified")
        assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
        assert (await people.coordinator.read("/api/break-glass"))["items"] == []
        (done,) = (await people.coordinator.read("/api/break-glass?reviewed=true"))["items"]
        assert (done["comment"], done["overdue"]) == ("Could have called.", False)

    async def test_nobody_else_reads_or_reviews(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        broken = await breaks(await signed_in(backends, people.specialist), consult_id)
        path = f"/api/break-glass/{broken.json()['id']}/review"

        for who in (people.patient, people.ems, people.specialist, people.admin):
            answers = [
                await who.get("/api/break-glass"),
                await who.post(path, outcome="justified"),
            ]
            assert [answer.status_code for answer in answers] == [404, 404]

    async def test_one_that_is_not_there_is_not_found(self, people: People) -> None:
        path = f"/api/break-glass/{uuid4()}/review"

        answer = await people.coordinator.post(path, outcome="justified")

        assert answer.status_code == 404

    async def test_after_72_hours_the_alarm_is_raised_once_a_day_until_it_is_done(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        broken = await breaks(await signed_in(backends, people.specialist), consult_id)
        opened_at = await opened_at_of(backends)
        hours = [71.99, 72, 73, 95.99, 96]

        raised = [await remind(backends, opened_at + timedelta(hours=hour)) for hour in hours]
        path = f"/api/break-glass/{broken.json()['id']}/review"
        await people.coordinator.post(path, outcome="justified")
        raised += [await remind(backends, opened_at + timedelta(hours=200))]

        assert raised == [0, 1, 0, 0, 1, 0]

    async def test_the_alarm_goes_to_coordinators_and_officers_and_the_monitor(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        await breaks(await signed_in(backends, people.specialist), consult_id)
        await heard(backends)
        assert 'consult_break_glass{review="due"} 1.0' in await figures(people)
        await make_overdue(backends)
        async with backends.database.writes.begin() as session:
            await backends.jobs.enqueue(session, REMIND_OF_REVIEWS)

        assert await heard(backends) == {people.coordinator.user.email, *OFFICERS}
        assert mails(backends)[-1]["Subject"].startswith("Overdue")
        assert 'consult_break_glass{review="overdue"} 1.0' in await figures(people)
        assert 'consult_break_glass{review="due"} 0.0' in await figures(people)
        (waiting,) = (await people.coordinator.read("/api/break-glass"))["items"]
        assert waiting["overdue"] is True


async def breaks(somebody: Somebody, consult_id: str) -> Response:
    return await somebody.post(f"/api/consults/{consult_id}/break-glass", **WHY)


async def heard(backends: Backends) -> set[str]:
    """Let the waiting mail go out, and say who got some."""
    before = addressees(backends)
    await work(backends, tasks_of(backends))
    return set(addressees(backends) - before)


async def remind(backends: Backends, at: datetime) -> int:
    async with backends.database.writes.begin() as session:
        return await remind_of_overdue(session, backends.jobs, at=at)


async def opened_at_of(backends: Backends) -> datetime:
    async with backends.database.reads() as session:
        return (await session.exec(select(BreakGlass.opened_at))).one()


async def make_overdue(backends: Backends) -> None:
    async with backends.database.writes.begin() as session:
        glass = (await session.exec(select(BreakGlass))).one()
        glass.review_due_at = datetime.now(UTC) - SECOND


async def figures(people: People) -> Any:
    return (await people.admin.get("/metrics")).text
