"""ID-6, ID-7. The way back in takes two proofs by different methods, and everybody is told."""

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from sqlmodel import col, select

from consult.models import AuditRow, Credential, Invitation, RecoveryCode, Role, now
from consult.tasks import tasks_of
from tests.authenticator import Authenticator
from tests.mailbox import addressees, mails, work

from .people import ORIGIN, Person, Service, a_person
from .test_codes import give


@pytest.fixture
async def specialist(service: Service) -> AsyncGenerator[Person]:
    async with a_person(service, role=Role.SPECIALIST) as person:
        await person.enrol()
        yield person


class TestTwoProofs:
    async def test_a_mailed_link_and_a_saved_code_give_the_account_back(
        self, enrolled: Person
    ) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]

        response = await recover(enrolled, proofs)

        assert response.status_code == 201, response.text
        assert response.json()["session"]["user"]["id"] == str(enrolled.user.id)
        assert (await enrolled.client.get("/api/me")).status_code == 200

    async def test_so_do_a_mailed_link_and_a_coordinator(
        self, enrolled: Person, coordinator: Person
    ) -> None:
        proofs = [await witnessed(coordinator, enrolled), await mailed(enrolled)]

        assert (await recover(enrolled, proofs)).json()["session"]

    async def test_so_do_a_saved_code_and_a_coordinator(
        self, enrolled: Person, coordinator: Person
    ) -> None:
        proofs = [(await saved(enrolled))[7].lower(), await witnessed(coordinator, enrolled)]

        assert (await recover(enrolled, proofs)).json()["session"]

    async def test_a_patient_without_mail_or_codes_gets_back_by_two_colleagues(
        self, service: Service, coordinator: Person, specialist: Person
    ) -> None:
        async with a_person(service, with_email=False) as pat:
            await pat.enrol()
            card = (await give(specialist, pat, "printed"))["secret"]

            response = await recover(pat, [card, await witnessed(coordinator, pat)])

            assert response.json()["session"]

    async def test_but_not_by_one_colleague_twice(
        self, service: Service, coordinator: Person
    ) -> None:
        async with a_person(service, with_email=False) as pat:
            await pat.enrol()
            card = (await give(coordinator, pat, "printed"))["secret"]

            assert await refused(pat, [card, await witnessed(coordinator, pat)])

    async def test_nor_when_there_is_a_mailbox_that_could_be_asked(
        self, specialist: Person, coordinator: Person, enrolled: Person
    ) -> None:
        card = (await give(specialist, enrolled, "printed"))["secret"]

        assert await refused(enrolled, [card, await witnessed(coordinator, enrolled)])

    async def test_every_other_pair_is_refused_in_one_and_the_same_way(
        self, service: Service, enrolled: Person
    ) -> None:
        codes, link = await saved(enrolled), await mailed(enrolled)
        async with a_person(service) as eve:
            await eve.enrol()
            evil = await mailed(eve)
            pairs = [
                [codes[0], codes[1]],
                [codes[0], codes[0]],
                [link, link],
                [link, "x"],
                [evil, codes[0]],
                [evil, link],
                [await enrolled.invite(), codes[0]],
                [await enrolled.invite(), link],
            ]
            answers = {(await start(enrolled, pair)).text for pair in pairs}
        assert len(answers) == 1
        assert "recovery_refused" in answers.pop()
        assert (await start(enrolled, [link, codes[0]])).status_code == 200

    async def test_each_works_once(self, enrolled: Person) -> None:
        codes, link = await saved(enrolled), await mailed(enrolled)
        await recover(enrolled, [link, codes[0]])

        assert await refused(enrolled, [link, codes[1]])
        assert await refused(enrolled, [await mailed(enrolled), codes[0]])
        assert (await start(enrolled, [await mailed(enrolled), codes[1]])).status_code == 200

    async def test_of_many_who_use_them_at_once_exactly_one_gets_in(self, enrolled: Person) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]
        answers = [
            Authenticator(ORIGIN).create((await start(enrolled, proofs)).json()["options"])
            for _ in range(10)
        ]

        responses = await asyncio.gather(
            *(
                enrolled.client.post(
                    "/api/recovery/passkey", json={"proofs": proofs, "credential": answer}
                )
                for answer in answers
            )
        )

        assert sorted(response.status_code for response in responses) == [201] + [400] * 9

    async def test_asking_what_to_make_uses_neither_up(self, enrolled: Person) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]

        for _ in range(100):
            assert (await start(enrolled, proofs)).status_code == 200

        assert (await recover(enrolled, proofs)).status_code == 201

    async def test_a_passkey_that_cannot_be_used_leaves_both_as_they_were(
        self, enrolled: Person
    ) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]

        failed = await recover(enrolled, proofs, origin="https://evil.example")

        assert (failed.status_code, failed.json()["code"]) == (401, "passkey_refused")
        assert (await recover(enrolled, proofs)).status_code == 201

    async def test_a_challenge_of_somebody_else_is_refused(
        self, service: Service, enrolled: Person
    ) -> None:
        mine = [await mailed(enrolled), (await saved(enrolled))[0]]
        async with a_person(service) as eve:
            await eve.enrol()
            theirs = [await mailed(eve), (await saved(eve))[0]]
            options = (await start(eve, theirs)).json()["options"]

        body = {"proofs": mine, "credential": Authenticator(ORIGIN).create(options)}
        response = await enrolled.client.post("/api/recovery/passkey", json=body)

        assert (response.status_code, response.json()["code"]) == (401, "passkey_refused")

    @pytest.mark.parametrize("of", ["mail", "witness"])
    async def test_a_link_is_good_for_a_day_and_a_witness_for_ten_minutes(
        self, enrolled: Person, coordinator: Person, of: str
    ) -> None:
        proofs = [await mailed(enrolled), await witnessed(coordinator, enrolled)]
        lifetime = {"mail": timedelta(hours=24), "witness": timedelta(minutes=10)}[of]

        async with enrolled.service.backends.database.writes.begin() as session:
            query = select(RecoveryCode).where(
                RecoveryCode.user_id == enrolled.user.id, RecoveryCode.method == of
            )
            row = (await session.exec(query)).one()
            assert row.expires_at
            assert row.expires_at - row.created_at == lifetime
            row.expires_at = now()

        assert await refused(enrolled, proofs)

    async def test_nobody_who_is_shut_out_gets_back(self, enrolled: Person, admin: Person) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]
        await admin.call("POST", f"/api/users/{enrolled.user.id}/disable")

        assert await refused(enrolled, proofs)
        await admin.call("POST", f"/api/users/{enrolled.user.id}/enable")
        assert await refused(enrolled, proofs), "the link died when the account was shut"


class TestWhatItDoes:
    async def test_every_session_ends(self, enrolled: Person) -> None:
        other = Person(
            enrolled.service, enrolled.service.client(), enrolled.user, enrolled.authenticator
        )
        await other.sign_in()

        await recover(enrolled, [await mailed(enrolled), (await saved(enrolled))[0]])

        assert (await other.client.get("/api/me")).status_code == 401
        await other.client.aclose()

    async def test_what_was_lost_is_unknown_from_then_on_and_stays_on_record(
        self, enrolled: Person
    ) -> None:
        kept = await enrolled.add_passkey("Kept")
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]
        shown = (await start(enrolled, proofs)).json()["passkeys"]
        (lost,) = [each["id"] for each in shown if each["name"] != "Kept"]

        assert (await recover(enrolled, proofs, lost=[lost])).status_code == 201

        async with enrolled.service.backends.database.reads() as session:
            query = select(Credential).where(Credential.user_id == enrolled.user.id)
            rows = (await session.exec(query)).all()
        assert len(rows) == 3
        assert [str(row.id) for row in rows if row.revoked_at] == [lost]
        with pytest.raises(AssertionError, match="unknown_passkey"):
            await enrolled.sign_in()
        enrolled.authenticator = kept
        assert (await enrolled.sign_in()).status_code == 200

    async def test_nobody_elses_passkey_is_lost_by_it(
        self, service: Service, enrolled: Person
    ) -> None:
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]
        async with a_person(service) as eve:
            await eve.enrol()
            (theirs,) = (await eve.client.get("/api/passkeys")).json()["passkeys"]
            response = await recover(enrolled, proofs, lost=[theirs["id"]])

            assert (response.status_code, response.json()["code"]) == (400, "recovery_refused")
            assert (await eve.sign_in()).status_code == 200

    async def test_the_address_is_told_and_it_is_on_record(self, enrolled: Person) -> None:
        backends, address = enrolled.service.backends, str(enrolled.user.email)
        proofs = [await mailed(enrolled), (await saved(enrolled))[0]]
        await work(backends, tasks_of(backends))
        before = addressees(backends)[address]

        await recover(enrolled, proofs)

        await work(backends, tasks_of(backends))
        assert addressees(backends)[address] == before + 1
        (notice,) = [mail for mail in mails(backends) if mail["To"] == address][before:]
        assert "has changed" in str(notice["Subject"])
        async with backends.database.reads() as session:
            query = select(AuditRow).where(
                AuditRow.action == "account.recovered", AuditRow.actor_id == str(enrolled.user.id)
            )
            assert (await session.exec(query)).one()

    async def test_links_and_witnesses_that_were_out_are_dead_saved_codes_are_not(
        self, enrolled: Person, coordinator: Person
    ) -> None:
        codes, link = await saved(enrolled), await mailed(enrolled)
        word = await witnessed(coordinator, enrolled)

        await recover(enrolled, [link, codes[0]])

        assert await refused(enrolled, [word, codes[1]])
        assert (await start(enrolled, [await mailed(enrolled), codes[1]])).status_code == 200


class TestStaff:
    async def test_a_colleague_a_coordinator_vouched_for_waits_a_day(
        self, specialist: Person, coordinator: Person
    ) -> None:
        proofs = [await mailed(specialist), await witnessed(coordinator, specialist)]
        specialist.authenticator = Authenticator(ORIGIN)

        response = await recover(specialist, proofs, authenticator=specialist.authenticator)

        assert (response.status_code, response.json()["session"]) == (201, None)
        assert response.json()["usable_from"]
        assert "set-cookie" not in response.headers
        with pytest.raises(AssertionError, match="passkey_on_hold"):
            await specialist.sign_in()
        await let_pass(specialist)
        assert (await specialist.sign_in()).status_code == 200

    async def test_their_old_passkey_works_meanwhile_so_that_they_can_object(
        self, specialist: Person, coordinator: Person
    ) -> None:
        proofs = [await mailed(specialist), await witnessed(coordinator, specialist)]
        await recover(specialist, proofs)

        await specialist.sign_in()
        shown = (await specialist.client.get("/api/passkeys")).json()["passkeys"]
        (waiting,) = [each["id"] for each in shown if each["usable_from"]]

        assert (await specialist.call("DELETE", f"/api/passkeys/{waiting}")).status_code == 204

    async def test_nobody_waits_who_was_vouched_for_by_nobody(self, specialist: Person) -> None:
        proofs = [await mailed(specialist), (await saved(specialist))[0]]

        assert (await recover(specialist, proofs)).json()["session"]

    async def test_an_administrator_changes_nothing_for_three_days(
        self, admin: Person, ana: Person
    ) -> None:
        response = await recover(admin, [await mailed(admin), (await saved(admin))[0]])
        admin.csrf = response.json()["session"]["csrf_token"]
        path = f"/api/users/{ana.user.id}/disable"

        listed = await admin.client.get("/api/users")
        stepped_up = await admin.step_up()
        refused = await admin.call("POST", path)

        assert (listed.status_code, stepped_up.status_code) == (200, 200)
        assert stepped_up.json()["fresh_until"] is None
        assert refused.json()["code"] == "step_up_required"
        assert response.json()["read_only_until"]
        await let_pass(admin)
        await admin.step_up()
        assert (await admin.call("POST", path)).status_code == 204

    async def test_a_coordinator_is_not_their_own_witness(self, coordinator: Person) -> None:
        response = await coordinator.call(
            "POST", f"/api/users/{coordinator.user.id}/witness", {"reason": "lost"}
        )

        assert (response.status_code, response.json()["code"]) == (409, "own_account")

    async def test_nobody_vouches_without_touching_their_passkey_or_for_a_newcomer(
        self, coordinator: Person, ana: Person
    ) -> None:
        path = f"/api/users/{ana.user.id}/witness"

        newcomer = await coordinator.call("POST", path, {"reason": "lost"})
        await coordinator.wait(timedelta(minutes=5))
        stale = await coordinator.call("POST", path, {"reason": "lost"})

        assert (newcomer.status_code, newcomer.json()["code"]) == (409, "not_enrolled")
        assert (stale.status_code, stale.json()["code"]) == (403, "step_up_required")

    async def test_the_reason_is_one_of_four_words(
        self, coordinator: Person, enrolled: Person
    ) -> None:
        path = f"/api/users/{enrolled.user.id}/witness"

        response = await coordinator.call("POST", path, {"reason": "a burn of the hand"})

        assert response.status_code == 422
        assert "burn" not in response.text

    async def test_a_specialist_vouches_for_nobody(
        self, specialist: Person, enrolled: Person
    ) -> None:
        response = await specialist.call(
            "POST", f"/api/users/{enrolled.user.id}/witness", {"reason": "lost"}
        )

        assert response.status_code == 404


class TestSavedCodes:
    async def test_there_are_eight_of_more_than_64_bits_and_only_hashes_are_kept(
        self, enrolled: Person
    ) -> None:
        codes = await saved(enrolled)

        database = enrolled.service.backends.settings.database_path
        assert len(set(codes)) == 8
        assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes)
        for path in database.parent.glob(f"{database.name}*"):
            kept = path.read_bytes()
            assert not any(code.encode() in kept for code in codes)

    async def test_how_many_are_left_is_told(self, enrolled: Person) -> None:
        none = (await enrolled.client.get("/api/recovery/codes")).json()
        codes = await saved(enrolled)
        await recover(enrolled, [await mailed(enrolled), codes[0]])

        left = (await enrolled.client.get("/api/recovery/codes")).json()
        assert (none, left) == ({"left": 0}, {"left": 7})

    async def test_new_ones_take_the_place_of_the_old(self, enrolled: Person) -> None:
        old, new = await saved(enrolled), await saved(enrolled)
        link = await mailed(enrolled)

        assert await refused(enrolled, [link, old[0]])
        assert (await start(enrolled, [link, new[0]])).status_code == 200


class TestAsking:
    """ID-6. Whoever asks learns nothing about who is here."""

    async def test_the_answer_is_the_same_whoever_has_the_address(self, enrolled: Person) -> None:
        addresses = (
            str(enrolled.user.email),
            str(enrolled.user.email).upper(),
            "nobody@example.org",
            "not an address",
        )

        answers = [await ask(enrolled, address) for address in addresses]

        kept = {
            (each.status_code, each.content, tuple(sorted(each.headers.keys()))) for each in answers
        }
        assert kept == {(202, b"", next(iter(kept))[2])}

    async def test_only_whoever_has_a_passkey_is_written_to(
        self, service: Service, enrolled: Person
    ) -> None:
        backends = enrolled.service.backends
        async with a_person(service) as newcomer:
            addresses = (str(enrolled.user.email), str(newcomer.user.email), "nobody@example.org")
            for address in addresses:
                await ask(enrolled, address)

        await work(backends, tasks_of(backends))

        assert [addressees(backends)[address] for address in addresses] == [1, 0, 0]

    async def test_the_link_alone_reads_nothing_and_opens_nothing(self, enrolled: Person) -> None:
        link = await mailed(enrolled)
        enrolled.client.cookies.clear()

        response = await enrolled.client.post(
            "/api/passkeys/registration/options", json={"token": link}
        )

        assert (response.status_code, response.json()["code"]) == (400, "invitation_not_valid")
        assert await refused(enrolled, [link, str(uuid4())])

    async def test_asking_twice_before_the_mail_has_left_sends_one(self, enrolled: Person) -> None:
        backends, address = enrolled.service.backends, str(enrolled.user.email)
        for _ in range(3):
            await ask(enrolled, address)

        await work(backends, tasks_of(backends))

        assert addressees(backends)[address] == 1


async def test_an_invitation_by_link_is_no_proof(enrolled: Person, coordinator: Person) -> None:
    link, codes = await enrolled.invite(), await saved(enrolled)

    assert await refused(enrolled, [link, codes[0]])
    async with enrolled.service.backends.database.reads() as session:
        query = select(Invitation).where(
            Invitation.user_id == enrolled.user.id, col(Invitation.used_at).is_(None)
        )
        assert (await session.exec(query)).one()


async def ask(person: Person, address: str) -> Response:
    return await person.client.post("/api/recovery", json={"email": address})


async def mailed(person: Person) -> str:
    """The secret of a recovery link, as it arrives."""
    backends, address = person.service.backends, person.user.email
    assert address
    assert (await ask(person, address)).status_code == 202
    await work(backends, tasks_of(backends))
    found = [
        match[1]
        for mail in mails(backends)
        if mail["To"] == address
        and (match := re.search(r"/recover#t=([\w-]{43})\s", mail.get_content()))
    ]
    return found[-1]


async def saved(person: Person) -> list[str]:
    response = await person.call("POST", "/api/recovery/codes")
    assert response.status_code == 201, response.text
    return response.json()["codes"]


async def witnessed(coordinator: Person, person: Person) -> str:
    path = f"/api/users/{person.user.id}/witness"
    response = await coordinator.call("POST", path, {"reason": "lost"})
    assert response.status_code == 201, response.text
    return response.json()["code"]


async def start(person: Person, proofs: list[str]) -> Response:
    return await person.client.post("/api/recovery/options", json={"proofs": proofs})


async def refused(person: Person, proofs: list[str]) -> bool:
    response = await start(person, proofs)
    return (response.status_code, response.json()["code"]) == (400, "recovery_refused")


async def recover(
    person: Person,
    proofs: list[str],
    *,
    lost: list[str] | None = None,
    authenticator: Authenticator | None = None,
    origin: str = ORIGIN,
) -> Response:
    options = (await start(person, proofs)).json()["options"]
    created = (authenticator or Authenticator(origin)).create(options)
    body: dict[str, Any] = {"proofs": proofs, "credential": created, "lost": lost or []}
    response = await person.client.post("/api/recovery/passkey", json=body)
    if response.is_success and response.json()["session"]:
        person.csrf = response.json()["session"]["csrf_token"]
    return response


async def let_pass(person: Person) -> None:
    """Let every hold of this account be over."""
    async with person.service.backends.database.writes.begin() as session:
        query = select(Credential).where(Credential.user_id == person.user.id)
        for row in await session.exec(query):
            row.usable_from = now() if row.usable_from else None
        user = await session.merge(person.user)
        await session.refresh(user)
        user.read_only_until = now() if user.read_only_until else None
