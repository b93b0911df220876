"""Seven ways to falsify a trail, each in a hundred places."""

import hashlib
import hmac
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.audit import chain
from consult.bootstrap import Backends
from consult.models import Actor, AuditRow, Role, Via, now

ROWS = 40
TRIES = 100
ACTOR = Actor(uuid4(), Role.SPECIALIST, "Sol", "sol@consult.test", Via.SESSION, uuid4())
Tamper = Callable[[AsyncSession, random.Random], Awaitable[int]]
"""Falsifies the trail; returns the first row that is no longer what it was."""

COLUMNS = sorted(set(AuditRow.model_fields) - {"seq", "at", "mac", "version"})


async def edit(session: AsyncSession, chance: random.Random) -> int:
    seq, column = chance.randint(1, ROWS), chance.choice(COLUMNS)
    await run(session, f"UPDATE auditrow SET {column} = 'another' WHERE seq = {seq}")
    return seq


async def retime(session: AsyncSession, chance: random.Random) -> int:
    seq = chance.randint(1, ROWS)
    later = f"2026-01-01T00:00:{chance.randint(0, 59):02}.{chance.randint(0, 999999):06}+00:00"
    await run(session, f"UPDATE auditrow SET at = '{later}' WHERE seq = {seq}")
    return seq


async def delete(session: AsyncSession, chance: random.Random) -> int:
    seq = chance.randint(1, ROWS)
    await run(session, f"DELETE FROM auditrow WHERE seq = {seq}")
    return seq


async def delete_and_renumber(session: AsyncSession, chance: random.Random) -> int:
    seq = await delete(session, chance)
    for later in range(seq + 1, ROWS + 1):
        await run(session, f"UPDATE auditrow SET seq = {later - 1} WHERE seq = {later}")
    return seq


async def swap(session: AsyncSession, chance: random.Random) -> int:
    one, other = sorted(chance.sample(range(1, ROWS + 1), 2))
    for old, new in ((one, 0), (other, one), (0, other)):
        await run(session, f"UPDATE auditrow SET seq = {new} WHERE seq = {old}")
    return one


async def forge(session: AsyncSession, chance: random.Random) -> int:
    """Somebody who knows everything but the key puts a row of their own in and seals it anew."""
    seq = chance.randint(1, ROWS)
    await run(session, f"UPDATE auditrow SET action = 'photo.forgotten' WHERE seq = {seq}")
    before = b""
    for row in (await session.exec(select(AuditRow).order_by(col(AuditRow.seq)))).all():
        if row.seq >= seq:
            fields = row.model_dump(exclude={"mac"})
            plain = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
            mac = hmac.digest(
                b"guess", b"consult-audit-v2\0" + plain + b"\0" + before, hashlib.sha256
            )
            await run(session, f"UPDATE auditrow SET mac = x'{mac.hex()}' WHERE seq = {row.seq}")
            before = mac
        else:
            before = row.mac
    return seq


async def truncate(session: AsyncSession, chance: random.Random) -> int:
    last = chance.randint(0, ROWS - 1)
    await run(session, f"DELETE FROM auditrow WHERE seq > {last}")
    return last + 1


CLASSES: list[Tamper] = [edit, retime, delete, delete_and_renumber, swap, forge, truncate]


class TestTampering:
    """AU-2. Seven classes, a hundred random places each, every one found and placed."""

    @pytest.mark.parametrize("tamper", CLASSES, ids=lambda tamper: tamper.__name__)
    async def test_every_change_is_found_where_it_was_made(
        self, backends: Backends, tamper: Tamper
    ) -> None:
        anchor = await fill(backends)

        for seed in range(TRIES):
            async with unguarded(backends) as session:
                first = await tamper(session, random.Random(seed))
                report = await audit.verify(session, [anchor])
                assert report.first_bad_seq == first, (tamper.__name__, seed)
                await session.rollback()

        assert (await verify(backends, anchor)).anchored == ROWS

    async def test_only_an_anchor_tells_of_a_cut_tail(self, backends: Backends) -> None:
        anchor = await fill(backends)

        async with unguarded(backends) as session:
            await truncate(session, random.Random(1))
            alone = await audit.verify(session)
            with_anchor = await audit.verify(session, [anchor])

        assert alone.first_bad_seq is None
        assert with_anchor.first_bad_seq == alone.rows + 1

    async def test_a_tail_that_grew_again_is_not_the_one_that_was_anchored(
        self, backends: Backends
    ) -> None:
        anchor = await fill(backends)

        async with unguarded(backends) as session:
            await run(session, f"DELETE FROM auditrow WHERE seq > {ROWS - 5}")
            for _ in range(10):
                await audit.record(session, ACTOR, "photo.image.viewed", uuid4())
            alone = await audit.verify(session)
            with_anchor = await audit.verify(session, [anchor])

        assert (alone.rows, alone.first_bad_seq) == (ROWS + 5, None)
        assert with_anchor.first_bad_seq == ROWS

    @pytest.mark.parametrize("mac", ["'text'", "7", "x''"])
    async def test_a_mac_of_any_other_kind_is_a_broken_row_and_no_crash(
        self, backends: Backends, mac: str
    ) -> None:
        await fill(backends)

        async with unguarded(backends) as session:
            await run(session, f"UPDATE auditrow SET mac = {mac} WHERE seq = 7")
            report = await audit.verify(session)

        assert report.first_bad_seq == 7

    @pytest.mark.parametrize("version", [1, 0, 3, -1])
    async def test_a_row_cannot_be_passed_off_as_one_of_another_form(
        self, backends: Backends, version: int
    ) -> None:
        await fill(backends)

        async with unguarded(backends) as session:
            await run(session, f"UPDATE auditrow SET version = {version} WHERE seq = 7")
            report = await audit.verify(session)

        assert report.first_bad_seq == 7


class TestRowsOfTheFirstForm:
    async def test_they_are_whole_beside_the_new_ones(self, backends: Backends) -> None:
        await old_rows(backends, 5)
        await fill(backends)

        assert await verify(backends) == audit.ChainReport(rows=ROWS + 5, first_bad_seq=None)

    @pytest.mark.parametrize("column", sorted(chain._LATER_FIELDS))
    async def test_nothing_can_be_written_into_what_came_later(
        self, backends: Backends, column: str
    ) -> None:
        await old_rows(backends, 5)

        async with unguarded(backends) as session:
            await run(session, f"UPDATE auditrow SET {column} = 'new' WHERE seq = 3")
            report = await audit.verify(session)

        assert report.first_bad_seq == 3


class unguarded:  # noqa: N801 - reads as the context manager that it is
    """A write session without the triggers; what is done in it is rolled back."""

    def __init__(self, backends: Backends) -> None:
        self.session = backends.database.writes()

    async def __aenter__(self) -> AsyncSession:
        for change in ("update", "delete"):
            await run(self.session, f"DROP TRIGGER auditrow_no_{change}")
        return self.session

    async def __aexit__(self, *_: object) -> None:
        await self.session.rollback()
        await self.session.close()


async def run(session: AsyncSession, sql: str) -> None:
    await (await session.connection()).execute(text(sql))
    session.expunge_all()


async def fill(backends: Backends) -> audit.Anchor:
    """Rows as the service writes them, and the anchor of the last."""
    async with backends.database.writes.begin() as session:
        for _ in range(ROWS):
            await audit.record(
                session,
                ACTOR,
                "photo.image.viewed",
                uuid4(),
                consult_id=uuid4(),
                rule="seat_member",
            )
    async with backends.database.reads() as session:
        last = (await session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()))).first()
    assert last
    return audit.Anchor.of(last.seq, last.mac)


async def old_rows(backends: Backends, count: int) -> None:
    """Rows as the first version of the service wrote them: its form, written out here again."""
    key, before = backends.database.writes().info["audit_key"], b""
    async with backends.database.writes.begin() as session:
        for seq in range(1, count + 1):
            fields: dict[str, Any] = {
                "seq": seq, "at": now().isoformat(), "actor_id": str(uuid4()), "role": "ems",
                "via": "session", "via_id": None, "action": "photo.attached",
                "object_id": str(uuid4()), "consult_id": None,
            }  # fmt: skip
            plain = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
            message = b"consult-audit-v1\0" + plain + b"\0" + before
            before = hmac.digest(key, message, hashlib.sha256)
            session.add(AuditRow(**fields, version=1, mac=before))


async def verify(backends: Backends, *anchors: audit.Anchor) -> audit.ChainReport:
    async with backends.database.reads() as session:
        return await audit.verify(session, anchors)
