"""Tablets: what their keys must be, how long each right lasts, and that each is had once."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx2 import AsyncClient
from sqlmodel import select

from consult import accounts, devices
from consult.backends.database import upgrade
from consult.bootstrap import Backends
from consult.config import Settings
from consult.devices.key import read_key
from consult.devices.proving import CHALLENGE_LIFETIME
from consult.errors import Conflict, NotFound, NotSignedIn
from consult.models import Device, Proof, Role, User, Via, now
from tests.consult.accounts.conftest import make_user
from tests.consult.test_migrations import config, insert
from tests.tablet import Tablet

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def tablet(settings: Settings) -> Tablet:
    return Tablet(AsyncClient(), settings.public_url)


class TestKey:
    def test_a_sound_p256_key_is_read_in_its_one_form(self, tablet: Tablet) -> None:
        compressed = tablet.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.CompressedPoint
        )
        head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")

        assert read_key(tablet.public_key) == tablet.public_key
        assert read_key(head + compressed) == tablet.public_key

    def test_anything_else_is_none(self, tablet: Tablet) -> None:
        off_curve = tablet.public_key[:-1] + bytes([tablet.public_key[-1] ^ 1])
        p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
        others = [
            each.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            for each in (p384, ed25519.Ed25519PrivateKey.generate().public_key())
        ]

        for spki in (b"", b"no key", tablet.public_key + b"\0", off_curve, *others):
            assert read_key(spki) is None, spki.hex()


class TestLifetimes:
    async def test_a_code_lasts_a_day_to_the_second(
        self, backends: Backends, tablet: Tablet
    ) -> None:
        device, code = await add(backends)
        end = device.code_expires_at

        assert end - device.created_at == 24 * HOUR
        with pytest.raises(NotSignedIn):
            await enrol(backends, tablet, code, at=end)
        await enrol(backends, tablet, code, at=end - SECOND)

    async def test_a_session_lasts_a_quarter_of_an_hour_to_the_second(
        self, backends: Backends, tablet: Tablet
    ) -> None:
        _, code = await add(backends)
        start = now()
        secret = await enrol(backends, tablet, code, at=start)

        async with backends.database.reads() as session:
            actor, _ = await devices.actor_from_device(
                session, secret, at=start + 15 * MINUTE - SECOND
            )
            assert (actor.role, actor.via, actor.proof) == (Role.DEVICE, Via.DEVICE, Proof.DEVICE)
            with pytest.raises(NotSignedIn):
                await devices.actor_from_device(session, secret, at=start + 15 * MINUTE)

    async def test_a_challenge_lasts_five_minutes_and_is_gone_after_one_look(
        self, backends: Backends
    ) -> None:
        async with backends.database.writes.begin() as session:
            late, early = [await devices.make_challenge(session) for _ in range(2)]
            at = now()
            assert not await devices.burn_challenge(session, late, at=at + CHALLENGE_LIFETIME)
            assert not await devices.burn_challenge(session, late)
            soon = at + CHALLENGE_LIFETIME - SECOND
            assert await devices.burn_challenge(session, early, at=soon)

    @pytest.mark.parametrize(
        "role", [role for role in Role if role not in (Role.DEVICE, Role.LINK)]
    )
    async def test_a_person_is_signed_in_on_a_tablet_for_a_short_while_whatever_their_role(
        self, backends: Backends, role: Role
    ) -> None:
        """SE-3. Five minutes idle, twelve hours in all; where a role has less, that is kept."""
        device, _ = await add(backends)
        user, start = await make_user(backends, role=role), now()
        absolute = 4 * HOUR if role is Role.ADMIN else 12 * HOUR
        async with backends.database.writes.begin() as session:
            secret = await accounts.open_session(session, user, device_id=device.id, at=start)

        async with backends.database.reads() as session:
            actor, login = await accounts.actor_from_session(
                session, secret, at=start + 5 * MINUTE - SECOND
            )
            with pytest.raises(NotSignedIn):
                await accounts.actor_from_session(session, secret, at=start + 5 * MINUTE)
        assert actor.device_id == device.id
        assert accounts.expiry_of(login, role) == (start + 5 * MINUTE, start + absolute)


async def test_nobody_can_be_invited_to_sign_in_as_a_tablet(backends: Backends) -> None:
    device, _ = await add(backends)

    async with backends.database.writes.begin() as session:
        account = await session.get_one(User, device.user_id)
        with pytest.raises(Conflict):
            await accounts.invite(session, account)


class TestOnce:
    async def test_of_fifty_that_answer_one_challenge_one_is_heard(
        self, backends: Backends
    ) -> None:
        """ID-3."""
        async with backends.database.writes.begin() as session:
            challenge = await devices.make_challenge(session)

        async def burn() -> bool:
            async with backends.database.writes.begin() as session:
                return await devices.burn_challenge(session, challenge)

        assert sum(await asyncio.gather(*(burn() for _ in range(50)))) == 1

    async def test_of_many_tablets_with_one_code_one_is_bound(
        self, backends: Backends, settings: Settings
    ) -> None:
        """What ID-5 asks of invitations holds for the codes of tablets."""
        _, code = await add(backends)
        tablets = [Tablet(AsyncClient(), settings.public_url) for _ in range(10)]

        outcomes = await asyncio.gather(
            *(enrol(backends, each, code) for each in tablets), return_exceptions=True
        )

        bound = [
            each
            for each, outcome in zip(tablets, outcomes, strict=True)
            if isinstance(outcome, str)
        ]
        async with backends.database.reads() as session:
            (device,) = (await session.exec(select(Device))).all()
        assert [each.public_key for each in bound] == [device.public_key]

    async def test_revoking_twice_changes_nothing_and_a_revoked_one_gets_no_new_link(
        self, backends: Backends
    ) -> None:
        device, _ = await add(backends)
        async with backends.database.writes.begin() as session:
            await devices.revoke_device(session, device.id)
            first = (await session.get_one(Device, device.id)).revoked_at
            await devices.revoke_device(session, device.id)
            again = await session.get_one(Device, device.id)

        assert again.revoked_at == first
        async with backends.database.writes.begin() as session:
            with pytest.raises(NotFound):
                await devices.renew_code(session, device.id)
            with pytest.raises(NotFound):
                await devices.revoke_device(session, uuid4())


def test_the_tables_of_tablets_come_and_go_with_rows_in_them(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    command.upgrade(config(settings), "0008")
    user, device, consult, login = ("0a" * 16, "0b" * 16, "0c" * 16, "0d" * 16)
    at = "2026-11-24 02:00:00.000000"
    with closing(sqlite3.connect(settings.database_path)) as connection, connection:
        insert(connection, "user", id=user, role="device", active=1)
        insert(
            connection, "device", id=device, user_id=user, public_key=b"k",
            created_at=at, code_expires_at=at,
        )  # fmt: skip
        insert(
            connection, "consult", id=consult, kind="emergency", urgency="stat",
            state="submitted", opened_by=user, claimed_by=user, claimed_at=at,
        )  # fmt: skip
        insert(connection, "photo", id="0e" * 16, consult_id=consult, created_by=user)
        insert(
            connection, "loginsession", id=login, user_id=user, device_id=device,
            created_at=at, seen_at=at,
        )  # fmt: skip

    command.downgrade(config(settings), "0003")

    with closing(sqlite3.connect(settings.database_path)) as connection:
        (ended,) = connection.execute("SELECT ended_at FROM loginsession").fetchone()
        kept = connection.execute("SELECT opened_by FROM consult").fetchall()
    assert (ended, kept) == (at, [(user,)])
    upgrade(settings)
    with closing(sqlite3.connect(settings.database_path)) as connection:
        columns = "claimed_by, claimed_at"
        assert connection.execute(f"SELECT {columns} FROM photo").fetchall() == [(None, None)]
        assert connection.execute(f"SELECT {columns} FROM consult").fetchall() == [(None, None)]
        assert connection.execute("SELECT count(*) FROM device").fetchone() == (0,)


async def add(backends: Backends) -> tuple[Device, str]:
    async with backends.database.writes.begin() as session:
        return await devices.add_device(session, name="Medic 12")


async def enrol(backends: Backends, tablet: Tablet, code: str, **at: Any) -> str:
    challenge = "any: burnt before, by whoever calls"
    answer = devices.Answer(challenge, tablet.sign("enrolment", challenge))
    async with backends.database.writes.begin() as session:
        _, secret = await devices.enrol_device(
            session,
            backends.settings,
            code=code,
            public_key=tablet.public_key,
            answer=answer,
            **at,
        )
    return secret
