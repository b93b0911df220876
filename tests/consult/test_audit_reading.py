"""What the trail answers: who did what, and who was shown what of whom."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from consult import audit
from consult.audit import reading
from consult.audit.reading import Filter, in_words, shown_of, shown_to_others
from consult.bootstrap import Backends
from consult.models import Actor, Outcome, Role, Via

SOL = Actor(uuid4(), Role.SPECIALIST, "Sol", "sol@consult.test", Via.SESSION)
COOPER = Actor(uuid4(), Role.COORDINATOR, "Cooper", "cooper@consult.test", Via.SESSION)
ANA = Actor(uuid4(), Role.PATIENT, "Ana", "ana@example.org", Via.SESSION)
CONSULT, OTHER, PHOTO = uuid4(), uuid4(), uuid4()
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


class TestRows:
    @pytest.fixture
    async def seqs(self, backends: Backends) -> dict[str, int]:
        """Who did what, an hour apart, by the place in the trail."""
        await record(backends, SOL, "consult.viewed", consult_id=CONSULT, patient_id=ANA.user_id)
        await record(backends, SOL, "consult.viewed", consult_id=OTHER, patient_id=uuid4())
        await record(backends, COOPER, "consults.listed", consult_ids=(uuid4(), CONSULT, OTHER))
        await record(backends, None, "user.added")
        return {"one": 1, "other": 2, "list": 3, "service": 4}

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filter(), ["one", "other", "list", "service"]),
            (Filter(actor_id=SOL.user_id), ["one", "other"]),
            (Filter(patient_id=ANA.user_id), ["one"]),
            (Filter(consult_id=CONSULT), ["one", "list"]),
            (Filter(consult_id=OTHER, actor_id=COOPER.user_id), ["list"]),
            (Filter(since=START + timedelta(hours=1)), ["other", "list", "service"]),
            (Filter(until=START + timedelta(hours=1)), ["one"]),
            # The same moment, said in another zone.
            (
                Filter(since=datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=1)))),
                ["service"],
            ),
        ],
    )
    async def test_are_asked_for_by_whom_about_whom_and_when(
        self, backends: Backends, seqs: dict[str, int], wanted: Filter, found: list[str]
    ) -> None:
        async with backends.database.reads() as session:
            rows = await audit.list_rows(session, wanted, limit=9)

        assert [row.seq for row in rows] == [seqs[name] for name in found]

    @pytest.mark.usefixtures("seqs")
    async def test_where_the_service_runs_is_no_matter(
        self, backends: Backends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            async with backends.database.reads() as session:
                since = Filter(since=START + timedelta(hours=1))
                rows = await audit.list_rows(session, since, limit=9)
        finally:
            monkeypatch.undo()
            time.tzset()

        assert [row.seq for row in rows] == [2, 3, 4]

    @pytest.mark.usefixtures("seqs")
    async def test_come_page_by_page(self, backends: Backends) -> None:
        async with backends.database.reads() as session:
            pages = [await audit.list_rows(session, Filter(), after=n, limit=2) for n in (0, 2, 4)]

        assert [[row.seq for row in page] for page in pages] == [[1, 2], [3, 4], []]


class TestShown:
    """AU-4. What everybody was shown of one consult."""

    async def test_the_last_look_comes_first_whoever_it_was(self, backends: Backends) -> None:
        lookers = [replace(SOL, user_id=UUID(int=number)) for number in (2, 1, 3)]
        for looker in (*lookers, lookers[1]):
            await record(backends, looker, "consult.viewed", CONSULT, consult_id=CONSULT)

        assert [one.actor_id for one in await shown(backends)] == [
            str(UUID(int=number)) for number in (1, 3, 2)
        ]

    async def test_looks_that_are_alike_are_one_with_its_first_and_last_time(
        self, backends: Backends
    ) -> None:
        for _ in range(3):
            await record(backends, SOL, "photo.image.viewed", PHOTO, consult_id=CONSULT)
        await record(backends, COOPER, "consults.listed", consult_ids=(OTHER, CONSULT))
        await record(backends, COOPER, "consults.listed", consult_ids=(OTHER,))
        await record(backends, ANA, "consult.viewed", CONSULT, consult_id=CONSULT)

        assert [list(one) for one in await shown(backends)] == [
            [str(ANA.user_id), "patient", "consult.viewed", str(CONSULT), str(CONSULT),
             None, "care", None, hour(5), hour(5), 1],
            [str(COOPER.user_id), "coordinator", "consults.listed", None, None,
             None, "care", None, hour(3), hour(3), 1],
            [str(SOL.user_id), "specialist", "photo.image.viewed", str(PHOTO), str(CONSULT),
             None, "care", None, hour(0), hour(2), 3],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "unlike",
        [
            {"object_id": uuid4()},
            {"purpose": "teaching"},
            {"break_glass_id": uuid4()},
            {"actor": COOPER},
            {"actor": replace(SOL, on_behalf_of=ANA.user_id)},
            {"action": "photo.preview.viewed"},
        ],
    )
    async def test_looks_that_are_not_alike_are_several(
        self, backends: Backends, unlike: dict[str, Any]
    ) -> None:
        look: dict[str, Any] = {"actor": SOL, "action": "photo.image.viewed", "object_id": PHOTO}
        for one in (look, look | unlike):
            await record(backends, **one, consult_id=CONSULT)

        assert [one.times for one in await shown(backends)] == [1, 1]

    @pytest.mark.parametrize(
        ("action", "outcome", "noticed"),
        [
            ("photo.attached", Outcome.ALLOWED, 1),
            ("something.new.viewed", Outcome.ALLOWED, 1),
            ("consult.closed", Outcome.ALLOWED, 0),
            ("photo.image.viewed", Outcome.REFUSED, 0),
        ],
    )
    async def test_only_what_shows_something_and_was_allowed_counts(
        self, backends: Backends, action: str, outcome: Outcome, noticed: int
    ) -> None:
        await record(backends, SOL, action, PHOTO, consult_id=CONSULT, outcome=outcome)
        await record(backends, SOL, "consult.viewed", OTHER, consult_id=OTHER)

        assert len(await shown(backends)) == noticed

    async def test_rows_of_the_first_form_were_all_allowed(self, backends: Backends) -> None:
        await record(backends, SOL, "consult.viewed", CONSULT, consult_id=CONSULT)
        await change(backends, "outcome = NULL")

        assert len(await shown(backends)) == 1

    def test_each_deed_has_words_for_the_patient_and_so_has_one_that_is_new(self) -> None:
        assert in_words("photo.image.viewed") == "saw the photo"
        assert in_words("photo.heard_of") == "looked at it"


class TestWasShown:
    """Whether somebody saw a consult before: by itself or in a list, lately."""

    async def test_by_itself_or_in_a_list(self, backends: Backends) -> None:
        await record(backends, SOL, "consult.viewed", CONSULT, consult_id=CONSULT)
        await record(backends, COOPER, "consults.listed", consult_ids=(CONSULT, uuid4()))

        assert await was_shown(backends, SOL)
        assert await was_shown(backends, COOPER)
        assert not await was_shown(backends, ANA)
        assert not await was_shown(backends, SOL, consult_id=OTHER)

    async def test_not_at_the_moment_itself_or_later(self, backends: Backends) -> None:
        await record(backends, SOL, "consult.viewed", CONSULT, consult_id=CONSULT)

        assert not await was_shown(backends, SOL, until=START)
        assert await was_shown(backends, SOL, until=START + timedelta(microseconds=1))

    async def test_not_by_what_shows_nothing(self, backends: Backends) -> None:
        await record(backends, SOL, "consult.closed", CONSULT, consult_id=CONSULT)

        assert not await was_shown(backends, SOL)

    async def test_not_so_long_ago_that_the_trail_has_grown_much(
        self, backends: Backends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "_LATELY", 3)
        await record(backends, SOL, "consult.viewed", CONSULT, consult_id=CONSULT)
        for _ in range(2):
            await record(backends, None, "user.added")
        assert await was_shown(backends, SOL)

        await record(backends, None, "user.added")
        assert not await was_shown(backends, SOL)


class TestShownToOthers:
    """AU-4. Each time that others were shown something of a patient."""

    async def test_each_time_is_one_in_order_and_ones_own_are_not(self, backends: Backends) -> None:
        for _ in range(2):
            await record(backends, SOL, "photo.image.viewed", PHOTO, patient_id=ANA.user_id)
        await record(backends, ANA, "photo.image.viewed", PHOTO, patient_id=ANA.user_id)
        await record(backends, COOPER, "consults.listed", consult_ids=(uuid4(), CONSULT))
        await record(backends, COOPER, "consult.viewed", OTHER, consult_id=OTHER)
        await record(backends, None, "photo.dicom.viewed", PHOTO, patient_id=ANA.user_id)
        await record(backends, SOL, "consult.closed", CONSULT, patient_id=ANA.user_id)

        found = await shown_to(backends, ANA)

        assert [(one.action, one.first_at, one.last_at, one.times) for one in found] == [
            ("photo.image.viewed", hour(0), hour(0), 1),
            ("photo.image.viewed", hour(1), hour(1), 1),
            ("consults.listed", hour(3), hour(3), 1),
            ("photo.dicom.viewed", hour(5), hour(5), 1),
        ]

    async def test_of_no_consult_at_all_only_by_who_the_patient_is(
        self, backends: Backends
    ) -> None:
        await record(backends, SOL, "photo.image.viewed", PHOTO, patient_id=ANA.user_id)
        await record(backends, COOPER, "consults.listed", consult_ids=(CONSULT,))

        async with backends.database.reads() as session:
            found = await shown_to_others(session, ANA.user_id, [], since=START)
        assert [one.action for one in found] == ["photo.image.viewed"]

    async def test_since_a_day_that_itself_counts(self, backends: Backends) -> None:
        for _ in range(3):
            await record(backends, SOL, "photo.image.viewed", PHOTO, patient_id=ANA.user_id)

        found = await shown_to(backends, ANA, since=START + timedelta(hours=1))

        assert [one.first_at for one in found] == [hour(1), hour(2)]


def hour(number: int) -> str:
    return (START + timedelta(hours=number)).isoformat()


async def record(
    backends: Backends,
    actor: Actor | None,
    action: str,
    object_id: UUID | None = None,
    **about: Any,
) -> None:
    """One more row, an hour after the one before."""
    async with backends.database.writes.begin() as session:
        await audit.record(session, actor, action, object_id, **about)
        seq = await audit.newest_seq(session)
    await change(backends, f"at = '{hour(seq - 1)}' WHERE seq = {seq}")


async def change(backends: Backends, what: str) -> None:
    """Of a trail whose chain nobody looks at here."""
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        await connection.execute(text("DROP TRIGGER IF EXISTS auditrow_no_update"))
        await connection.execute(text(f"UPDATE auditrow SET {what}"))


async def shown(backends: Backends) -> list[reading.Shown]:
    async with backends.database.reads() as session:
        return await shown_of(session, CONSULT)


async def was_shown(
    backends: Backends,
    actor: Actor,
    *,
    consult_id: UUID = CONSULT,
    until: datetime = START + timedelta(days=9),
) -> bool:
    async with backends.database.reads() as session:
        return await audit.was_shown(session, actor.user_id, consult_id, until=until)


async def shown_to(
    backends: Backends, patient: Actor, *, since: datetime = START
) -> list[reading.Shown]:
    async with backends.database.reads() as session:
        return await shown_to_others(session, patient.user_id, [CONSULT], since=since)
