"""ID-6. Asking for a way back does the same work whoever has the address, or nobody."""

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine

from consult import accounts
from consult.bootstrap import Backends
from consult.models import User

from .ceremonies import enrolled

STRANGERS = ("nobody@example.org", "x", "ana@example.org.evil.example", "'; --")


async def test_the_statements_are_the_same_one_by_one(backends: Backends, ana: User) -> None:
    await enrolled(backends, ana)
    known = await statements_of(backends, str(ana.email))

    assert len(known) > 3
    for stranger in STRANGERS:
        assert await statements_of(backends, stranger) == known


async def test_and_when_it_is_asked_again_before_the_mail_has_left(
    backends: Backends, ana: User
) -> None:
    await enrolled(backends, ana)
    twice = [
        [await statements_of(backends, address) for _ in range(2)]
        for address in (str(ana.email), "nobody@example.org", "NOBODY@example.org")
    ]

    assert twice[0] == twice[1]
    assert twice[2] == [twice[0][1]] * 2, "spelling makes no second stranger"


async def statements_of(backends: Backends, address: str) -> list[str]:
    """What the database is asked to do, without the values."""
    asked: list[str] = []

    def note(_: object, __: DBAPICursor, statement: str, *___: object) -> None:
        asked.append(statement)

    async with backends.database.writes.begin() as session:
        engine = session.bind
        assert isinstance(engine, AsyncEngine)
        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            await accounts.ask_to_recover(session, backends.jobs, backends.secret, address)
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
    return asked
