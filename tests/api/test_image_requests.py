"""Images that somebody is asked for: by a link that only sends, until they have come."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlmodel import select

from consult.backends.jobs.table import Job
from consult.bootstrap import Backends
from consult.links import MOST_WRONG_TRIES
from consult.models import AuditRow, ImageRequest, Link, Photo, now
from consult.tasks import mail_due_requests, tasks_of
from tests.conftest import ORIGIN
from tests.factories import People, Somebody, signed_in
from tests.imaging.photos import make_jpeg
from tests.link import Holder
from tests.mailbox import mails, work

PHOTO, OTHER_PHOTO = make_jpeg(320, 240), make_jpeg(240, 320)
HAND = {"body_site": "hand", "laterality": "L", "view": "back"}
FACE = {"body_site": "face", "view": "front"}


def wish(**more: Any) -> dict[str, Any]:
    return {
        "purpose": "dressing_change",
        "addressee": "patient",
        "due_at": in_hours(48),
        "wanted": [HAND],
    } | more


def in_hours(hours: float) -> str:
    return (now() + timedelta(hours=hours)).isoformat()


async def ask(somebody: Somebody, consult_id: str, **more: Any) -> Response:
    return await somebody.post(f"/api/consults/{consult_id}/requests", **wish(**more))


async def asked(somebody: Somebody, consult_id: str, **more: Any) -> Any:
    answer = await ask(somebody, consult_id, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def requests_in(somebody: Somebody, consult_id: str) -> list[Any]:
    return (await somebody.read(f"/api/consults/{consult_id}/requests"))["items"]


async def change(backends: Backends, request_id: str, **values: Any) -> None:
    async with backends.database.writes.begin() as session:
        row = await session.get_one(ImageRequest, UUID(request_id))
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


async def links(backends: Backends) -> list[Link]:
    async with backends.database.reads() as session:
        return list((await session.exec(select(Link).order_by("created_at"))).all())


async def waiting_mails(backends: Backends) -> int:
    async with backends.database.reads() as session:
        query = select(Job).where(Job.name == "send_image_request")
        return len((await session.exec(query)).all())


@pytest.fixture
async def consult_id(people: People) -> str:
    return await people.patient.open_consult(reason="Scald")


@pytest.fixture
async def holder(people: People, client: AsyncClient, consult_id: str) -> Holder:
    """Somebody without an account, whom the specialist asked for two images."""
    made = await asked(people.specialist, consult_id, wanted=[HAND, FACE])
    return Holder(client, made["link"])


class TestAsking:
    async def test_the_link_goes_to_the_patients_address_in_their_language(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        made = await asked(people.coordinator, consult_id, language="es")

        await work(backends, tasks_of(backends))

        (mail,) = [mail for mail in mails(backends) if mail["To"] == people.patient.user.email]
        assert mail["Subject"] == "Le piden que envíe fotos"
        assert made["link"] in mail.get_content()
        assert made["link"].startswith(f"{ORIGIN}/send#t=")

    @pytest.mark.parametrize("language", ["en", "es"])
    async def test_the_mail_says_nothing_about_anybody(
        self, people: People, backends: Backends, consult_id: str, language: str
    ) -> None:
        """EM-1."""
        await asked(people.specialist, consult_id, language=language, email="ana@example.org")

        await work(backends, tasks_of(backends))

        (mail,) = [mail for mail in mails(backends) if mail["To"] == "ana@example.org"]
        words = str(mail) + mail.get_content()
        for word in ("pat ", "specialist", "scald", "hand", "mano", "burn", consult_id):
            assert word not in words.lower()

    async def test_where_no_mail_goes_the_link_is_shown_to_hand_over(
        self, people: People, client: AsyncClient
    ) -> None:
        unknown = await people.ems.open_consult(kind="emergency")

        made = await asked(people.specialist, unknown, addressee="colleague")

        assert (made["items"][0]["email"], made["items"][0]["mail_at"]) == (None, None)
        assert (await Holder(client, made["link"]).open()).status_code == 200

    async def test_the_same_request_again_asks_nobody_twice(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        request_id, due_at = str(uuid4()), in_hours(24)
        first = await asked(people.specialist, consult_id, id=request_id, due_at=due_at)

        again = await ask(people.specialist, consult_id, id=request_id, due_at=due_at)

        assert (again.status_code, again.json()) == (200, first)
        assert len(await links(backends)) == 1

    async def test_another_consult_does_not_get_at_it_by_its_id(
        self, people: People, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id)
        other = await people.other_patient.open_consult()

        answer = await ask(people.specialist, other, id=made["items"][0]["id"])

        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"due_at": "2020-01-01T00:00:00Z"},
            {"due_at": "2026-12-01T09:00:00"},
            {"due_at": in_hours(24 * 400)},
            {"times": 3},
            {"every_days": 2},
            {"times": 60, "every_days": 90},
            {"email": "ana@example.org, bob@example.org"},
            {"time_zone": "Mars/Olympus"},
            {"language": "tlh"},
            {"wanted": [{"body_site": "hand", "note": "Ana's"}]},
        ],
    )
    async def test_what_cannot_be_is_refused(
        self, people: People, consult_id: str, wrong: dict[str, Any]
    ) -> None:
        assert (await ask(people.specialist, consult_id, **wrong)).status_code == 422

    @pytest.mark.parametrize("name", ["patient", "ems", "admin"])
    async def test_only_the_service_asks(self, people: People, consult_id: str, name: str) -> None:
        somebody: Somebody = getattr(people, name)

        assert (await ask(somebody, consult_id)).status_code in (403, 404)

    async def test_the_patient_sees_what_they_are_asked_and_not_what_colleagues_are(
        self, people: People, consult_id: str
    ) -> None:
        mine = await asked(people.specialist, consult_id)
        theirs = await asked(people.specialist, consult_id, addressee="colleague")

        shown = [each["id"] for each in await requests_in(people.patient, consult_id)]
        service = [each["id"] for each in await requests_in(people.specialist, consult_id)]

        assert shown == [mine["items"][0]["id"]]
        assert set(service) == {mine["items"][0]["id"], theirs["items"][0]["id"]}


class TestOpening:
    async def test_it_says_what_to_photograph_and_not_of_whom(
        self, holder: Holder, people: People, consult_id: str
    ) -> None:
        answer = await holder.open()

        told = answer.json()
        assert told["wanted"] == [HAND, FACE | {"laterality": None}]
        assert (told["purpose"], told["sent"], told["photos_left"]) == ("dressing_change", [], 20)
        patient = people.patient.user
        for word in ("Pat", "Sol", "Scald", str(patient.email), str(patient.id), consult_id):
            assert word not in answer.text

    async def test_a_scanner_that_opens_it_a_hundred_times_uses_nothing_up(
        self, holder: Holder, client: AsyncClient, backends: Backends
    ) -> None:
        for _ in range(100):
            page = await client.get("/send")
            opened = await holder.open()
            assert opened.status_code == 200
            assert page.status_code in (200, 404)  # the secret never reaches the server with it

        (link,) = await links(backends)
        assert (link.uses, link.wrong_tries, link.ended_at) == (0, 0, None)
        assert (await holder.put_photo(PHOTO, number=0)).status_code == 201

    async def test_its_secret_is_kept_nowhere(self, holder: Holder, backends: Backends) -> None:
        secret = holder.presented.partition(".")[2]
        path = backends.settings.database_path

        kept = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

        assert len(secret) >= 43
        assert secret.encode() not in kept

    async def test_a_link_opens_nothing_but_what_it_asks_for(
        self, holder: Holder, client: AsyncClient, consult_id: str
    ) -> None:
        photo = await holder.send(PHOTO)

        for path in (
            "/api/me", "/api/consults", f"/api/consults/{consult_id}", "/api/session",
            f"/api/photos/{photo['id']}", f"/api/photos/{photo['id']}/image",
            f"/api/consults/{consult_id}/requests", "/api/reviews",
        ):  # fmt: skip
            assert (await client.get(path, headers=holder.headers)).status_code == 401
        assert (await holder.open("outcome")).status_code == 401
        answers = {"went": "home", "healing": "healed", "advice_taken": "followed"}
        assert (await holder.answer(**answers)).status_code == 401

    async def test_another_page_cannot_use_it(self, holder: Holder, client: AsyncClient) -> None:
        elsewhere = holder.headers | {"Sec-Fetch-Site": "cross-site"}

        opened = await client.post("/api/link/opening", json={"kind": "photos"}, headers=elsewhere)
        sent = await client.put(f"/api/link/photos/{uuid4()}", content=PHOTO, headers=elsewhere)

        assert {opened.status_code, sent.status_code} == {403}


class TestWrongSecrets:
    async def test_after_ten_the_link_is_dead_and_says_no_more_than_before(
        self, holder: Holder, client: AsyncClient, people: People, consult_id: str
    ) -> None:
        link_id, _, secret = holder.presented.partition(".")
        wrong = Holder(client, f"{ORIGIN}/send#t={link_id}.{'A' * len(secret)}")

        before = [await wrong.open() for _ in range(MOST_WRONG_TRIES - 1)]
        assert (await holder.open()).status_code == 200
        last, right = await wrong.open(), await holder.open()

        assert {each.status_code for each in (*before, last, right)} == {401}
        assert {each.json()["code"] for each in (*before, last, right)} == {"link_refused"}
        (request,) = await requests_in(people.specialist, consult_id)
        assert request["link_locked"]

    async def test_a_wrong_one_is_counted_on_every_way_in(
        self, holder: Holder, client: AsyncClient, backends: Backends
    ) -> None:
        wrong = Holder(client, holder.link + "x")

        await wrong.open()
        await wrong.put_photo(PHOTO)
        await wrong.answer(went="home", healing="healed", advice_taken="followed")

        assert (await links(backends))[0].wrong_tries == 3

    @pytest.mark.parametrize("presented", ["", "guessed", f"{'0' * 32}.guessed", "0.1.2", "é.x"])
    async def test_what_is_no_link_is_refused_in_the_same_words(
        self, client: AsyncClient, presented: str
    ) -> None:
        headers = {b"Authorization": f"Link {presented}".encode()}

        answer = await client.post("/api/link/opening", json={"kind": "photos"}, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (401, "link_refused")

    async def test_a_new_link_ends_the_old_one(
        self, holder: Holder, people: People, client: AsyncClient, consult_id: str
    ) -> None:
        (request,) = await requests_in(people.specialist, consult_id)

        renewed = await people.specialist.post(
            f"/api/consults/{consult_id}/requests/{request['id']}/link", due_at=in_hours(5)
        )

        assert renewed.status_code == 201
        assert (await holder.open()).status_code == 401
        assert (await Holder(client, renewed.json()["link"]).open()).status_code == 200


class TestSending:
    async def test_the_photo_is_of_what_was_asked_for_and_by_the_link(
        self, holder: Holder, people: People, consult_id: str
    ) -> None:
        receipt = await holder.send(PHOTO, number=0)

        assert set(receipt) == {"id", "state", "sha256_before"}
        (photo,) = (await people.specialist.read(f"/api/consults/{consult_id}"))["photos"]
        assert (photo["body_site"], photo["laterality"], photo["view"]) == ("hand", "L", "back")
        assert photo["created_by"]["role"] == "link"

    async def test_it_is_met_once_every_image_has_come(
        self, holder: Holder, people: People, consult_id: str
    ) -> None:
        await holder.send(PHOTO, number=0)
        (half,) = await requests_in(people.specialist, consult_id)
        assert (await holder.asked())["sent"] == [0]

        await holder.send(OTHER_PHOTO, number=1)

        (whole,) = await requests_in(people.specialist, consult_id)
        assert (half["met_at"], whole["met_at"] is not None) == (None, True)
        assert whole["mail_at"] is None

    async def test_the_same_photo_again_is_one_photo_and_one_use(
        self, holder: Holder, backends: Backends
    ) -> None:
        photo_id = uuid4()
        first = await holder.put_photo(PHOTO, photo_id=photo_id, number=0)

        again = await holder.put_photo(PHOTO, photo_id=photo_id, number=0)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert (await links(backends))[0].uses == 1

    async def test_it_takes_so_many_and_no_more(self, holder: Holder, backends: Backends) -> None:
        async with backends.database.writes.begin() as session:
            (link,) = (await session.exec(select(Link))).all()
            link.uses = link.most_uses - 1
            session.add(link)

        answers = await asyncio.gather(*(holder.put_photo(make_jpeg(48, 32 + n)) for n in range(4)))

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
        assert set(refused) == {"link_used_up"}
        async with backends.database.reads() as session:
            assert len((await session.exec(select(Photo))).all()) == 1

    async def test_what_is_no_photo_is_refused_and_uses_nothing(
        self, holder: Holder, backends: Backends
    ) -> None:
        answer = await holder.put_photo(b"GIF89a nothing")

        assert answer.status_code in (415, 422)
        assert (await links(backends))[0].uses == 0

    async def test_an_image_that_nobody_wants_is_refused(self, holder: Holder) -> None:
        assert (await holder.put_photo(PHOTO, number=2)).status_code == 422

    @pytest.mark.parametrize("end", ["expired", "cancelled", "withdrawn", "closed"])
    async def test_once_it_has_ended_it_is_refused_in_the_same_words(
        self,
        holder: Holder,
        people: People,
        backends: Backends,
        consult_id: str,
        end: str,
    ) -> None:
        (request,) = await requests_in(people.specialist, consult_id)
        match end:
            case "expired":
                async with backends.database.writes.begin() as session:
                    (link,) = (await session.exec(select(Link))).all()
                    link.expires_at = now()
                    session.add(link)
            case "cancelled":
                path = f"/api/consults/{consult_id}/requests/{request['id']}"
                answer = await people.specialist.request("DELETE", path)
                assert answer.status_code == 204
            case "withdrawn":
                await withdraw(people.patient, backends, consult_id)
            case _:
                await close(people, consult_id)
                await mail_due_requests(backends)

        opened, sent = await holder.open(), await holder.put_photo(PHOTO)

        assert {opened.status_code, sent.status_code} == {401}
        assert opened.json() == sent.json()

    async def test_each_answer_left_its_row_by_the_link(
        self, holder: Holder, backends: Backends, consult_id: str
    ) -> None:
        """AU-1."""
        await holder.asked()
        await holder.send(PHOTO, number=0)

        async with backends.database.reads() as session:
            query = select(AuditRow).where(AuditRow.via == "link").order_by("seq")
            rows = (await session.exec(query)).all()
            (link,) = (await session.exec(select(Link))).all()
        assert [row.action for row in rows] == ["link.opened", "photo.attached"]
        assert {(row.role, row.via_id, row.consult_id) for row in rows} == {
            ("link", str(link.id), consult_id)
        }

    async def test_a_consult_that_waits_for_it_waits_no_more(
        self, people: People, client: AsyncClient, consult_id: str
    ) -> None:
        await people.specialist.post(f"/api/consults/{consult_id}/steps", step="acknowledge")
        await people.specialist.post(
            f"/api/consults/{consult_id}/steps", step="ask", reason="More images"
        )
        made = await asked(people.specialist, consult_id)
        waits = await people.specialist.read(f"/api/consults/{consult_id}")

        await Holder(client, made["link"]).send(PHOTO)

        goes_on = await people.specialist.read(f"/api/consults/{consult_id}")
        assert (waits["state"], goes_on["state"]) == ("awaiting_info", "assigned")

    async def test_whoever_is_signed_in_may_answer_as_themselves(
        self, people: People, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id)
        path = f"/api/consults/{consult_id}/requests/{made['items'][0]['id']}/photos/{uuid4()}"

        first = await people.patient.request("PUT", path, content=PHOTO)
        again = await people.patient.request("PUT", path, content=PHOTO)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["created_by"]["name"] == "Pat Patient"
        assert first.json()["body_site"] == "hand"
        (request,) = await requests_in(people.patient, consult_id)
        assert request["met_at"]


class TestReminders:
    async def test_how_often_they_come_and_how_long_a_link_lives_are_the_services_own_times(
        self, people: People
    ) -> None:
        times = {"remind_hours": 6, "link_grace_hours": 12}
        ours = await people.coordinator.post("/api/services", name="Lisbon burns", **times)
        consult_id = await people.patient.open_consult(service_id=ours.json()["id"])
        due_at = now() + timedelta(hours=48)

        made = await asked(people.specialist, consult_id, due_at=due_at.isoformat())
        other = await asked(
            people.specialist, consult_id, due_at=due_at.isoformat(), remind_hours=24
        )

        (request,), (often,) = made["items"], other["items"]
        assert datetime.fromisoformat(request["mail_at"]) == _to_ms(due_at - timedelta(hours=6))
        assert datetime.fromisoformat(often["mail_at"]) == _to_ms(due_at - timedelta(hours=24))
        assert datetime.fromisoformat(request["link_expires_at"]) == _to_ms(
            due_at + timedelta(hours=12)
        )

    async def test_they_come_until_it_is_met_and_each_once(
        self, people: People, backends: Backends, client: AsyncClient, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id, due_at=in_hours(48), remind_hours=24)
        request_id = made["items"][0]["id"]
        for _ in range(3):
            await change(backends, request_id, mail_at=now())
            await mail_due_requests(backends)
            await mail_due_requests(backends)  # asked for twice, sent once
        assert await waiting_mails(backends) == 4
        await Holder(client, made["link"]).send(PHOTO)
        await change(backends, request_id, mail_at=now())
        await mail_due_requests(backends)
        assert await waiting_mails(backends) == 4

        await work(backends, tasks_of(backends))

        asking = [mail for mail in mails(backends) if "asked to send" in str(mail["Subject"])]
        # What had not left when the photo came is not sent any more.
        assert asking == []

    async def test_what_has_not_come_is_reminded_of_under_another_id_each(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id)
        await work(backends, tasks_of(backends))
        for _ in range(2):
            await change(backends, made["items"][0]["id"], mail_at=now())
            await mail_due_requests(backends)
            await work(backends, tasks_of(backends))

        asking = [mail for mail in mails(backends) if "asked to send" in str(mail["Subject"])]

        assert len({mail["Message-ID"] for mail in asking}) == len(asking) == 3
        assert len({mail.get_content() for mail in asking}) == 1

    async def test_a_mail_that_is_tried_again_has_the_same_id(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id)
        send = tasks_of(backends)["send_image_request"]
        link_id = str((await links(backends))[0].id)

        for _ in range(2):
            await send(request_id=made["items"][0]["id"], link_id=link_id, number=1)

        assert len({mail["Message-ID"] for mail in mails(backends)}) == 1

    async def test_the_overdue_are_listed_for_the_service_longest_first(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        other = await people.other_patient.open_consult()
        late = (await asked(people.specialist, other))["items"][0]["id"]
        later = (await asked(people.specialist, consult_id))["items"][0]["id"]
        in_time = (await asked(people.specialist, consult_id))["items"][0]["id"]
        await change(backends, late, due_at=now() - timedelta(hours=5))
        await change(backends, later, due_at=now() - timedelta(hours=1))

        for somebody in (people.specialist, people.coordinator):
            listed = (await somebody.read("/api/requests/overdue"))["items"]
            assert [each["id"] for each in listed] == [late, later]
            assert in_time not in str(listed)
        for somebody in (people.patient, people.ems, people.admin):
            assert (await somebody.get("/api/requests/overdue")).status_code == 404

    async def test_the_list_leaves_out_what_is_another_specialists(
        self, people: People, backends: Backends, consult_id: str
    ) -> None:
        made = await asked(people.specialist, consult_id)
        await people.specialist.say(consult_id, "I have it.")
        await change(backends, made["items"][0]["id"], due_at=now() - timedelta(hours=1))

        assert (await people.other_specialist.read("/api/requests/overdue"))["items"] == []
        assert len((await people.specialist.read("/api/requests/overdue"))["items"]) == 1


class TestWindows:
    async def test_each_window_has_its_own_link_and_begins_in_its_time(
        self, people: People, backends: Backends, client: AsyncClient, consult_id: str
    ) -> None:
        made = await asked(
            people.specialist, consult_id, due_at=in_hours(12), every_days=2, times=4
        )
        assert len(made["items"]) == 4
        assert len({each["series_id"] for each in made["items"]}) == 1
        assert len(await links(backends)) == 1  # the first has begun

        await change(backends, made["items"][1]["id"], mail_at=now())
        await mail_due_requests(backends)

        assert len(await links(backends)) == 2
        await Holder(client, made["link"]).send(PHOTO)
        met = [each["met_at"] for each in await requests_in(people.specialist, consult_id)]
        assert [bool(each) for each in met] == [True, False, False, False]

    async def test_a_window_stays_at_its_hour_when_the_clocks_change(
        self, people: People, consult_id: str
    ) -> None:
        first = now() + timedelta(days=1)

        made = await asked(
            people.specialist,
            consult_id,
            due_at=first.isoformat(),
            every_days=30,
            times=12,
            time_zone="America/New_York",
        )

        hours = {datetime.fromisoformat(each["due_at"]).hour for each in made["items"]}
        assert len(hours) == 2  # in UTC: summer and winter

    async def test_taking_one_back_takes_the_later_ones_back(
        self, people: People, consult_id: str
    ) -> None:
        made = await asked(
            people.specialist, consult_id, due_at=in_hours(12), every_days=2, times=3
        )

        path = f"/api/consults/{consult_id}/requests/{made['items'][1]['id']}"
        for _ in range(2):
            assert (await people.specialist.request("DELETE", path)).status_code == 204

        ended = [each["ended_at"] for each in await requests_in(people.specialist, consult_id)]
        assert [bool(each) for each in ended] == [False, True, True]


async def withdraw(patient: Somebody, backends: Backends, consult_id: str) -> None:
    person = await signed_in(backends, patient)
    answer = await person.post(
        f"/api/consults/{consult_id}/consents", purpose="care", given=False, method="tap"
    )
    assert answer.status_code == 201, answer.text


async def close(people: People, consult_id: str) -> None:
    await people.specialist.say(consult_id, "It heals well.")
    await people.patient.request("PUT", f"/api/consults/{consult_id}/read", json={"seq": 1})
    answer = await people.specialist.request("POST", f"/api/consults/{consult_id}/close")
    assert answer.status_code == 200, answer.text


def _to_ms(moment: datetime) -> datetime:
    """As the wire has it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
