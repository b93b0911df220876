import asyncio

from sqlmodel import select

from api.auth import COOKIE
from consult.models import AuditRow
from tests.authenticator import Authenticator

from .people import (
    OPTIONS,
    ORIGIN,
    Person,
    authenticate,
    options_of,
    register,
)


class TestRegistration:
    async def test_it_binds_a_passkey_and_signs_in(self, ana: Person) -> None:
        response = await ana.enrol()

        shown = response.json()
        assert response.status_code == 201
        assert shown["user"] == {
            "id": str(ana.user.id),
            "name": "Ana Ortiz",
            "email": ana.user.email,
            "role": "patient",
        }
        assert set(shown) == {
            "user",
            "csrf_token",
            "created_at",
            "idle_expires_at",
            "expires_at",
            "fresh_until",
            "device_id",
        }
        assert (await ana.client.get("/api/session")).json()["user"] == shown["user"]

    async def test_a_link_works_once(self, ana: Person) -> None:
        """ID-5."""
        token = await ana.invite()
        options = await options_of(ana.client, token)
        await register(ana.client, token, ana.authenticator.create(options))

        for response in (
            await ana.client.post(OPTIONS.format("registration"), json={"token": token}),
            await register(ana.client, token, Authenticator(ORIGIN).create(options)),
        ):
            assert response.is_client_error
        again = await ana.client.post(OPTIONS.format("registration"), json={"token": token})
        assert (again.status_code, again.json()["code"]) == (400, "invitation_not_valid")
        assert "Ask for a new one." in again.json()["detail"]

    async def test_a_scanner_that_opens_the_link_a_hundred_times_does_not_use_it_up(
        self, ana: Person
    ) -> None:
        """ID-5."""
        token = await ana.invite()

        for method in ("GET", "HEAD", "POST", "GET"):
            for _ in range(25):
                await ana.client.request(
                    method, OPTIONS.format("registration"), json={"token": token}
                )
                await ana.client.request(method, f"/enrol?t={token}")

        options = await options_of(ana.client, token)
        bound = await register(ana.client, token, ana.authenticator.create(options))
        assert bound.status_code == 201

    async def test_of_many_who_use_a_link_at_once_exactly_one_binds_a_passkey(
        self, ana: Person
    ) -> None:
        """ID-5."""
        token = await ana.invite()
        credentials = [
            Authenticator(ORIGIN).create(await options_of(ana.client, token)) for _ in range(10)
        ]

        responses = await asyncio.gather(
            *(register(ana.client, token, credential) for credential in credentials)
        )

        assert sorted(response.status_code for response in responses) == [201] + [400] * 9

    async def test_an_answer_is_heard_once_however_often_it_is_sent_at_once(
        self, ana: Person
    ) -> None:
        """ID-3."""
        token = await ana.invite()
        credential = ana.authenticator.create(await options_of(ana.client, token))

        responses = await asyncio.gather(
            *(register(ana.client, token, credential) for _ in range(50))
        )

        assert sorted(response.status_code for response in responses) == [201] + [401] * 49


class TestAuthentication:
    async def test_a_passkey_signs_in_without_a_name(self, enrolled: Person) -> None:
        enrolled.client.cookies.clear()

        response = await enrolled.sign_in()

        assert response.status_code == 200
        assert response.json()["user"]["id"] == str(enrolled.user.id)

    async def test_of_fifty_parallel_replays_exactly_one_succeeds(self, enrolled: Person) -> None:
        """ID-3."""
        credential = enrolled.authenticator.get(await options_of(enrolled.client))

        responses = await asyncio.gather(
            *(authenticate(enrolled.client, credential) for _ in range(50))
        )

        assert sorted(response.status_code for response in responses) == [200] + [401] * 49

    async def test_only_an_unknown_passkey_can_be_told_apart(self, enrolled: Person) -> None:
        """ID-2."""
        stranger = Authenticator(ORIGIN)
        stranger.user_handle = enrolled.authenticator.user_handle

        response = await authenticate(
            enrolled.client, stranger.get(await options_of(enrolled.client))
        )

        assert (response.status_code, response.json()["code"]) == (401, "unknown_passkey")

    async def test_signing_in_anew_ends_the_session_before_at_once(self, enrolled: Person) -> None:
        """SE-2."""
        old = enrolled.token()

        await enrolled.sign_in()

        assert enrolled.token() != old
        enrolled.client.cookies.clear()
        stale = await enrolled.client.get("/api/session", headers={"Cookie": f"{COOKIE}={old}"})
        assert stale.status_code == 401

    async def test_a_counter_that_goes_back_is_refused_and_on_record(
        self, enrolled: Person
    ) -> None:
        for counter in (9, 3):
            options = await options_of(enrolled.client)
            response = await authenticate(
                enrolled.client, enrolled.authenticator.get(options, counter=counter)
            )

        assert (response.status_code, response.json()["code"]) == (401, "passkey_refused")
        async with enrolled.service.backends.database.reads() as session:
            query = select(AuditRow).where(AuditRow.action == "passkey.counter_went_back")
            assert len((await session.exec(query)).all()) == 1
