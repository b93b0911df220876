"""People are added, invited, shut out and let in again."""

import re
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from consult.models import AuditRow, Invitation, Role, now
from consult.tasks import send_invitation, tasks_of
from tests.mailbox import mails, work

from .people import (
    OPTIONS,
    Person,
    Service,
    a_person,
    make_token,
    options_of,
    register,
)


class TestInviting:
    """ID-5. The link goes by mail, its secret in the fragment."""

    async def test_whoever_is_added_gets_a_link_that_works(self, coordinator: Person) -> None:
        added = await add(coordinator)

        token = await mailed_token(coordinator.service, added["email"])
        newcomer = Person(coordinator.service, coordinator.service.client(), coordinator.user)
        async with newcomer.client as client:
            options = await options_of(client, token)
            response = await register(client, token, newcomer.authenticator.create(options))

        assert response.json()["user"]["id"] == added["id"]
        assert (added["enrolled"], added["active"]) == (False, True)

    async def test_the_mail_names_nobody_and_only_its_hash_is_kept(
        self, coordinator: Person
    ) -> None:
        added = await add(coordinator, name="Zacharias Quill")

        token = await mailed_token(coordinator.service, added["email"])
        (mail,) = mails_to(coordinator.service, added["email"])
        database = coordinator.service.backends.settings.database_path

        assert "Quill" not in mail.as_string()
        assert f"https://consult.test/enrol#t={token}" in mail.get_content().split()
        for path in database.parent.glob(f"{database.name}*"):
            assert token.encode() not in path.read_bytes()

    async def test_a_mail_that_is_sent_twice_has_the_same_link(self, coordinator: Person) -> None:
        backends = coordinator.service.backends
        added = await add(coordinator)
        token = await mailed_token(coordinator.service, added["email"])
        for path in (backends.settings.data_dir / "mail").glob("*.eml"):
            path.unlink()

        async with backends.database.reads() as session:
            query = select(Invitation.id).where(Invitation.user_id == id_of(added))
            (invitation_id,) = await session.exec(query)
        await send_invitation(backends, invitation_id=str(invitation_id))

        assert await mailed_token(coordinator.service, added["email"]) == token

    async def test_another_link_takes_the_place_of_the_one_before(
        self, coordinator: Person
    ) -> None:
        added = await add(coordinator)
        first = await mailed_token(coordinator.service, added["email"])

        again = await coordinator.call("POST", f"/api/users/{added['id']}/invitation")
        second = await mailed_token(coordinator.service, added["email"])

        assert (again.status_code, first == second) == (204, False)
        stale = await coordinator.client.post(OPTIONS.format("registration"), json={"token": first})
        assert stale.json()["code"] == "invitation_not_valid"
        await options_of(coordinator.client, second)

    async def test_whoever_had_a_passkey_is_not_invited_again(
        self, coordinator: Person, enrolled: Person
    ) -> None:
        """ID-7. One colleague alone would otherwise hand an account to anybody."""
        response = await coordinator.call("POST", f"/api/users/{enrolled.user.id}/invitation")

        assert (response.status_code, response.json()["code"]) == (409, "already_enrolled")

    async def test_a_link_that_is_left_over_dies_with_the_first_passkey(self, ana: Person) -> None:
        left_over = await ana.invite()

        await ana.enrol()

        response = await ana.client.post(OPTIONS.format("registration"), json={"token": left_over})
        assert (response.status_code, response.json()["code"]) == (400, "invitation_not_valid")

    async def test_it_takes_a_passkey_touched_just_now(self, coordinator: Person) -> None:
        await coordinator.wait(timedelta(minutes=5))

        response = await coordinator.call("POST", "/api/users", newcomer())

        assert (response.status_code, response.json()["code"]) == (403, "step_up_required")

    @pytest.mark.parametrize("role", [Role.PATIENT, Role.EMS, Role.SPECIALIST])
    async def test_nobody_else_may_or_learns_that_anybody_may(
        self, service: Service, role: Role
    ) -> None:
        async with a_person(service, role=role) as person:
            await person.enrol()

            for method, path in (("GET", "/api/users"), ("POST", "/api/users")):
                response = await person.call(method, path, newcomer())
                assert (response.status_code, response.json()["code"]) == (404, "not_found")

    async def test_a_coordinator_makes_no_administrator_and_an_administrator_does(
        self, coordinator: Person, admin: Person
    ) -> None:
        refused = await coordinator.call("POST", "/api/users", newcomer(role="admin"))
        made = await admin.call("POST", "/api/users", newcomer(role="admin"))

        assert (refused.status_code, made.status_code) == (403, 201)
        again = await coordinator.call("POST", f"/api/users/{made.json()['id']}/invitation")
        assert again.status_code == 403

    @pytest.mark.parametrize("role", ["ems", "specialist", "coordinator"])
    async def test_only_a_patient_can_be_here_without_an_address(
        self, coordinator: Person, role: str
    ) -> None:
        refused = await coordinator.call("POST", "/api/users", {"name": "X", "role": role})

        assert refused.json()["errors"][0]["field"] == "email"

    async def test_a_device_is_not_added_as_a_person(self, admin: Person) -> None:
        refused = await admin.call("POST", "/api/users", newcomer(role="device"))

        assert refused.status_code == 422

    async def test_an_address_is_taken_once(self, coordinator: Person) -> None:
        body = newcomer()
        await coordinator.call("POST", "/api/users", body)

        again = await coordinator.call("POST", "/api/users", body)

        assert (again.status_code, again.json()["code"]) == (409, "email_taken")


class TestListing:
    async def test_everybody_is_there_once_page_by_page(self, coordinator: Person) -> None:
        added = [(await add(coordinator))["id"] for _ in range(3)]

        whole = await users(coordinator)
        paged: list[dict[str, Any]] = []
        while page := await users(coordinator, limit=2, after=paged[-1]["id"] if paged else None):
            paged += page

        assert paged == whole
        assert [each["id"] for each in whole][-3:] == added

    async def test_who_has_a_passkey_is_told(self, coordinator: Person, ana: Person) -> None:
        before = await users(coordinator)
        await ana.enrol()
        after = await users(coordinator)

        told = [
            next(each["enrolled"] for each in listed if each["id"] == str(ana.user.id))
            for listed in (before, after)
        ]
        assert told == [False, True]

    async def test_a_token_of_a_coordinator_reads_the_list_too(self, coordinator: Person) -> None:
        async with coordinator.service.client() as client:
            response = await client.get("/api/users", headers=await make_token(coordinator))

        assert response.status_code == 200


class TestShuttingOut:
    """SE-5. Sessions, tokens and links of whoever is disabled are dead at once."""

    async def test_every_way_in_is_closed(self, admin: Person, enrolled: Person) -> None:
        bearer, link = await make_token(enrolled), await enrolled.invite()

        response = await admin.call("POST", f"/api/users/{enrolled.user.id}/disable")

        assert response.status_code == 204
        assert (await enrolled.client.get("/api/me")).status_code == 401
        async with enrolled.service.client() as client:
            assert (await client.get("/api/me", headers=bearer)).status_code == 401
            stale = await client.post(OPTIONS.format("registration"), json={"token": link})
            assert stale.json()["code"] == "invitation_not_valid"
        with pytest.raises(AssertionError, match="passkey_refused"):
            await enrolled.sign_in()

    async def test_and_stays_closed_when_they_are_let_in_again_but_for_the_passkey(
        self, admin: Person, enrolled: Person
    ) -> None:
        bearer, old = await make_token(enrolled), enrolled.token()
        await admin.call("POST", f"/api/users/{enrolled.user.id}/disable")

        response = await admin.call("POST", f"/api/users/{enrolled.user.id}/enable")

        assert response.status_code == 204
        async with enrolled.service.client() as client:
            for headers in (bearer, {"Cookie": f"__Host-session={old}"}):
                assert (await client.get("/api/me", headers=headers)).status_code == 401
        enrolled.client.cookies.clear()
        assert (await enrolled.sign_in()).status_code == 200

    async def test_nobody_shuts_themselves_out(self, admin: Person) -> None:
        response = await admin.call("POST", f"/api/users/{admin.user.id}/disable")

        assert (response.status_code, response.json()["code"]) == (409, "own_account")

    async def test_a_coordinator_shuts_out_nobody(
        self, coordinator: Person, enrolled: Person
    ) -> None:
        response = await coordinator.call("POST", f"/api/users/{enrolled.user.id}/disable")

        assert response.status_code in {403, 404}
        assert (await enrolled.client.get("/api/me")).status_code == 200

    async def test_it_takes_a_passkey_touched_just_now(
        self, admin: Person, enrolled: Person
    ) -> None:
        await admin.wait(timedelta(minutes=5))

        response = await admin.call("POST", f"/api/users/{enrolled.user.id}/disable")

        assert response.json()["code"] == "step_up_required"

    async def test_it_is_on_record_once_and_by_whom(self, admin: Person, enrolled: Person) -> None:
        for _ in range(2):
            await admin.call("POST", f"/api/users/{enrolled.user.id}/disable")

        async with admin.service.backends.database.reads() as session:
            query = select(AuditRow).where(
                AuditRow.action == "user.disabled", AuditRow.object_id == str(enrolled.user.id)
            )
            (row,) = await session.exec(query)
        assert row.actor_id == str(admin.user.id)

    async def test_somebody_who_is_not_there_is_not_found(self, admin: Person) -> None:
        response = await admin.call("POST", f"/api/users/{uuid4()}/disable")

        assert response.status_code == 404


async def test_a_link_that_was_taken_back_is_not_mailed(coordinator: Person) -> None:
    added = await add(coordinator)
    await coordinator.call("DELETE", f"/api/users/{added['id']}/codes")

    await work(coordinator.service.backends, tasks_of(coordinator.service.backends))

    assert not mails_to(coordinator.service, added["email"])


async def test_a_link_that_is_too_old_is_not_mailed(coordinator: Person) -> None:
    added, backends = await add(coordinator), coordinator.service.backends
    async with backends.database.writes.begin() as session:
        query = select(Invitation).where(Invitation.user_id == id_of(added))
        (await session.exec(query)).one().expires_at = now()

    await work(backends, tasks_of(backends))

    assert not mails_to(coordinator.service, added["email"])


def newcomer(**fields: str) -> dict[str, str]:
    body = {"name": "New Person", "email": f"{secrets.token_hex(8)}@example.org", "role": "ems"}
    return body | fields


async def add(person: Person, **fields: str) -> dict[str, Any]:
    response = await person.call("POST", "/api/users", newcomer(**fields))
    assert response.status_code == 201, response.text
    return response.json()


async def users(person: Person, **query: object) -> list[dict[str, Any]]:
    params = {key: str(value) for key, value in query.items() if value}
    response = await person.client.get("/api/users", params=params)
    assert response.status_code == 200, response.text
    return response.json()["users"]


async def mailed_token(service: Service, address: str) -> str:
    await work(service.backends, tasks_of(service.backends))
    found = re.search(r"#t=([\w-]{43})\s", mails_to(service, address)[-1].get_content())
    assert found
    return found[1]


def mails_to(service: Service, address: str) -> list[Any]:
    return [mail for mail in mails(service.backends) if mail["To"] == address]


def id_of(shown: dict[str, Any]) -> UUID:
    return UUID(shown["id"])
