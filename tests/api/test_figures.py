"""Turn-round figures: what the history of the consults says, as JSON and as a table."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import func, select

from api.figures import FigureRead, table_of
from consult.bootstrap import Backends
from consult.clinical.workflow.turn_round import Measure
from consult.models import Consult, Service, Step, now
from tests.factories import People, make_somebody


async def figure(people: People, measure: str, partner: str | None) -> dict[str, Any]:
    items = (await people.coordinator.read("/api/figures"))["items"]
    (found,) = [one for one in items if (one["measure"], one["partner"]) == (measure, partner)]
    return found


async def sent(backends: Backends, consult_id: str, *, before: timedelta) -> None:
    """As if it had been sent so long before its last step, and been seen half-way."""
    async with backends.database.writes.begin() as session:
        consult = await session.get_one(Consult, UUID(consult_id))
        query = select(func.max(Step.at)).where(Step.consult_id == consult.id)
        last = (await session.exec(query)).one()
        consult.created_at, consult.seen_at = last - before, last - before / 2
        session.add(consult)


class TestFigures:
    async def test_they_say_how_long_each_thing_took_for_whom(
        self, people: People, backends: Backends
    ) -> None:
        minutes = (1, 2, 3, 40)
        for count in minutes:
            consult_id = await people.ems.open_consult(kind="emergency")
            await people.specialist.say(consult_id, "Cool it.")
            await sent(backends, consult_id, before=timedelta(minutes=count))
        await people.patient.open_consult()

        answered = await figure(people, "answered", "consult.test")
        seen = await figure(people, "seen", None)
        advised = await figure(people, "advised", None)

        assert (answered["consults"], answered["reached"]) == (4, 4)
        assert (answered["p50"], answered["p90"], answered["p99"]) == (120, 2400, 2400)
        assert (seen["consults"], seen["reached"], seen["p50"]) == (5, 4, 60)
        assert (advised["reached"], advised["p50"]) == (0, None)
        patients = await figure(people, "answered", "patients")
        assert (patients["consults"], patients["reached"]) == (1, 0)

    async def test_only_the_period_and_the_service_that_were_asked_for_count(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        await sent(backends, consult_id, before=timedelta(days=40))
        other = Service(name="South")
        async with backends.database.writes.begin() as session:
            session.add(other)

        since = (now() - timedelta(days=50)).isoformat().replace("+00:00", "Z")
        for query, found in (
            ("", False),
            (f"?since={since}", True),
            (f"?since={since}&service_id={other.id}", False),
        ):
            items = (await people.coordinator.read(f"/api/figures{query}"))["items"]
            assert bool(items) == found

    @pytest.mark.parametrize(
        "query", ["?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "?since=yesterday"]
    )
    async def test_a_period_that_is_none_is_refused(self, people: People, query: str) -> None:
        assert (await people.coordinator.get(f"/api/figures{query}")).status_code == 422

    async def test_who_has_no_part_in_running_the_service_is_shown_none(
        self, people: People
    ) -> None:
        for somebody in (people.specialist, people.coordinator, people.admin):
            assert (await somebody.get("/api/figures")).status_code == 200
        for somebody in (people.patient, people.ems):
            assert (await somebody.get("/api/figures")).status_code == 404
            assert (await somebody.get("/api/figures.csv")).status_code == 404


class TestTable:
    async def test_it_says_the_same_as_the_json(self, people: People, backends: Backends) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        await sent(backends, consult_id, before=timedelta(minutes=1))

        answer = await people.coordinator.get("/api/figures.csv")

        items = (await people.coordinator.read("/api/figures"))["items"]
        assert answer.headers["content-type"].startswith("text/csv")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert rows == [
            {name: "" if value is None else str(value) for name, value in one.items()}
            for one in items
        ]

    def test_lines_end_and_cells_are_quoted_as_rfc_4180_has_it(self) -> None:
        table = table_of([made('Ambulance "North", Ltd')])

        header, line, end = table.split("\r\n")
        assert header == "service,partner,measure,consults,reached,p50,p90,p99"
        assert line == 'Burns,"Ambulance ""North"", Ltd",seen,1,1,60.5,,'
        assert end == ""

    @pytest.mark.parametrize(
        "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
    )
    def test_no_cell_is_a_formula(self, name: str) -> None:
        table = table_of([made(name)])

        (row,) = csv.DictReader(io.StringIO(table, newline=""))
        assert row["partner"] == f"'{name}"

    async def test_nobody_is_in_it_by_name(self, people: People, backends: Backends) -> None:
        """The domain of an address, and nothing before it."""
        somebody = await make_somebody(
            backends, people.ems.client, "rosa crew", people.ems.user.role, domain="fire.example"
        )
        await somebody.open_consult(kind="emergency")

        table = (await people.coordinator.get("/api/figures.csv")).text

        assert "fire.example" in table
        assert "rosa" not in table.lower()
        assert "@" not in table


def made(partner: str) -> FigureRead:
    return FigureRead(
        service="Burns",
        partner=partner,
        measure=Measure.SEEN,
        consults=1,
        reached=1,
        p50=60.5,
        p90=None,
        p99=None,
    )
