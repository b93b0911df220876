from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from consult.bootstrap import Backends
from consult.models import LoginSession, Role
from tests.factories import People, Somebody, make_proxy, make_somebody, signed_in
from tests.imaging.photos import make_jpeg


@pytest.fixture
async def mother(backends: Backends, client: AsyncClient, people: People) -> Somebody:
    mother = await make_somebody(backends, client, "mia mother", Role.PATIENT)
    await make_proxy(backends, people.patient, mother)
    return mother


class TestSpeakingForSomebody:
    async def test_every_message_shows_who_spoke_for_whom(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await people.patient.open_consult()

        await mother.say(consult_id, "She cries at night.")
        await people.patient.say(consult_id, "It itches.")

        path = f"/api/consults/{consult_id}/messages"
        said = [
            (one["author"]["name"], one["on_behalf_of"])
            for one in (await people.specialist.read(path))["items"]
        ]
        patient = {"id": str(people.patient.user.id), "name": "Pat Patient"}
        assert said == [("Mia Mother", patient), ("Pat Patient", None)]

    async def test_so_does_every_photo_also_when_somebody_turns_it(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await people.patient.open_consult()

        sent = await mother.attach(consult_id, make_jpeg(320, 240))
        turned = await people.specialist.post(f"/api/photos/{sent['id']}/turn", clockwise=90)

        for photo in (sent, turned.json()):
            assert photo["created_by"]["name"] == "Mia Mother"
            assert photo["on_behalf_of"]["name"] == "Pat Patient"

    async def test_a_proxy_opens_a_consult_for_the_patient(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await mother.open_consult(patient_id=str(people.patient.user.id))

        consult = await mother.read(f"/api/consults/{consult_id}")
        assert consult["patient"]["name"] == "Pat Patient"
        assert (consult["relation"], consult["joined"]) == ("proxy", True)
        assert consult["consent"] == "given"
        assert [one["name"] for one in consult["people"]] == ["Pat Patient", "Mia Mother"]
        own = await people.patient.read(f"/api/consults/{consult_id}")
        assert own["relation"] == "subject"

    async def test_without_naming_anybody_the_consult_is_their_own(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await mother.open_consult()

        assert (await mother.read(f"/api/consults/{consult_id}"))["relation"] == "subject"
        assert (await people.patient.get(f"/api/consults/{consult_id}")).status_code == 404

    async def test_for_a_stranger_nobody_opens_one(self, people: People, mother: Somebody) -> None:
        answers = [
            await mother.post("/api/consults", kind="follow_up", patient_id=str(patient_id))
            for patient_id in (people.other_patient.user.id, people.specialist.user.id)
        ]

        assert [answer.status_code for answer in answers] == [422, 422]
        assert answers[0].json() == answers[1].json()

    async def test_an_answer_to_the_mother_is_one_that_she_can_count(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await people.patient.open_consult()
        await people.specialist.say(consult_id, "Hello.")

        assert (await mother.read(f"/api/consults/{consult_id}"))["unread"] == 1
        read = await mother.request("PUT", f"/api/consults/{consult_id}/read", json={"seq": 1})

        assert read.status_code == 204
        assert (await mother.read(f"/api/consults/{consult_id}"))["unread"] == 0
        assert (await people.patient.read(f"/api/consults/{consult_id}"))["unread"] == 1

    async def test_a_proxy_never_speaks_among_clinicians_nor_closes(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await people.patient.open_consult()

        note = await mother.put_message(consult_id, body="Psst", audience="clinicians")
        closed = await mother.close(consult_id)

        assert (note.status_code, closed.status_code) == (403, 403)

    async def test_having_spoken_leaves_no_seat_behind(
        self, people: People, mother: Somebody
    ) -> None:
        consult_id = await people.patient.open_consult()
        await mother.say(consult_id, "Hello?")
        (proxy,) = (await list_of(people))["items"]

        ended = await people.coordinator.request("DELETE", f"{path_of(people)}/{proxy['id']}")

        assert ended.status_code == 204
        for path in ("", "/messages", "/events"):
            answer = await mother.get(f"/api/consults/{consult_id}{path}")
            assert answer.status_code == 404
        late = await mother.put_message(consult_id, body="Still here")
        assert late.status_code == 404
        assert (await list_of(people))["items"][0]["ended_at"]
        assert (await mother.read("/api/me/patients"))["items"] == []


class TestKeepingAConsultFromProxies:
    @pytest.mark.parametrize("who", ["patient", "specialist", "coordinator"])
    async def test_the_patient_and_clinicians_do_so(
        self, people: People, mother: Somebody, who: str
    ) -> None:
        consult_id = await people.patient.open_consult()
        path = f"/api/consults/{consult_id}/confidential"

        hidden = await getattr(people, who).post(path, confidential=True)

        assert (hidden.status_code, hidden.json()["confidential"]) == (200, True)
        foreign = await people.other_patient.open_consult()
        answers = [
            await mother.get(f"/api/consults/{consult}") for consult in (consult_id, foreign)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
        assert (await mother.read("/api/consults"))["items"] == []
        people_shown = (await people.patient.read(f"/api/consults/{consult_id}"))["people"]
        assert "Mia Mother" not in {one["name"] for one in people_shown}

        await getattr(people, who).post(path, confidential=False)
        assert (await mother.get(f"/api/consults/{consult_id}")).status_code == 200

    async def test_a_proxy_does_not(self, people: People, mother: Somebody) -> None:
        consult_id = await people.patient.open_consult()

        answer = await mother.post(f"/api/consults/{consult_id}/confidential", confidential=True)

        assert answer.status_code == 403

    async def test_what_proxies_say_of_everything_does_not_reach_it(
        self, people: People, mother: Somebody, backends: Backends
    ) -> None:
        shown, hidden = await people.patient.open_consult(), await people.patient.open_consult()
        await people.patient.post(f"/api/consults/{hidden}/confidential", confidential=True)
        consents = f"/api/patients/{people.patient.user.id}/consents"

        taken_back = await (await signed_in(backends, mother)).post(
            consents, purpose="care", given=False, method="tap"
        )

        assert taken_back.status_code == 201
        found = [
            (await people.specialist.read(f"/api/consults/{one}"))["consent"]
            for one in (shown, hidden)
        ]
        assert found == ["withdrawn", "given"]
        told = (await mother.read(consents))["items"]
        assert {one["consult_id"] for one in told} == {None, shown}


class TestOverHttp:
    """SE-4. Adding somebody takes the passkey; ending does not."""

    async def test_a_coordinator_adds_a_mother(
        self, people: People, backends: Backends, client: AsyncClient
    ) -> None:
        mother = await make_somebody(backends, client, "mia mother", Role.PATIENT)
        wish = {"email": mother.user.email, "basis": "parent"}
        birth = {"born_on": "2020-02-29", "time_zone": "Europe/Lisbon"}
        birth_path = f"/api/patients/{people.patient.user.id}/birth"

        refused = await people.coordinator.post(path_of(people), **wish)
        coordinator = await signed_in(backends, people.coordinator)
        said = await coordinator.request("PUT", birth_path, json=birth)
        added = await coordinator.post(path_of(people), **wish)

        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
        assert (said.status_code, added.status_code) == (204, 201)
        assert added.json()["ends_at"] == "2038-03-01T00:00:00.000Z"
        assert added.json()["proxy"]["name"] == "Mia Mother"
        (acting,) = (await mother.read("/api/me/patients"))["items"]
        assert acting["patient"]["name"] == "Pat Patient"

    async def test_a_sign_in_is_fresh_for_five_minutes(
        self, people: People, backends: Backends, client: AsyncClient
    ) -> None:
        delegate = await make_somebody(backends, client, "dan delegate", Role.PATIENT)
        patient = await signed_in(backends, people.patient)
        await age(backends, timedelta(minutes=5))
        wish = {"email": delegate.user.email, "basis": "delegate"}

        stale = await patient.post(path_of(people), **wish)
        fresh = await (await signed_in(backends, people.patient)).post(path_of(people), **wish)

        assert (stale.status_code, stale.json()["code"]) == (403, "step_up_required")
        assert fresh.status_code == 201

    async def test_the_patient_ends_it_at_once(self, people: People, mother: Somebody) -> None:
        (proxy,) = (await list_of(people))["items"]

        first, again = [
            await people.patient.request("DELETE", f"{path_of(people)}/{proxy['id']}")
            for _ in range(2)
        ]

        assert (first.status_code, again.status_code) == (204, 204)
        assert (await mother.read("/api/me/patients"))["items"] == []

    @pytest.mark.usefixtures("mother")
    async def test_a_proxy_of_somebody_else_is_not_found(self, people: People) -> None:
        (proxy,) = (await list_of(people))["items"]
        other = f"/api/patients/{people.other_patient.user.id}/proxies"

        answer = await people.coordinator.request("DELETE", f"{other}/{proxy['id']}")

        assert answer.status_code == 404

    @pytest.mark.parametrize(
        ("birth", "field"),
        [
            ({"born_on": "2020-02-30", "time_zone": "UTC"}, "born_on"),
            ({"born_on": "2999-01-01", "time_zone": "UTC"}, "born_on"),
            ({"born_on": "2020-01-01", "time_zone": "Nowhere"}, "time_zone"),
        ],
    )
    async def test_a_birth_that_cannot_be_is_refused(
        self, people: People, backends: Backends, birth: dict[str, str], field: str
    ) -> None:
        coordinator = await signed_in(backends, people.coordinator)

        answer = await coordinator.request(
            "PUT", f"/api/patients/{people.patient.user.id}/birth", json=birth
        )

        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def path_of(people: People) -> str:
    return f"/api/patients/{people.patient.user.id}/proxies"


async def list_of(people: People) -> Any:
    return await people.coordinator.read(path_of(people))


async def age(backends: Backends, by: timedelta) -> None:
    """Let every passkey have been touched that much earlier."""
    async with backends.database.writes.begin() as session:
        for login in (await session.exec(select(LoginSession))).all():
            assert login.proved_at
            login.proved_at -= by
            session.add(login)
