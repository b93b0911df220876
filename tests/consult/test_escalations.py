"""The ladder: who is paged when nobody moves, and what stops it."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import col, select, update

from consult.accounts import disable_user
from consult.bootstrap import Backends
from consult.clinical.workflow.service_levels import Rung
from consult.config import Settings, read_settings
from consult.models import (
    DEFAULT_SERVICE,
    Delivery,
    Escalation,
    EscalationKind,
    Role,
    Shift,
    User,
    now,
)
from consult.tasks import tasks_of
from consult.worker import escalate
from tests.factories import People, Somebody, make_somebody, signed_in
from tests.mailbox import mails, work
from tests.receiver import Receiver, receiving

SERVICE = f"/api/services/{DEFAULT_SERVICE}"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_private_networks": True})


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def put_on_duty(backends: Backends, **rungs: Somebody) -> None:
    at = now()
    async with backends.database.writes.begin() as session:
        for rung, somebody in rungs.items():
            session.add(
                Shift(
                    service_id=DEFAULT_SERVICE,
                    user_id=somebody.user.id,
                    rung=Rung(rung),
                    starts_at=at - timedelta(hours=1),
                    ends_at=at + timedelta(hours=8),
                )
            )


async def let_pass(backends: Backends, **span: float) -> None:
    """As if that much time had gone by for everything that is still to come."""
    async with backends.database.writes.begin() as session:
        rows = await session.exec(
            select(Escalation).where(
                col(Escalation.settled_at).is_(None), col(Escalation.due_at).is_not(None)
            )
        )
        for row in rows.all():
            assert row.due_at is not None
            row.due_at -= timedelta(**span)
    await escalate(backends)


async def pages(who: Somebody, consult_id: str) -> list[Any]:
    shown = await who.read(f"/api/consults/{consult_id}")
    return [page for page in shown["pages"] if page["at"]]


@pytest.fixture
async def boss(backends: Backends, client: AsyncClient) -> Somebody:
    return await make_somebody(backends, client, "bea boss", Role.SPECIALIST)


async def test_nobody_moves_and_each_rung_is_paged_in_turn(
    people: People, backends: Backends, boss: Somebody
) -> None:
    await put_on_duty(
        backends, primary=people.specialist, backup=people.other_specialist, supervisor=boss
    )
    consult_id = await people.ems.open_consult(kind="emergency")

    at_once = await _paged_after(people, backends, consult_id, minutes=0)
    after_four = await _paged_after(people, backends, consult_id, minutes=4)
    after_five = await _paged_after(people, backends, consult_id, minutes=1)
    after_ten = await _paged_after(people, backends, consult_id, minutes=5)

    assert at_once == after_four == ["Sol Specialist"]
    assert after_five == ["Sol Specialist", "Sky Specialist"]
    assert after_ten == ["Sol Specialist", "Sky Specialist", "Bea Boss"]
    shown = await people.ems.read(f"/api/consults/{consult_id}")
    assert shown["service"]["telephone"] == "911"
    assert shown["owner"]["person"]["name"] == "Bea Boss"
    await work(backends, tasks_of(backends))
    told = [mail["To"] for mail in mails(backends) if "on duty" in str(mail["Subject"])]
    assert Counter(told) == Counter(
        one.user.email for one in (people.specialist, people.other_specialist, boss)
    )


async def _paged_after(
    people: People, backends: Backends, consult_id: str, *, minutes: float
) -> list[str]:
    await let_pass(backends, minutes=minutes)
    return [page["person"]["name"] for page in await pages(people.ems, consult_id)]


async def test_acknowledging_stops_it_and_no_page_that_waits_is_sent(
    people: People, backends: Backends
) -> None:
    await put_on_duty(backends, primary=people.specialist, backup=people.other_specialist)
    consult_id = await people.ems.open_consult(kind="emergency")
    await escalate(backends)
    path = f"/api/consults/{consult_id}/steps"

    await people.specialist.post(path, step="acknowledge")
    await let_pass(backends, minutes=9)

    await work(backends, tasks_of(backends))
    assert [page["rung"] for page in await pages(people.ems, consult_id)] == ["primary"]
    assert not [mail for mail in mails(backends) if "on duty" in str(mail["Subject"])]


async def test_what_was_taken_and_not_answered_in_time_goes_to_the_supervisor(
    people: People, backends: Backends, boss: Somebody
) -> None:
    await put_on_duty(backends, primary=people.specialist, supervisor=boss)
    consult_id = await people.ems.open_consult(kind="emergency")
    await people.specialist.post(f"/api/consults/{consult_id}/steps", step="acknowledge")

    await let_pass(backends, minutes=11)

    (page,) = await pages(people.ems, consult_id)
    assert (page["kind"], page["person"]["name"]) == ("reply", "Bea Boss")


async def test_the_clock_stands_still_while_the_asker_is_asked(
    people: People, backends: Backends
) -> None:
    await put_on_duty(backends, primary=people.specialist, backup=people.other_specialist)
    consult_id = await people.ems.open_consult(kind="emergency")
    path = f"/api/consults/{consult_id}/steps"
    await escalate(backends)
    await people.coordinator.post(path, step="ask", reason="Where is it?")

    await let_pass(backends, minutes=30)
    waiting = await pages(people.ems, consult_id)
    await people.ems.say(consult_id, "Both hands.")
    await let_pass(backends, minutes=6)

    assert [page["rung"] for page in waiting] == ["primary"]
    assert [page["rung"] for page in await pages(people.ems, consult_id)] == ["primary", "backup"]
    shown = await people.ems.read(f"/api/consults/{consult_id}")
    assert (shown["state"], shown["clock"]["stopped_since"]) == ("submitted", None)


async def test_an_empty_roster_goes_to_the_supervisor_and_else_shows_the_telephone(
    people: People, backends: Backends
) -> None:
    wish = {"name": "Burns", "telephone": "+1 555 0199"}
    nobody = await people.ems.open_consult(kind="emergency")
    await escalate(backends)
    changed = await people.coordinator.request(
        "PUT", SERVICE, json=wish | {"supervisor_id": str(people.specialist.user.id)}
    )
    somebody = await people.ems.open_consult(kind="emergency")
    await escalate(backends)

    assert changed.status_code == 200, changed.text
    (page,) = await pages(people.ems, nobody)
    assert (page["outcome"], page["person"]) == ("telephone", None)
    (page,) = await pages(people.ems, somebody)
    assert (page["outcome"], page["person"]["name"]) == ("paged", "Sol Specialist")
    shown = await people.ems.read(f"/api/consults/{somebody}")
    assert shown["service"]["telephone"] == "+1 555 0199"


async def test_somebody_who_is_removed_in_the_middle_is_stepped_over(
    people: People, backends: Backends, boss: Somebody
) -> None:
    await put_on_duty(
        backends, primary=people.specialist, backup=people.other_specialist, supervisor=boss
    )
    consult_id = await people.ems.open_consult(kind="emergency")
    await escalate(backends)
    async with backends.database.writes.begin() as session:
        gone = await session.get_one(User, people.other_specialist.user.id)
        await disable_user(session, gone)

    await let_pass(backends, minutes=6)

    names = [page["person"]["name"] for page in await pages(people.ems, consult_id)]
    assert names == ["Sol Specialist", "Bea Boss"]


async def test_what_belonged_to_somebody_who_was_shut_out_waits_again(
    people: People, backends: Backends
) -> None:
    consult_id = await people.ems.open_consult(kind="emergency")
    await people.specialist.post(f"/api/consults/{consult_id}/steps", step="acknowledge")
    async with backends.database.writes.begin() as session:
        await disable_user(session, await session.get_one(User, people.specialist.user.id))

    await tasks_of(backends)["release_abandoned"]()

    shown = await people.ems.read(f"/api/consults/{consult_id}")
    assert (shown["state"], shown["clock"]["acknowledged_by"]) == ("triaged", None)
    (last,) = (await people.ems.read(f"/api/consults/{consult_id}/steps"))["items"][-1:]
    assert (last["step"], last["by"], last["reason_code"]) == ("release", None, "account_closed")


async def test_a_clock_that_jumps_pages_once_whichever_way(
    people: People, backends: Backends
) -> None:
    await put_on_duty(backends, primary=people.specialist)
    consult_id = await people.ems.open_consult(kind="emergency")

    await let_pass(backends, hours=-3)
    before = await pages(people.ems, consult_id)
    await let_pass(backends, days=400)
    await escalate(backends)

    assert before == []
    assert len(await pages(people.ems, consult_id)) == 3


async def test_of_two_workers_only_one_pages(people: People, backends: Backends) -> None:
    await put_on_duty(backends, primary=people.specialist)
    consult_id = await people.ems.open_consult(kind="emergency")

    await asyncio.gather(*(escalate(backends) for _ in range(4)))

    assert len(await pages(people.ems, consult_id)) == 1


async def test_a_patient_sees_the_ladder_and_not_who_is_on_it(
    people: People, backends: Backends
) -> None:
    await put_on_duty(backends, primary=people.specialist)
    consult_id = await people.patient.open_consult()
    await escalate(backends)

    (page,) = await pages(people.patient, consult_id)

    assert (page["outcome"], page["person"]) == ("paged", None)
    shown = await people.patient.read(f"/api/consults/{consult_id}")
    assert shown["owner"] == {"side": "service", "person": None}


async def test_the_sender_sees_delivered_seen_acknowledged_and_answered_live(
    people: People, backends: Backends
) -> None:
    await put_on_duty(backends, primary=people.specialist)
    consult_id = await people.ems.open_consult(kind="emergency")
    path = f"/api/consults/{consult_id}"

    async def clock() -> tuple[list[bool], int]:
        shown = await people.ems.read(path)
        names = ("delivered_at", "seen_at", "acknowledged_at", "answered_at")
        return [shown["clock"][name] is not None for name in names], shown["last_event"]

    seen = [await clock()]
    await escalate(backends)
    await work(backends, tasks_of(backends))
    seen.append(await clock())
    await people.specialist.read(path)
    seen.append(await clock())
    await people.specialist.post(f"{path}/steps", step="acknowledge")
    seen.append(await clock())
    await people.specialist.say(consult_id, "Cool it.")
    seen.append(await clock())

    assert [true.count(True) for true, _ in seen] == [0, 1, 2, 3, 4]
    numbers = [number for _, number in seen]
    assert numbers == sorted(set(numbers))


class TestPatientsEmergency:
    async def test_the_team_hears_at_once_and_the_supervisor_unless_it_was_read(
        self, people: People, backends: Backends, boss: Somebody
    ) -> None:
        await put_on_duty(backends, primary=people.specialist, supervisor=boss)
        ids = [
            (
                await people.patient.post(
                    "/api/consults", kind="follow_up", red_flags=["breathing"]
                )
            ).json()["id"]
            for _ in range(2)
        ]
        await escalate(backends)
        await people.patient.post(f"/api/consults/{ids[0]}/emergency-read")

        await let_pass(backends, minutes=31)

        async with backends.database.reads() as session:
            query = select(Escalation).where(
                Escalation.kind == EscalationKind.EMERGENCY, col(Escalation.paged_id).is_not(None)
            )
            paged = [(str(one.consult_id), one.rung) for one in (await session.exec(query)).all()]
        assert sorted(paged) == sorted(
            [(ids[0], Rung.PRIMARY), (ids[1], Rung.PRIMARY), (ids[1], Rung.SUPERVISOR)]
        )


class TestWebhooks:
    async def add(self, people: People, backends: Backends, url: str) -> Any:
        admin = await signed_in(backends, people.admin)
        answer = await admin.post(f"{SERVICE}/webhooks", url=url)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def test_a_page_is_signed_as_standard_webhooks_says_and_tells_nothing(
        self, people: People, backends: Backends, receiver: Receiver
    ) -> None:
        webhook = await self.add(people, backends, receiver.url)
        await put_on_duty(backends, primary=people.specialist)
        consult_id = await people.ems.open_consult(kind="emergency", reason="Flash burn")
        await escalate(backends)

        await work(backends, tasks_of(backends))

        (got,) = receiver.got
        content = ".".join(
            (got.headers["webhook-id"], got.headers["webhook-timestamp"], got.body.decode())
        )
        key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, content.encode(), hashlib.sha256)).decode()
        assert got.headers["webhook-signature"] == f"v1,{signature}"
        assert abs(int(got.headers["webhook-timestamp"]) - now().timestamp()) < 60
        body = json.loads(got.body)
        assert (body["type"], body["data"]["consult_id"]) == ("consult.paged", consult_id)
        assert b"burn" not in got.body
        assert b"Sol" not in got.body
        listed = await people.admin.read(f"{SERVICE}/webhooks")
        assert webhook["secret"] not in str(listed)
        assert "secret" not in listed["items"][0]

    async def test_500_for_a_day_is_tried_on_and_logged_and_arrives_in_the_end(
        self, people: People, backends: Backends, receiver: Receiver
    ) -> None:
        webhook = await self.add(people, backends, receiver.url)
        receiver.answers = lambda _: 500
        await people.ems.open_consult(kind="emergency")
        await escalate(backends)

        await self.attempts(backends, 30)
        receiver.answers = lambda _: 204
        await self.attempts(backends, 1)
        await self.attempts(backends, 1)

        assert len(receiver.got) == 31
        assert len(set(receiver.ids)) == 1
        log = await people.admin.read(f"/api/webhooks/{webhook['id']}/deliveries")
        (delivery,) = log["items"]
        assert [one["status"] for one in delivery["attempts"]] == [500] * 30 + [204]
        assert delivery["delivered_at"]
        assert delivery["next_at"] is None

    async def attempts(self, backends: Backends, count: int) -> None:
        """Let the time of the next attempt come, again and again; no mail is of interest."""
        send = tasks_of(backends)["send_webhook"]
        for _ in range(count):
            async with backends.database.reads() as session:
                ids = (await session.exec(select(Delivery.id))).all()
            for delivery_id in ids:
                await send(delivery_id=str(delivery_id))

    async def test_it_waits_longer_each_time_and_gives_up_after_three_days(
        self, people: People, backends: Backends, receiver: Receiver
    ) -> None:
        await self.add(people, backends, receiver.url)
        receiver.answers = lambda _: 503
        await people.ems.open_consult(kind="emergency")
        await escalate(backends)
        waits: list[float] = []
        for _ in range(14):
            before: datetime = now()
            await self.attempts(backends, 1)
            async with backends.database.reads() as session:
                (delivery,) = (await session.exec(select(Delivery))).all()
            assert delivery.next_at is not None
            waits.append((delivery.next_at - before).total_seconds())
        async with backends.database.writes.begin() as session:
            long_ago = now() - timedelta(days=4)
            await session.exec(update(Delivery).values(created_at=long_ago))

        await self.attempts(backends, 1)

        assert [round(wait) for wait in waits[:6]] == [2, 4, 8, 16, 32, 64]
        assert max(waits) < 3602
        async with backends.database.reads() as session:
            (delivery,) = (await session.exec(select(Delivery))).all()
        assert (delivery.next_at, delivery.given_up_at is None) == (None, False)

    async def test_a_person_has_it_sent_again_under_the_same_id(
        self, people: People, backends: Backends, receiver: Receiver
    ) -> None:
        webhook = await self.add(people, backends, receiver.url)
        await people.ems.open_consult(kind="emergency")
        await escalate(backends)
        await work(backends, tasks_of(backends))
        path = f"/api/webhooks/{webhook['id']}/deliveries"
        (delivery,) = (await people.admin.read(path))["items"]

        again = await people.admin.request("POST", f"/api/deliveries/{delivery['id']}/redelivery")
        await work(backends, tasks_of(backends))

        assert again.status_code == 202
        assert receiver.ids == [delivery["id"]] * 2

    async def test_a_new_secret_signs_and_the_old_one_no_more(
        self, people: People, backends: Backends
    ) -> None:
        admin = await signed_in(backends, people.admin)
        webhook = await self.add(people, backends, "https://example.org/hook")

        renewed = await admin.post(f"/api/webhooks/{webhook['id']}/secret")

        assert renewed.status_code == 201
        assert renewed.json()["secret"] != webhook["secret"]

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.org/hook",
            "ftp://example.org/hook",
            "https://user:password@example.org/hook",
            "https://example.org/a b",
            "not an address",
        ],
    )
    async def test_another_kind_of_address_is_refused(
        self, people: People, backends: Backends, url: str
    ) -> None:
        admin = await signed_in(backends, people.admin)

        answer = await admin.post(f"{SERVICE}/webhooks", url=url)

        assert answer.status_code == 422


def test_by_default_no_webhook_goes_to_a_private_network() -> None:
    assert not read_settings().webhook_private_networks
