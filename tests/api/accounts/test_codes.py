"""A way in for patients without e-mail: a code on a screen, or on a card."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from sqlmodel import select

from consult.models import Invitation, Role, now

from .people import OPTIONS, Person, Service, a_person, options_of, register


@pytest.fixture
async def pat(service: Service) -> AsyncGenerator[Person]:
    """A patient without an address, and without a passkey."""
    async with a_person(service, with_email=False) as person:
        yield person


class TestCodes:
    async def test_a_scanned_code_lets_a_patient_in(self, coordinator: Person, pat: Person) -> None:
        code = await give(coordinator, pat, "qr")

        response = await come_in(pat, code["secret"])

        assert response.status_code == 201
        assert response.json()["user"] == {
            "id": str(pat.user.id),
            "name": "Ana Ortiz",
            "email": None,
            "role": "patient",
        }
        assert code["url"] == f"https://consult.test/enrol#t={code['secret']}"

    async def test_a_card_is_read_however_it_was_typed(
        self, coordinator: Person, pat: Person
    ) -> None:
        code = await give(coordinator, pat, "printed")

        typed = code["secret"].lower().replace("-", " ").replace("0", "o").replace("1", "l")

        assert (await come_in(pat, f" {typed} ")).status_code == 201

    @pytest.mark.parametrize(
        ("kind", "lifetime"), [("qr", timedelta(minutes=10)), ("printed", timedelta(days=7))]
    )
    async def test_it_lives_for_no_longer_than_it_says_and_only_its_hash_is_kept(
        self, coordinator: Person, pat: Person, kind: str, lifetime: timedelta
    ) -> None:
        code = await give(coordinator, pat, kind)

        async with pat.service.backends.database.writes.begin() as session:
            query = select(Invitation).where(Invitation.user_id == pat.user.id)
            row = (await session.exec(query)).one()
            assert row.expires_at - row.created_at == lifetime
            assert code["secret"] not in repr(row)
            row.expires_at = now()
        assert await refusal(pat, code["secret"]) == (400, "invitation_not_valid")

    async def test_it_holds_the_bits_that_it_should(self, coordinator: Person, pat: Person) -> None:
        scanned = (await give(coordinator, pat, "qr"))["secret"]
        printed = (await give(coordinator, pat, "printed"))["secret"]

        assert len(scanned) * 6 >= 128
        assert [len(group) for group in printed.split("-")] == [4] * 8  # five bits each: 160

    async def test_it_works_once(self, coordinator: Person, pat: Person) -> None:
        code = await give(coordinator, pat, "printed")
        await come_in(pat, code["secret"])

        assert await refusal(pat, code["secret"]) == (400, "invitation_not_valid")

    async def test_a_wrong_card_is_made_worthless(self, coordinator: Person, pat: Person) -> None:
        code = await give(coordinator, pat, "printed")

        response = await coordinator.call("DELETE", f"/api/users/{pat.user.id}/codes")

        assert response.status_code == 204
        assert await refusal(pat, code["secret"]) == (400, "invitation_not_valid")

    async def test_a_new_one_takes_the_place_of_the_one_before(
        self, coordinator: Person, pat: Person
    ) -> None:
        first = await give(coordinator, pat, "printed")
        second = await give(coordinator, pat, "qr")

        assert await refusal(pat, first["secret"]) == (400, "invitation_not_valid")
        await options_of(pat.client, second["secret"])

    async def test_it_opens_no_account_that_had_a_passkey(
        self, coordinator: Person, pat: Person
    ) -> None:
        """ID-7. Then it is one of two proofs, and alone it opens nothing."""
        await come_in(pat, (await give(coordinator, pat, "qr"))["secret"])

        again = await give(coordinator, pat, "qr")

        assert await refusal(pat, again["secret"]) == (400, "invitation_not_valid")

    async def test_the_picture_is_a_square_of_its_own(
        self, coordinator: Person, pat: Person
    ) -> None:
        code = await give(coordinator, pat, "qr")

        picture = ET.fromstring(code["svg"])

        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert picture.attrib["width"] == picture.attrib["height"]
        assert code["secret"] not in code["svg"]


class TestWhoGivesThem:
    async def test_a_specialist_does(self, service: Service, pat: Person) -> None:
        async with a_person(service, role=Role.SPECIALIST) as specialist:
            await specialist.enrol()

            assert (await come_in(pat, (await give(specialist, pat, "qr"))["secret"])).is_success

    @pytest.mark.parametrize("role", [Role.PATIENT, Role.EMS, Role.ADMIN])
    async def test_others_do_not(self, service: Service, pat: Person, role: Role) -> None:
        async with a_person(service, role=role) as person:
            await person.enrol()
            path = f"/api/users/{pat.user.id}/codes"

            for method, body in (("POST", {"kind": "qr"}), ("DELETE", None)):
                assert (await person.call(method, path, body)).status_code == 404

    async def test_it_takes_a_passkey_touched_just_now(
        self, coordinator: Person, pat: Person
    ) -> None:
        await coordinator.wait(timedelta(minutes=5))

        response = await coordinator.call("POST", f"/api/users/{pat.user.id}/codes", {"kind": "qr"})

        assert (response.status_code, response.json()["code"]) == (403, "step_up_required")

    @pytest.mark.parametrize("role", [Role.EMS, Role.SPECIALIST, Role.COORDINATOR, Role.ADMIN])
    async def test_colleagues_get_none(
        self, service: Service, coordinator: Person, role: Role
    ) -> None:
        async with a_person(service, role=role) as colleague:
            response = await coordinator.call(
                "POST", f"/api/users/{colleague.user.id}/codes", {"kind": "printed"}
            )

        assert (response.status_code, response.json()["code"]) == (409, "only_for_patients")

    async def test_nobody_gets_one_for_somebody_who_is_not_there(self, coordinator: Person) -> None:
        response = await coordinator.call("POST", f"/api/users/{uuid4()}/codes", {"kind": "qr"})

        assert response.status_code == 404


async def give(staff: Person, patient: Person, kind: str) -> dict[str, Any]:
    path = f"/api/users/{patient.user.id}/codes"
    response = await staff.call("POST", path, {"kind": kind})
    assert response.status_code == 201, response.text
    return response.json()


async def come_in(person: Person, secret: str) -> Any:
    options = await options_of(person.client, secret)
    return await register(person.client, secret, person.authenticator.create(options))


async def refusal(person: Person, secret: str) -> tuple[int, str]:
    response = await person.client.post(OPTIONS.format("registration"), json={"token": secret})
    return response.status_code, response.json()["code"]
