"""What became of the patient: asked once, by link, and shown to those who advised."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from consult.bootstrap import Backends
from consult.models import Consult, Link, PatientOutcome, now
from consult.tasks import ask_for_outcomes, tasks_of
from tests.api.test_image_requests import close
from tests.factories import People, Somebody
from tests.link import Holder
from tests.mailbox import mails, work

HOME = {"went": "home", "healing": "healed", "advice_taken": "followed"}


async def closed(people: People, by: Somebody, **fields: Any) -> str:
    consult_id = await by.open_consult(patient_id=str(people.patient.user.id), **fields)
    await close(people, consult_id)
    return consult_id


async def long_ago(backends: Backends, consult_id: str, *, days: int = 7) -> None:
    async with backends.database.writes.begin() as session:
        consult = await session.get_one(Consult, UUID(consult_id))
        consult.closed_at = now() - timedelta(days=days)
        session.add(consult)


async def question(backends: Backends, client: AsyncClient) -> Holder:
    """The link that was mailed."""
    await ask_for_outcomes(backends)
    await work(backends, tasks_of(backends))
    (mail,) = asked_by_mail(backends)
    (link,) = [line for line in mail.get_content().split() if line.startswith("https://")]
    return Holder(client, link)


def asked_by_mail(backends: Backends) -> list[Any]:
    return [mail for mail in mails(backends) if "close the loop" in str(mail["Subject"])]


@pytest.fixture
async def consult_id(people: People, backends: Backends) -> str:
    consult_id = await closed(people, people.ems, kind="emergency", consent="verbal")
    await long_ago(backends, consult_id)
    return consult_id


class TestAsking:
    async def test_whoever_asked_for_advice_is_asked_once(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        for _ in range(3):
            await ask_for_outcomes(backends)
            await work(backends, tasks_of(backends))

        (mail,) = asked_by_mail(backends)
        assert mail["To"] == people.ems.user.email
        assert consult_id not in str(mail)

    async def test_when_it_is_asked_and_for_how_long_are_the_services_own_times(
        self, people: People, backends: Backends
    ) -> None:
        times = {"outcome_after_days": 2, "outcome_within_days": 5}
        ours = await people.coordinator.post("/api/services", name="Lisbon burns", **times)
        asked, not_yet, elsewhere = [
            await closed(people, people.ems, kind="emergency", consent="verbal", **where)
            for where in ({"service_id": ours.json()["id"]}, {"service_id": ours.json()["id"]}, {})
        ]
        await long_ago(backends, asked, days=2)
        await long_ago(backends, not_yet, days=1)
        await long_ago(backends, elsewhere, days=6)

        await ask_for_outcomes(backends)

        async with backends.database.reads() as session:
            (outcome,) = (await session.exec(select(PatientOutcome))).all()
            (link,) = (await session.exec(select(Link))).all()
        assert str(outcome.consult_id) == asked
        assert link.expires_at - outcome.asked_at == timedelta(days=5)

    async def test_nobody_is_asked_before_there_is_something_to_tell(
        self, people: People, backends: Backends
    ) -> None:
        await closed(people, people.ems, kind="emergency", consent="verbal")
        await people.ems.open_consult(kind="emergency")

        await ask_for_outcomes(backends)

        async with backends.database.reads() as session:
            assert (await session.exec(select(PatientOutcome))).all() == []

    async def test_where_there_is_nobody_to_ask_it_is_not_asked_again_and_again(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        async with backends.database.writes.begin() as session:
            user = await session.get_one(type(people.ems.user), people.ems.user.id)
            user.active = False
            session.add(user)

        await ask_for_outcomes(backends)
        await ask_for_outcomes(backends)

        async with backends.database.reads() as session:
            (outcome,) = (await session.exec(select(PatientOutcome))).all()
        assert (str(outcome.consult_id), outcome.asked_of) == (consult_id, None)


@pytest.mark.usefixtures("consult_id")
class TestAnswering:
    async def test_three_answers_are_shown_to_those_who_advised(
        self, people: People, backends: Backends, client: AsyncClient, consult_id: str
    ) -> None:
        holder = await question(backends, client)
        path = f"/api/consults/{consult_id}/outcome"
        assert (await people.specialist.read(path))["answered_at"] is None

        answer = await holder.answer(**HOME)

        assert (answer.status_code, answer.json()) == (201, {"state": "received"})
        for somebody in (people.specialist, people.coordinator, people.ems):
            shown = await somebody.read(path)
            assert {name: shown[name] for name in HOME} == HOME
        assert (await people.patient.get(path)).status_code == 403
        assert (await people.other_specialist.get(path)).status_code == 404

    async def test_those_who_advised_are_told_and_the_patient_is_not(
        self, people: People, backends: Backends, client: AsyncClient
    ) -> None:
        holder = await question(backends, client)
        before = len(mails(backends))

        await holder.answer(**HOME)
        await work(backends, tasks_of(backends))

        told = {mail["To"] for mail in mails(backends)[before:]}
        assert people.specialist.user.email in told
        assert people.patient.user.email not in told

    async def test_it_is_answered_once_and_the_same_again_is_the_same(
        self, people: People, backends: Backends, client: AsyncClient, consult_id: str
    ) -> None:
        holder = await question(backends, client)

        first, again = [await holder.answer(**HOME) for _ in range(2)]
        other = await holder.answer(**HOME | {"healing": "died"})

        assert (first.status_code, again.status_code) == (201, 201)
        assert (other.status_code, other.json()["code"]) == (409, "answered_already")
        assert (await people.specialist.read(f"/api/consults/{consult_id}/outcome"))[
            "healing"
        ] == "healed"

    async def test_opening_it_says_nothing_and_uses_nothing_up(
        self, backends: Backends, client: AsyncClient
    ) -> None:
        holder = await question(backends, client)

        opened = [await holder.asked("outcome") for _ in range(100)]

        assert set(opened[-1]) == {"kind", "answered", "organisation", "emergency_number"}
        assert (await holder.put_photo(b"")).status_code == 401
        assert (await holder.answer(**HOME)).status_code == 201

    async def test_a_word_that_is_none_of_the_answers_is_refused(
        self, backends: Backends, client: AsyncClient
    ) -> None:
        holder = await question(backends, client)

        assert (await holder.answer(**HOME | {"went": "pub"})).status_code == 422

    async def test_after_its_time_it_is_refused(
        self, backends: Backends, client: AsyncClient
    ) -> None:
        holder = await question(backends, client)
        async with backends.database.writes.begin() as session:
            (link,) = (await session.exec(select(Link))).all()
            link.expires_at = now() - timedelta(seconds=1)
            session.add(link)

        assert (await holder.answer(**HOME)).status_code == 401
