"""What it takes to say who stands where: one statement, whatever the answer."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.bootstrap import Backends
from consult.consults import get_seat, list_seats
from consult.errors import ConsultError
from consult.models import Purpose
from tests.factories import People, Somebody, make_proxy


@contextmanager
def counted(session: AsyncSession) -> Generator[list[str]]:
    """The statements that `session` sends in this block."""
    sent: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
async def everybody(people: People, backends: Backends) -> list[Somebody]:
    await make_proxy(backends, people.patient, people.other_patient)
    return [people.patient, people.other_patient, people.ems, people.specialist, people.admin,
            people.coordinator, people.other_specialist]  # fmt: skip


async def test_a_seat_takes_one_statement_whoever_asks(
    everybody: list[Somebody], people: People, backends: Backends
) -> None:
    """AZ-9. Yours, not yours and not there cost the same."""
    consult_id = UUID(await people.patient.open_consult())
    await people.specialist.say(str(consult_id), "Mine.")

    for somebody in everybody:
        texts = set[str]()
        for key in (consult_id, uuid4()):
            async with backends.database.reads() as session:
                await session.connection()
                with counted(session) as sent, suppress(ConsultError):
                    await get_seat(session, somebody.actor, key)
            assert len(sent) == 1
            texts |= set(sent)
        assert len(texts) == 1


async def test_a_page_of_seats_takes_one_statement(
    everybody: list[Somebody], people: People, backends: Backends
) -> None:
    for _ in range(3):
        await people.patient.open_consult()

    for somebody in everybody:
        async with backends.database.reads() as session:
            await session.connection()
            with counted(session) as sent:
                await list_seats(session, somebody.actor, after=None, limit=10)
        assert len(sent) <= 1


async def test_only_another_purpose_than_care_takes_one_more(
    people: People, backends: Backends
) -> None:
    consult_id = await people.patient.open_consult()
    await people.specialist.say(consult_id, "Mine.")
    await people.patient.post(
        f"/api/consults/{consult_id}/consents", purpose="teaching", given=True, method="tap"
    )

    async with backends.database.reads() as session:
        await session.connection()
        with counted(session) as sent:
            await get_seat(
                session,
                people.specialist.actor,
                UUID(consult_id),
                Action.IMAGE_READ_FOR_OTHERS,
                purpose=Purpose.TEACHING,
            )
    assert len(sent) == 2
