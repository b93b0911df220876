"""AZ-2, AZ-13, CS-2, CS-3. Every route, asked over a real socket by every kind of caller."""

import re
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from sqlmodel import col, func, select

from api.auditing import ABOUT_HEALTH
from consult.models import AuditRow
from tests.api.authorization.actors import ACTORS, BY_LINK, HOLDS, PUBLIC, UNSAFE
from tests.api.authorization.probing import (
    READING,
    Probe,
    declared_actions,
    probe_all,
    probe_one,
    route_names,
    violations,
)
from tests.api.authorization.server import Server, serving
from tests.api.authorization.world import make_world


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    async with serving(tmp_path_factory.mktemp("matrix") / "data") as server:
        yield server


@pytest.fixture(scope="module")
async def probes(server: Server) -> list[Probe]:
    return await probe_all(server, ACTORS)


async def test_every_caller_gets_from_every_route_what_was_written_down(
    probes: list[Probe],
) -> None:
    assert list(violations(probes)) == []


async def test_no_route_and_no_caller_was_left_out(probes: list[Probe]) -> None:
    asked = {(probe.actor, probe.route) for probe in probes}

    assert asked == {(actor, route) for actor in ACTORS for route in route_names()}
    assert len(probes) == len(route_names()) * len(ACTORS) >= 2500


async def test_everything_that_can_be_done_was_done_by_somebody(probes: list[Probe]) -> None:
    """Without this, a service that refuses everything would pass."""
    done = {probe.route for probe in probes if probe.allowed}
    nobodys = {name for name, statuses in PUBLIC.items() if min(statuses) >= 400} - {*BY_LINK}

    assert done == set(route_names()) - nobodys - DONE_ELSEWHERE
    assert sum(probe.allowed for probe in probes) > 500


DONE_ELSEWHERE = {
    # These take a real passkey, or a crew on a real tablet.
    *("POST /api/passkeys", "POST /api/passkeys/step-up"),
    *("GET /api/uploads", "POST /api/uploads/claim"),
    # For whom it was offered; for a patient who was sent to the emergency number.
    "POST /api/handovers/{handover_id}/acceptance",
    "POST /api/handovers/{handover_id}/refusal",
    "POST /api/consults/{consult_id}/emergency-read",
}


async def test_whoever_may_read_was_told_and_nobody_else(probes: list[Probe]) -> None:
    told = {probe.actor for probe in probes if probe.told}

    readers = {name for name, kind in ACTORS.items() if kind.answers.get(READING) == 200}
    assert told == readers | {"another specialist in the browser"}  # who broke the glass at last
    assert len(readers) >= 10


async def test_an_admin_and_a_device_get_no_byte_of_health(probes: list[Probe]) -> None:
    """AZ-13."""
    theirs = [probe for probe in probes if "admin" in probe.actor or "device" in probe.actor]
    about_patients = re.compile(r"/(consults|photos|patients|break-glass)/")

    assert len(theirs) == 3 * len(route_names())
    for probe in theirs:
        assert not probe.told
        assert not (probe.allowed and about_patients.search(probe.route)), probe


async def test_every_unsafe_route_refuses_a_browser_without_the_token_of_the_page(
    probes: list[Probe],
) -> None:
    """CS-3."""
    unsafe = [
        probe
        for probe in probes
        if probe.actor == "the specialist without the token of the page"
        and not probe.route.startswith(("GET", "HEAD"))
        and probe.route not in PUBLIC
    ]

    assert {probe.status for probe in unsafe} == {403}
    assert {probe.route for probe in unsafe} >= UNSAFE


async def test_every_answer_about_health_left_a_row_of_the_deed_or_of_the_refusal(
    server: Server, probes: list[Probe]
) -> None:
    """AU-1. On every route, to every caller who is somebody."""
    about_health = {name for name, action in declared_actions() if action in ABOUT_HEALTH}
    async with server.backends.database.reads() as session:
        query = select(AuditRow.request_id, func.count()).group_by(col(AuditRow.request_id))
        rows = dict((await session.exec(query)).all())

    told = [probe for probe in probes if probe.route in about_health - NUMBERS and probe.allowed]
    refused = [probe for probe in probes if probe.route in about_health and probe.status == 404]
    assert [probe for probe in told + refused if not rows.get(probe.request_id)] == []
    assert len(told) > 200
    assert len(refused) > 300
    nobody = [probe for probe in probes if probe.status == 401 and probe.route in about_health]
    assert [probe for probe in nobody if rows.get(probe.request_id)] == []


# How many bytes of their own photo have arrived is all that these say, and often.
NUMBERS = {"HEAD /api/uploads/{upload_id}", "PATCH /api/uploads/{upload_id}"}


class TestTheChecker:
    """AZ-2. It turns red when it should."""

    async def test_on_an_application_that_asks_nobody_who_they_are(self, server: Server) -> None:
        world = await make_world(server)
        server.gate.everybody_is = world["specialist"].token
        try:
            found = list(violations(await probe_one(world, "anonymous", ACTORS["anonymous"])))
        finally:
            server.gate.everybody_is = None

        assert len(found) == len(route_names()) - len(PUBLIC) - len(HOLDS)  # no token has a session

    @pytest.mark.parametrize("name", ["patient", "crew", "specialist"])
    async def test_on_somebody_who_was_let_in_by_mistake(self, server: Server, name: str) -> None:
        stranger, name = ACTORS[f"another {name}"], f"other_{name}"
        world = await make_world(server)
        before = list(violations(await probe_one(world, name, stranger)))

        await world.let_in(name)

        found = list(violations(await probe_one(world, name, stranger)))
        assert before == []
        # A patient is in no consult but as its subject: a stray row lets nobody in.
        assert bool(found) == (name != "other_patient")

    async def test_on_an_answer_that_tells_what_it_refuses(self, probes: list[Probe]) -> None:
        refusal = next(probe for probe in probes if probe.actor == "another crew")

        assert refusal.violation is None
        assert replace(refusal, told=True).violation
