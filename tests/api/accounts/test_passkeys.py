from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import COOKIE
from consult.models import AuditRow, Credential
from consult.tasks import tasks_of
from tests.authenticator import Authenticator, encode
from tests.mailbox import addressees, work

from .people import ORIGIN, Person, Service, a_person, make_token, own_page

ALMOST, EXACTLY = timedelta(minutes=4, seconds=50), timedelta(minutes=5)


class TestSeveralPasskeys:
    async def test_the_list_tells_the_browser_all_that_it_has_to_signal(
        self, enrolled: Person
    ) -> None:
        """ID-8. The server's half: what the Signal API is given."""
        second = await enrolled.add_passkey("Key in the drawer")

        shown = await passkeys_of(enrolled)

        ids = {encode(enrolled.authenticator.credential_id), encode(second.credential_id)}
        assert shown["rp_id"] == "consult.test"
        assert shown["user_handle"] == encode(enrolled.user.handle)
        assert set(shown["credential_ids"]) == ids
        assert [each["current"] for each in shown["passkeys"]] == [True, False]
        assert shown["passkeys"][1]["name"] == "Key in the drawer"

    async def test_one_without_a_name_is_called_by_its_date(self, enrolled: Person) -> None:
        await enrolled.add_passkey()

        name = (await passkeys_of(enrolled))["passkeys"][1]["name"]

        assert name.startswith("Passkey of ")

    async def test_each_of_them_signs_in(self, enrolled: Person) -> None:
        enrolled.authenticator = await enrolled.add_passkey()
        enrolled.client.cookies.clear()

        assert (await enrolled.sign_in()).status_code == 200

    async def test_its_owner_calls_it_something_else(self, enrolled: Person) -> None:
        passkey_id = await first_id(enrolled)

        renamed = await enrolled.call("PATCH", f"/api/passkeys/{passkey_id}", {"name": "My phone"})
        refused = await enrolled.call("PATCH", f"/api/passkeys/{passkey_id}", {"name": "a\u202eb"})

        assert (renamed.status_code, renamed.json()["name"]) == (200, "My phone")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")

    async def test_nobody_touches_those_of_somebody_else(
        self, service: Service, enrolled: Person
    ) -> None:
        passkey_id = await first_id(enrolled)
        async with a_person(service) as eve:
            await eve.enrol()
            await eve.add_passkey()

            for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
                response = await eve.call(method, f"/api/passkeys/{passkey_id}", body)
                assert (response.status_code, response.json()["code"]) == (404, "not_found")

    async def test_a_challenge_to_add_one_serves_nobody_else(
        self, service: Service, enrolled: Person
    ) -> None:
        options = (await enrolled.call("POST", "/api/passkeys/options", {})).json()
        async with a_person(service) as eve:
            await eve.enrol()
            body = {"credential": Authenticator(ORIGIN).create(options)}
            response = await eve.call("POST", "/api/passkeys", body)

        assert (response.status_code, response.json()["code"]) == (401, "passkey_refused")

    async def test_twenty_are_enough(self, enrolled: Person) -> None:
        for _ in range(19):
            await enrolled.add_passkey()

        response = await enrolled.call("POST", "/api/passkeys/options", {})

        assert (response.status_code, response.json()["code"]) == (409, "too_many_passkeys")


class TestRemoving:
    """ID-7. A passkey that is removed stays on record, and the last one cannot be."""

    async def test_the_last_one_stays(self, enrolled: Person) -> None:
        response = await enrolled.call("DELETE", f"/api/passkeys/{await first_id(enrolled)}")

        assert (response.status_code, response.json()["code"]) == (409, "last_passkey")
        enrolled.client.cookies.clear()
        assert (await enrolled.sign_in()).status_code == 200

    async def test_one_that_has_to_wait_does_not_count(self, enrolled: Person) -> None:
        added = await enrolled.add_passkey()
        async with enrolled.service.backends.database.writes.begin() as session:
            row = await row_of(session, added)
            row.usable_from = row.created_at + timedelta(hours=1)

        response = await enrolled.call("DELETE", f"/api/passkeys/{await first_id(enrolled)}")

        assert response.json()["code"] == "last_passkey"

    async def test_it_is_unknown_from_then_on_and_stays_on_record(self, enrolled: Person) -> None:
        removed = await enrolled.add_passkey()
        passkey_id = (await passkeys_of(enrolled))["passkeys"][1]["id"]

        response = await enrolled.call("DELETE", f"/api/passkeys/{passkey_id}")

        assert response.status_code == 204
        assert encode(removed.credential_id) not in (await passkeys_of(enrolled))["credential_ids"]
        enrolled.client.cookies.clear()
        enrolled.authenticator = removed
        with pytest.raises(AssertionError, match="unknown_passkey"):
            await enrolled.sign_in()
        async with enrolled.service.backends.database.reads() as session:
            assert (await row_of(session, removed)).revoked_at

    async def test_what_it_opened_elsewhere_ends_with_it(self, enrolled: Person) -> None:
        lost = Person(enrolled.service, enrolled.service.client(), enrolled.user)
        lost.authenticator = await enrolled.add_passkey()
        async with lost.client:
            await lost.sign_in()
            passkey_id = (await passkeys_of(enrolled))["passkeys"][1]["id"]
            await enrolled.call("DELETE", f"/api/passkeys/{passkey_id}")

            assert (await lost.client.get("/api/me")).status_code == 401
        assert (await enrolled.client.get("/api/me")).status_code == 200

    async def test_the_address_is_told_of_every_change_and_by_name_of_nothing(
        self, enrolled: Person
    ) -> None:
        backends, address = enrolled.service.backends, enrolled.user.email
        await enrolled.add_passkey()
        await work(backends, tasks_of(backends))
        passkey_id = (await passkeys_of(enrolled))["passkeys"][1]["id"]
        await enrolled.call("DELETE", f"/api/passkeys/{passkey_id}")
        await work(backends, tasks_of(backends))

        assert address
        assert addressees(backends)[address] == 2


class TestStepUp:
    """SE-2, SE-4. What matters most asks for the passkey again, five minutes later at the latest."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/passkeys/options"),
            ("POST", "/api/recovery/codes"),
            ("DELETE", "/api/passkeys/{}"),
        ],
    )
    async def test_it_is_asked_for_and_then_enough(
        self, enrolled: Person, method: str, path: str
    ) -> None:
        await enrolled.add_passkey()
        path = path.format(await first_id(enrolled))
        await enrolled.wait(EXACTLY)

        refused = await enrolled.call(method, path, {})
        await enrolled.step_up()
        done = await enrolled.call(method, path, {})

        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
        assert done.is_success

    async def test_just_before_it_is_not_asked_for(self, enrolled: Person) -> None:
        await enrolled.wait(ALMOST)

        assert (await enrolled.call("POST", "/api/passkeys/options", {})).status_code == 200

    async def test_the_cookie_changes_and_the_one_before_is_dead_at_once(
        self, enrolled: Person
    ) -> None:
        old = enrolled.token()

        response = await enrolled.step_up()

        assert response.status_code == 200
        assert enrolled.token() != old
        async with enrolled.service.client() as client:
            stale = await client.get("/api/me", headers={"Cookie": f"{COOKIE}={old}"})
        assert stale.status_code == 401
        assert (await enrolled.client.get("/api/me")).status_code == 200

    async def test_the_session_grows_no_younger_by_it(self, enrolled: Person) -> None:
        before = (await enrolled.client.get("/api/session")).json()
        await enrolled.wait(EXACTLY)
        stale = (await enrolled.client.get("/api/session")).json()

        after = (await enrolled.step_up()).json()

        assert after["expires_at"] == before["expires_at"]
        assert after["csrf_token"] == before["csrf_token"]
        assert (before["fresh_until"] is None, stale["fresh_until"]) == (False, None)
        assert after["fresh_until"] > before["fresh_until"]

    async def test_the_passkey_of_somebody_else_proves_nothing(
        self, service: Service, enrolled: Person
    ) -> None:
        async with a_person(service) as eve:
            await eve.enrol()
            response = await enrolled.step_up(eve.authenticator)

        assert (response.status_code, response.json()["code"]) == (401, "passkey_refused")

    async def test_only_ones_own_passkeys_are_asked_for(self, enrolled: Person) -> None:
        options = (await enrolled.call("POST", "/api/passkeys/step-up/options", {})).json()

        ids = [each["id"] for each in options["allowCredentials"]]
        assert ids == [encode(enrolled.authenticator.credential_id)]

    async def test_an_answer_is_heard_once(self, enrolled: Person) -> None:
        options = (await enrolled.call("POST", "/api/passkeys/step-up/options", {})).json()
        body = {"credential": enrolled.authenticator.get(options)}

        first = await enrolled.call("POST", "/api/passkeys/step-up", body)
        second = await enrolled.call("POST", "/api/passkeys/step-up", body)

        assert (first.status_code, second.status_code) == (200, 401)

    async def test_a_sign_in_is_no_step_up_and_a_step_up_no_sign_in(self, enrolled: Person) -> None:
        proving = (await enrolled.call("POST", "/api/passkeys/step-up/options", {})).json()
        signing_in = (
            await enrolled.client.post("/api/passkeys/authentication/options", json={})
        ).json()
        answers = [enrolled.authenticator.get(options) for options in (proving, signing_in)]

        crossed = [
            await enrolled.call("POST", path, {"credential": answer})
            for path, answer in zip(
                ("/api/passkeys/authentication", "/api/passkeys/step-up"), answers, strict=True
            )
        ]

        assert [response.status_code for response in crossed] == [401, 401]

    async def test_a_counter_that_goes_back_is_on_record(self, enrolled: Person) -> None:
        for counter in (9, 3):
            options = (await enrolled.call("POST", "/api/passkeys/step-up/options", {})).json()
            credential = enrolled.authenticator.get(options, counter=counter)
            response = await enrolled.call(
                "POST", "/api/passkeys/step-up", {"credential": credential}
            )

        assert response.status_code == 401
        async with enrolled.service.backends.database.reads() as session:
            passkey = await row_of(session, enrolled.authenticator)
            query = select(AuditRow).where(
                AuditRow.action == "passkey.counter_went_back",
                AuditRow.object_id == str(passkey.id),
            )
            assert len((await session.exec(query)).all()) == 1

    async def test_a_token_never_has_it(self, ana: Person) -> None:
        headers = await make_token(ana)

        for path in ("/api/passkeys/options", "/api/passkeys/step-up/options"):
            response = await ana.client.post(path, json={}, headers=headers)
            assert response.status_code == 401


async def passkeys_of(person: Person) -> dict[str, Any]:
    response = await person.client.get("/api/passkeys", headers=own_page(person))
    assert response.status_code == 200, response.text
    return response.json()


async def first_id(person: Person) -> str:
    return (await passkeys_of(person))["passkeys"][0]["id"]


async def row_of(session: AsyncSession, authenticator: Authenticator) -> Credential:
    query = select(Credential).where(Credential.credential_id == authenticator.credential_id)
    return (await session.exec(query)).one()
