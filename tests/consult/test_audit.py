from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from consult import audit
from consult.bootstrap import Backends
from consult.models import Actor, AuditRow, Role, Via

ACTOR = Actor(uuid4(), Role.SPECIALIST, "Sol", "sol@consult.test", Via.SESSION, uuid4())
TAMPERINGS = {
    "edited": "UPDATE auditrow SET action = 'photo.image.forgotten' WHERE seq = 3",
    "re-timed": "UPDATE auditrow SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 3",
    "deleted": "DELETE FROM auditrow WHERE seq = 3",
    "deleted at the head": "DELETE FROM auditrow WHERE seq = 1",
    "blamed on another": "UPDATE auditrow SET actor_id = zeroblob(16) WHERE seq = 3",
    "forged": "UPDATE auditrow SET mac = zeroblob(32) WHERE seq = 3",
}


async def record(backends: Backends, count: int) -> None:
    for _ in range(count):
        async with backends.database.writes.begin() as session:
            await audit.record(session, ACTOR, "photo.image.viewed", uuid4(), consult_id=uuid4())


async def verify(backends: Backends) -> audit.ChainReport:
    async with backends.database.reads() as session:
        return await audit.verify(session)


async def test_an_untouched_chain_is_whole(backends: Backends) -> None:
    await record(backends, 5)

    assert await verify(backends) == audit.ChainReport(rows=5, first_bad_seq=None)


async def test_an_empty_chain_is_whole(backends: Backends) -> None:
    assert await verify(backends) == audit.ChainReport(rows=0, first_bad_seq=None)


async def test_a_row_tells_who_did_what_by_which_way_in(backends: Backends) -> None:
    await record(backends, 1)

    async with backends.database.reads() as session:
        row = (await session.exec(select(AuditRow))).one()
    assert (row.actor_id, row.role, row.via, row.via_id) == (
        str(ACTOR.user_id),
        "specialist",
        "session",
        str(ACTOR.via_id),
    )
    assert "Sol" not in repr(row)


@pytest.mark.parametrize("sql", TAMPERINGS.values(), ids=TAMPERINGS)
async def test_tampering_is_found_and_placed(backends: Backends, sql: str) -> None:
    """AU-2."""
    await record(backends, 5)
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        for change in ("update", "delete"):
            await connection.execute(text(f"DROP TRIGGER auditrow_no_{change}"))
        await connection.execute(text(sql))

    assert (await verify(backends)).first_bad_seq == (1 if "head" in sql or "= 1" in sql else 3)


@pytest.mark.parametrize("sql", ["UPDATE auditrow SET seq = 9", "DELETE FROM auditrow"])
async def test_the_database_itself_refuses_a_change(backends: Backends, sql: str) -> None:
    """AU-2."""
    await record(backends, 1)

    with pytest.raises(IntegrityError, match="only grows"):
        async with backends.database.writes.begin() as session:
            await (await session.connection()).execute(text(sql))


async def test_a_rolled_back_deed_leaves_no_row(backends: Backends) -> None:
    await record(backends, 1)
    async with backends.database.writes() as session:
        await audit.record(session, ACTOR, "photo.attached", uuid4())
        await session.rollback()
    await record(backends, 1)

    assert await verify(backends) == audit.ChainReport(rows=2, first_bad_seq=None)
