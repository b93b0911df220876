from datetime import timedelta

import pytest
from sqlmodel import select

from consult import accounts, audit
from consult.accounts.invitations import invited
from consult.bootstrap import Backends
from consult.errors import Conflict, InvalidFields, InvalidRequest, NotFound
from consult.models import Invitation, Role, User, now

from .conftest import deactivate, make_user


class TestAddUser:
    async def test_an_address_is_kept_in_lower_case_and_found_in_any(
        self, backends: Backends
    ) -> None:
        user = await make_user(backends, email="Ana.Ortiz+burns@Example.ORG")

        async with backends.database.reads() as session:
            found = await accounts.find_user(session, "ANA.ortiz+BURNS@example.org")
        assert (found.id, found.email) == (user.id, "ana.ortiz+burns@example.org")

    async def test_one_address_is_one_person(self, backends: Backends) -> None:
        await make_user(backends, email="ana@example.org")

        with pytest.raises(Conflict) as refused:
            await make_user(backends, email="ANA@example.org")
        assert refused.value.code == "email_taken"

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "ana",
            "@example.org",
            "ana@",
            "ana@@example.org",
            "ana@example.org, eve@example.org",
            "ana@example.org,eve@example.org",
            "ana@example.org;eve@example.org",
            "ana@example.org\nBcc: eve@example.org",
            "ana@example.org\r\nBcc: eve@example.org",
            "ana@example.org\n",
            "ana@example.org\x00",
            "ana\u2028@example.org",
            "Ana <ana@example.org>",
            "<ana@example.org>",
            '"ana ortiz"@example.org',
            "ana@example.org (burns)",
            " ana@example.org",
            "ana@example.org ",
            "ana@[127.0.0.1]",
            "ana@-example.org",
            "ana@example..org",
            ".ana@example.org",
            "anä@example.org",
            "\u212aelvin@example.org",
            f"{'a' * 250}@example.org",
        ],
    )
    async def test_whatever_is_not_exactly_one_address_is_refused(
        self, backends: Backends, email: str
    ) -> None:
        with pytest.raises(InvalidFields) as refused:
            await make_user(backends, email=email)
        assert set(refused.value.faults) == {"email"}

    @pytest.mark.parametrize("name", ["", "  ", "Ana\x1b[2J", "Ana\u202egro.elpmaxe", "a" * 101])
    async def test_a_name_that_cannot_be_printed_is_refused(
        self, backends: Backends, name: str
    ) -> None:
        async with backends.database.writes.begin() as session:
            with pytest.raises(InvalidFields) as refused:
                await accounts.add_user(
                    session, email="ana@example.org", name=name, role=Role.PATIENT
                )
        assert set(refused.value.faults) == {"name"}

    async def test_nobody_is_found_under_an_unknown_address(self, backends: Backends) -> None:
        async with backends.database.reads() as session:
            with pytest.raises(NotFound):
                await accounts.find_user(session, "ana@example.org")


class TestInvite:
    async def test_the_secret_has_256_bits_and_only_its_hash_is_kept(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-5."""
        secret = await invite(backends, ana)

        async with backends.database.reads() as session:
            (row,) = (await session.exec(select(Invitation))).all()
        assert len(secret) == 43
        assert secret not in repr(row)
        assert row.expires_at - row.created_at == timedelta(hours=24)

    async def test_looking_does_not_use_it_up(self, backends: Backends, ana: User) -> None:
        """ID-5."""
        secret = await invite(backends, ana)

        async with backends.database.reads() as session:
            for _ in range(3):
                _, user = await invited(session, secret)
                assert user.id == ana.id

    async def test_it_is_good_to_the_last_second_and_no_longer(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-5."""
        made = now()
        secret = await invite(backends, ana)

        async with backends.database.reads() as session:
            await invited(session, secret, at=made + timedelta(hours=24))
            with pytest.raises(InvalidRequest) as refused:
                await invited(session, secret, at=made + timedelta(hours=24, seconds=1))
        assert refused.value.code == "invitation_not_valid"

    async def test_it_is_worth_nothing_once_its_user_is_inactive(
        self, backends: Backends, ana: User
    ) -> None:
        """SE-5."""
        secret = await invite(backends, ana)
        await deactivate(backends, ana)

        async with backends.database.reads() as session:
            with pytest.raises(InvalidRequest):
                await invited(session, secret)

    async def test_any_other_word_is_refused(self, backends: Backends, ana: User) -> None:
        await invite(backends, ana)

        async with backends.database.reads() as session:
            for word in ("", "x", "\ud800", "a" * 43):
                with pytest.raises(InvalidRequest):
                    await invited(session, word)


async def test_adding_and_inviting_are_on_record(backends: Backends, ana: User) -> None:
    await invite(backends, ana)

    async with backends.database.reads() as session:
        report = await audit.verify(session)
    assert (report.rows, report.first_bad_seq) == (2, None)


async def invite(backends: Backends, user: User) -> str:
    async with backends.database.writes.begin() as session:
        return await accounts.invite(session, user)
