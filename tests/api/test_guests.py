"""A colleague asked into a consult for a while, and seats that end before their time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from consult.access import Action
from consult.bootstrap import Backends
from consult.consults import get_seat, list_seats
from consult.errors import NotFound
from consult.guests import end_seat
from consult.models import AuditRow, Participant, Role, User
from consult.tasks import tasks_of
from tests.factories import People, Somebody, give_seat, make_somebody, signed_in
from tests.imaging.photos import make_jpeg
from tests.mailbox import addressees, work


@pytest.fixture
async def guest(backends: Backends, client: AsyncClient, people: People) -> Somebody:
    return await make_somebody(backends, client, "gus guest", Role.SPECIALIST, ours=False)


@pytest.fixture
async def consult_id(people: People) -> str:
    """The patient's own, which Sol Specialist has taken."""
    consult_id = await people.patient.open_consult()
    await people.specialist.say(consult_id, "I have it.")
    return consult_id


class TestAskingIn:
    async def test_a_guest_reads_and_answers_for_72_hours(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        assert (await guest.get(f"/api/consults/{consult_id}")).status_code == 404

        before = datetime.now(UTC)
        await give_seat(backends, people.specialist, guest, consult_id)

        consult = await guest.read(f"/api/consults/{consult_id}")
        (given,) = consult["guests"]
        assert (consult["relation"], given["purpose"]) == ("guest", "Second opinion")
        assert given["asked_in_by"]["name"] == "Sol Specialist"
        until = datetime.fromisoformat(given["expires_at"]) - before
        assert timedelta(0) <= until - timedelta(hours=72) < timedelta(minutes=1)
        assert (await guest.get(f"/api/photos/{photo['id']}/image")).status_code == 200
        await guest.say(consult_id, "I agree.")
        await guest.say(consult_id, "Deep.", audience="clinicians")

    async def test_a_guest_does_nothing_else(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        photo = await people.patient.attach(consult_id, make_jpeg(320, 240))
        await give_seat(backends, people.specialist, guest, consult_id)
        inside = await signed_in(backends, guest)

        answers = [
            await inside.put_photo(consult_id, make_jpeg(320, 240)),
            await inside.post(f"/api/photos/{photo['id']}/turn", clockwise=90),
            await inside.close(consult_id),
            await inside.post(
                f"/api/consults/{consult_id}/seats",
                email=people.other_specialist.user.email,
                purpose="More",
            ),
            await inside.request(
                "DELETE", f"/api/consults/{consult_id}/seats/{people.specialist.user.id}"
            ),
            await inside.get(f"/api/consults/{consult_id}/consents"),
            await inside.post(f"/api/consults/{consult_id}/confidential", confidential=True),
            await inside.get(f"/api/photos/{photo['id']}/image?purpose=teaching"),
        ]

        assert [answer.status_code for answer in answers] == [403] * len(answers)

    async def test_guests_see_no_inbox_and_break_no_glass(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        waiting = await people.patient.open_consult()
        await give_seat(backends, people.specialist, guest, consult_id)
        inside = await signed_in(backends, guest)

        listed = (await inside.read("/api/consults"))["items"]
        broken = await inside.post(
            f"/api/consults/{waiting}/break-glass", reason="other", text="Just to have a look."
        )
        opened = await inside.post("/api/consults", kind="second_opinion")

        assert [one["id"] for one in listed] == [consult_id]
        assert (await inside.get(f"/api/consults/{waiting}")).status_code == 404
        assert (broken.status_code, opened.status_code) == (404, 403)

    async def test_no_mail_of_new_consults_goes_to_guests(
        self, people: People, guest: Somebody, backends: Backends
    ) -> None:
        await people.patient.open_consult()

        await work(backends, tasks_of(backends))

        assert guest.user.email not in addressees(backends)
        assert people.specialist.user.email in addressees(backends)

    async def test_asking_again_gives_a_new_time(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        giver = await give_seat(backends, people.specialist, guest, consult_id)
        first = await until(guest, consult_id)

        again = await giver.post(
            f"/api/consults/{consult_id}/seats",
            email=guest.user.email,
            purpose="Follow it up",
            hours=336,
        )

        assert again.status_code == 201
        assert await until(guest, consult_id) - first > timedelta(days=10)

    @pytest.mark.parametrize("hours", [0, -1, 337, 1.5])
    async def test_14_days_are_the_longest(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str, hours: float
    ) -> None:
        giver = await signed_in(backends, people.specialist)

        answer = await giver.post(
            f"/api/consults/{consult_id}/seats",
            email=guest.user.email,
            purpose="Help",
            hours=hours,
        )

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "hours")

    async def test_whoever_is_no_specialist_is_one_answer(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        giver = await signed_in(backends, people.specialist)

        answers = [
            await giver.post(f"/api/consults/{consult_id}/seats", email=email, purpose="Help")
            for email in (people.ems.user.email, people.admin.user.email, "nobody@nowhere.test")
        ]

        assert {answer.status_code for answer in answers} == {422}
        assert len({answer.text for answer in answers}) == 1

    async def test_a_member_needs_no_seat(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        giver = await signed_in(backends, people.specialist)

        answer = await giver.post(
            f"/api/consults/{consult_id}/seats",
            email=people.specialist.user.email,
            purpose="Help",
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "already_in_it")

    async def test_it_takes_the_passkey_and_the_consent_of_the_patient(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        """SE-4. A token never has it; an emergency alone shares nothing with others."""
        wish = {"email": guest.user.email, "purpose": "Help"}
        giver = await signed_in(backends, people.specialist)
        emergency = await people.ems.open_consult(kind="emergency")
        await people.specialist.say(emergency, "I take this one.")

        by_token = await people.specialist.post(f"/api/consults/{consult_id}/seats", **wish)
        unasked = await giver.post(f"/api/consults/{emergency}/seats", **wish)

        assert (by_token.status_code, by_token.json()["code"]) == (403, "step_up_required")
        assert (unasked.status_code, unasked.json()["code"]) == (403, "consent_required")


class TestEnding:
    """AZ-10. A seat is live only while the seat of who gave it is."""

    async def test_removing_a_member_ends_the_seats_they_gave_in_one_transaction(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)

        answer = await end(people.coordinator, consult_id, people.specialist)

        assert answer.status_code == 204
        for somebody in (people.specialist, guest):
            for path in ("", "/messages", "/events"):
                gone = await somebody.get(f"/api/consults/{consult_id}{path}")
                assert gone.status_code == 404
        rows = await participants(backends, consult_id)
        ended = {user_id: row.ended_at for user_id, row in rows.items()}
        assert ended[guest.user.id]
        assert ended[people.specialist.user.id]
        assert ended[people.patient.user.id] is None
        assert await recorded(backends, "seat.ended") == [
            str(people.specialist.user.id),
            str(guest.user.id),
        ]

    async def test_every_seat_down_the_line_ends_and_no_other(
        self,
        people: People,
        guest: Somebody,
        backends: Backends,
        consult_id: str,
        client: AsyncClient,
    ) -> None:
        line = [
            await make_somebody(backends, client, f"g{number} guest", Role.SPECIALIST, ours=False)
            for number in range(3)
        ]
        beside = await make_somebody(backends, client, "other member", Role.EMS)
        await give_seat(backends, people.specialist, guest, consult_id)
        async with backends.database.writes.begin() as session:
            givers = [guest, *line]
            for giver, colleague in zip(givers, line, strict=False):
                session.add(seat_of(consult_id, colleague, given_by=giver))
            session.add(seat_of(consult_id, beside))

        await end(people.patient, consult_id, guest)

        rows = await participants(backends, consult_id)
        ended = {user_id for user_id, row in rows.items() if row.ended_at}
        assert ended == {guest.user.id, *(one.user.id for one in line)}

    async def test_whatever_fails_leaves_every_seat_as_it_was(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)
        async with backends.database.writes.begin() as session:
            await (await session.connection()).exec_driver_sql(
                "CREATE TRIGGER full BEFORE UPDATE OF ended_at ON participant"
                f" WHEN NEW.user_id = '{guest.user.id.hex}'"
                " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )

        async def remove() -> None:
            async with backends.database.writes.begin() as session:
                actor = people.coordinator.actor
                seat = await get_seat(session, actor, UUID(consult_id), Action.SEAT_END)
                await end_seat(session, backends.jobs, seat, people.specialist.user.id)

        with pytest.raises(IntegrityError, match="disk full"):
            await remove()

        rows = await participants(backends, consult_id)
        assert not any(row.ended_at for row in rows.values())

    async def test_a_disabled_giver_takes_their_guests_along(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)

        async with backends.database.writes.begin() as session:
            (await session.get_one(User, people.specialist.user.id)).active = False

        assert (await guest.get(f"/api/consults/{consult_id}")).status_code == 404
        assert (await guest.read("/api/consults"))["items"] == []

    async def test_a_seat_is_over_to_the_second(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)
        rows = await participants(backends, consult_id)
        over = rows[guest.user.id].expires_at
        assert over

        async with backends.database.reads() as session:
            before = over - timedelta(seconds=1)
            await get_seat(session, guest.actor, UUID(consult_id), at=before)
            assert await list_seats(session, guest.actor, after=None, limit=9, at=before)
            with pytest.raises(NotFound):
                await get_seat(session, guest.actor, UUID(consult_id), at=over)
            assert not await list_seats(session, guest.actor, after=None, limit=9, at=over)

    @pytest.mark.parametrize("who", ["patient", "specialist", "coordinator"])
    async def test_the_patient_and_the_service_end_a_guests_seat(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str, who: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)

        first = await end(getattr(people, who), consult_id, guest)
        again = await end(getattr(people, who), consult_id, guest)

        assert (first.status_code, again.status_code) == (204, 404)
        shown = await people.patient.read(f"/api/consults/{consult_id}")
        assert (shown["guests"], len(shown["people"])) == ([], 2)

    async def test_only_a_coordinator_removes_a_member(
        self, people: People, consult_id: str
    ) -> None:
        await people.coordinator.say(consult_id, "Noted.")

        answers = [
            await end(people.patient, consult_id, people.specialist),
            await end(people.specialist, consult_id, people.coordinator),
            await end(people.coordinator, consult_id, people.patient),
            await end(people.coordinator, consult_id, people.other_specialist),
        ]

        assert [answer.status_code for answer in answers] == [403, 403, 409, 404]
        assert answers[2].json()["code"] == "is_the_patient"

    async def test_a_consult_whose_specialist_is_gone_waits_for_another(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        await work(backends, tasks_of(backends))
        before = addressees(backends)

        left = await end(people.specialist, consult_id, people.specialist)
        await work(backends, tasks_of(backends))

        assert left.status_code == 204
        told = set(addressees(backends) - before)
        assert people.other_specialist.user.email in told
        assert people.specialist.user.email not in told
        # The inbox is no way back for whoever was sent away.
        assert (await people.specialist.get(f"/api/consults/{consult_id}")).status_code == 404
        await people.other_specialist.say(consult_id, "I take over.")

    async def test_a_coordinator_who_was_removed_still_watches_over_everything(
        self, people: People, consult_id: str
    ) -> None:
        await people.coordinator.say(consult_id, "Noted.")
        await end(people.coordinator, consult_id, people.coordinator)

        assert (await people.coordinator.get(f"/api/consults/{consult_id}")).status_code == 200
        await people.coordinator.say(consult_id, "Back again.")
        names = {
            one["name"]
            for one in (await people.patient.read(f"/api/consults/{consult_id}"))["people"]
        }
        assert "Cal Coordinator" in names

    async def test_mail_that_waits_for_somebody_who_was_sent_away_is_not_sent(
        self, people: People, guest: Somebody, backends: Backends, consult_id: str
    ) -> None:
        await give_seat(backends, people.specialist, guest, consult_id)
        await people.patient.say(consult_id, "Are you there?")

        await end(people.patient, consult_id, guest)
        await work(backends, tasks_of(backends))

        assert guest.user.email not in addressees(backends)
        assert people.specialist.user.email in addressees(backends)

    async def test_a_stranger_ends_nothing_and_learns_nothing(
        self, people: People, consult_id: str
    ) -> None:
        answers = [
            await end(people.other_patient, consult, people.specialist)
            for consult in (consult_id, str(uuid4()))
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


def seat_of(consult_id: str, somebody: Somebody, given_by: Somebody | None = None) -> Participant:
    return Participant(
        consult_id=UUID(consult_id),
        user_id=somebody.user.id,
        in_the_open=True,
        granted_by=given_by.user.id if given_by else None,
        expires_at=datetime.now(UTC) + timedelta(hours=1) if given_by else None,
    )


async def end(by: Somebody, consult_id: str, whose: Somebody) -> Response:
    path = f"/api/consults/{consult_id}/seats/{whose.user.id}"
    return await by.request("DELETE", path)


async def until(guest: Somebody, consult_id: str) -> datetime:
    (given,) = (await guest.read(f"/api/consults/{consult_id}"))["guests"]
    return datetime.fromisoformat(given["expires_at"])


async def participants(backends: Backends, consult_id: str) -> dict[UUID, Participant]:
    query = select(Participant).where(Participant.consult_id == UUID(consult_id))
    async with backends.database.reads() as session:
        return {row.user_id: row for row in (await session.exec(query)).all()}


async def recorded(backends: Backends, action: str) -> list[str | None]:
    query = select(AuditRow.object_id).where(AuditRow.action == action).order_by("seq")
    async with backends.database.reads() as session:
        return list((await session.exec(query)).all())
