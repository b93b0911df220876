"""The private columns: sealed on the disk, transparent in Python, loud when misused."""

import sqlite3
from contextlib import closing
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select
from structlog.testing import capture_logs

from consult.accounts import add_user, find_user
from consult.backends.keys import is_shredded, keys_of
from consult.bootstrap import Backends
from consult.errors import Damaged, NotFound
from consult.models import PrivateText, Role, User, private


async def make_user(backends: Backends, email: str = "ana@example.org") -> User:
    async with backends.database.writes.begin() as session:
        return await add_user(session, email=email, name="Ana Ortiz", role=Role.PATIENT)


async def read_user(backends: Backends, user_id: UUID) -> User:
    async with backends.database.reads() as session:
        return await session.get_one(User, user_id)


async def test_what_is_read_is_what_was_written_and_says_whose_it_is(backends: Backends) -> None:
    user = await make_user(backends)
    read = await read_user(backends, user.id)

    assert (read.name, read.email) == ("Ana Ortiz", "ana@example.org")
    assert isinstance(read.name, PrivateText)
    assert read.name.subject == user.id


async def test_a_bare_string_is_refused_when_it_is_written(backends: Backends) -> None:
    user = await make_user(backends)
    async with backends.database.writes() as session:
        row = await session.get_one(User, user.id)
        row.name = cast("Any", "Ana Maria")
        session.add(row)
        with pytest.raises(StatementError, match=r"user\.name takes private\(value, subject\)"):
            await session.flush()


async def test_a_bare_string_is_refused_when_it_is_looked_for(backends: Backends) -> None:
    async with backends.database.reads() as session:
        with pytest.raises(StatementError, match=r"user\.email takes private"):
            await session.exec(select(User).where(User.email == "ana@example.org"))


async def test_a_changed_name_is_sealed_again(backends: Backends) -> None:
    user = await make_user(backends)
    async with backends.database.writes.begin() as session:
        row = await session.get_one(User, user.id)
        row.name = private("Ana Maria", user.id)
        session.add(row)

    assert (await read_user(backends, user.id)).name == "Ana Maria"


async def test_the_same_words_are_sealed_differently_each_time(backends: Backends) -> None:
    await make_user(backends)
    await make_user(backends, "eva@example.org")
    with closing(sqlite3.connect(backends.settings.database_path)) as connection:
        names = {row[0][17:] for row in connection.execute('SELECT name FROM "user"')}

    assert len(names) == 2


async def test_an_address_is_found_by_an_index_that_tells_nothing_of_it(
    backends: Backends,
) -> None:
    user = await make_user(backends)
    async with backends.database.reads() as session:
        found = await find_user(session, "Ana@Example.org")
        index = keys_of(session).index("ana@example.org", "user.email")

    assert (found.id, found.email_index) == (user.id, index)
    assert len(index) == 32


async def test_two_people_cannot_have_one_address(backends: Backends) -> None:
    user = await make_user(backends)
    other = uuid4()
    backends.keys.make(other)
    twin = User(
        id=other,
        email=private("ana@example.org", other),
        email_index=user.email_index,
        name=private("Ana", other),
        role=Role.PATIENT,
        handle=b"h",
    )
    async with backends.database.writes() as session:
        session.add(twin)
        with pytest.raises(IntegrityError, match=r"user\.email_index"):
            await session.flush()


@pytest.mark.parametrize(
    "change", ["zeroblob(60)", "x'01'", "name || x'00'", "email", "substr(name, 1, 40)"]
)
async def test_a_changed_value_is_refused_and_an_error_logged(
    backends: Backends, change: str
) -> None:
    """EN-2. So is that of another column."""
    user = await make_user(backends)
    with closing(sqlite3.connect(backends.settings.database_path)) as connection, connection:
        connection.execute(f'UPDATE "user" SET name = CAST({change} AS BLOB)')

    with capture_logs() as logged, pytest.raises(Damaged):
        await read_user(backends, user.id)

    assert [(it["event"], it["object_id"]) for it in logged] == [
        ("database.value_refused", "user.name")
    ]


async def test_of_somebody_who_was_shredded_nothing_is_read_and_nothing_written(
    backends: Backends,
) -> None:
    user = await make_user(backends)
    async with backends.database.reads() as session:
        assert not is_shredded(session, user.id)
    backends.keys.shred(user.id)
    async with backends.database.reads() as session:
        assert is_shredded(session, user.id)

    read = await read_user(backends, user.id)
    assert (read.name, read.email) == ("", "")
    async with backends.database.writes() as session:
        row = await session.get_one(User, user.id)
        row.name = private("Ana", user.id)
        session.add(row)
        with pytest.raises(Exception, match="deleted for good"):
            await session.flush()


async def test_an_error_of_the_database_tells_no_word(backends: Backends) -> None:
    """LG-3. Neither the words nor what they were sealed to."""
    user = await make_user(backends)
    row = User(
        id=user.id,
        email=user.email,
        email_index=b"",
        name=user.name,
        role=Role.PATIENT,
        handle=b"",
    )
    async with backends.database.writes() as session:
        session.add(row)
        with pytest.raises(IntegrityError) as refused:
            await session.flush()

    assert "Ana" not in str(refused.value)
    with pytest.raises(NotFound):
        async with backends.database.reads() as session:
            await find_user(session, "nobody@example.org")
