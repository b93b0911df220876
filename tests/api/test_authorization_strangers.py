"""What strangers get: nothing of a story that others told, and no sign that there was one."""

import statistics
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from httpx2 import Response
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.api.authorization.actors import BODIES, CONSULT
from tests.api.authorization.probing import route_names
from tests.api.authorization.server import Server, serving
from tests.api.authorization.world import PHOTO, World, make_people, make_world
from tests.factories import Somebody


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    async with serving(tmp_path_factory.mktemp("strangers") / "data") as server:
        yield server


@pytest.fixture(scope="module")
async def people(server: Server) -> dict[str, Somebody]:
    return await make_people(server)


class Request(NamedTuple):
    method: str
    path: str
    more: dict[str, Any]


@dataclass(frozen=True)
class Teller(Somebody):
    """Somebody whose every request is kept, to be sent again by others."""

    requests: list[Request] = field(default_factory=list[Request])

    async def request(self, method: str, path: str, **more: Any) -> Response:
        self.requests.append(Request(method, path, more))
        return await super().request(method, path, **more)


WORDS = ("Rhododendron", "Quetzal", "Marzipan", "Obsidian")


async def tell(people: dict[str, Somebody]) -> Teller:
    """All that a patient does in a consult that a specialist has taken."""
    told = people["patient"]
    teller = Teller(told.user, told.client, told.token)
    reason, message, note, again = WORDS
    consult_id = await teller.open_consult(reason=reason)
    consult = f"/api/consults/{consult_id}"
    photo = await teller.attach(consult_id, PHOTO, note=note, body_site="hand")
    await people["specialist"].say(consult_id, "I have it.")
    await teller.say(consult_id, message, photo_ids=[photo["id"]])
    turned = await teller.request("POST", f"/api/photos/{photo['id']}/turn", json={"clockwise": 90})
    for photo_id in (photo["id"], turned.json()["id"]):
        for part in ("", "/image", "/preview", "/dicom", "/certificate"):
            assert (await teller.get(f"/api/photos/{photo_id}{part}")).status_code == 200
    await teller.say(consult_id, again)
    await teller.request("PUT", f"{consult}/read", json={"seq": 1})
    for path in ("/api/me", "/api/consults", consult, f"{consult}/messages"):
        assert (await teller.get(path)).status_code == 200
    for path in ("/steps", "/advice"):
        assert (await teller.get(f"{consult}{path}")).status_code == 200
    await teller.post(f"{consult}/steps", step="request_transfer")
    await teller.request("POST", f"{consult}/close")
    return teller


class TestReplay:
    """AZ-3. Everything that one person asked, asked again by another."""

    @pytest.mark.parametrize(
        "stranger",
        ["other_patient", "other_crew", "other_specialist", "guest", "admin", "device"],
    )
    async def test_a_stranger_who_sends_it_all_again_gets_and_changes_nothing(
        self, people: dict[str, Somebody], stranger: str
    ) -> None:
        teller, other = await tell(people), people[stranger]
        consult_id = next(r.path.split("/")[3] for r in teller.requests if "/photos/" in r.path)
        before = await people["patient"].read(f"/api/consults/{consult_id}")

        answers = [(asked, await again(other, asked)) for asked in list(teller.requests)]

        theirs = [answer for asked, answer in answers if asked.path.count("/") > 2]
        assert len(theirs) >= 15
        assert {answer.status_code for answer in theirs} <= {403, 404}
        ids = {
            part for asked in teller.requests for part in asked.path.split("/") if len(part) > 30
        }
        for _, answer in answers:
            assert not [word for word in (*WORDS, *ids) if word.encode() in answer.content]
        assert await people["patient"].read(f"/api/consults/{consult_id}") == before

    async def test_it_would_be_seen_if_one_of_them_were_let_in(
        self, people: dict[str, Somebody]
    ) -> None:
        teller, patient = await tell(people), people["patient"]

        answers = [await again(patient, asked) for asked in list(teller.requests)]

        told = {word for word in WORDS for answer in answers if word.encode() in answer.content}
        assert told == set(WORDS)


OF_A_CONSULT = [
    route
    for route in route_names()
    if any(
        name in route
        for name in ("{consult_id}", "{photo_id}", "{patient_id}", "{glass_id}", "{upload_id}")
    )
    and "/api/link/" not in route  # nobody gets there without a link
]
# It asks for a passkey before it looks for anything; to everybody else it is not there.
BREAKING = f"POST {CONSULT}/break-glass"


async def again(other: Somebody, asked: Request) -> Response:
    """The same request by another; only what they open for themselves is in their own words."""
    own = {"json": {"kind": "follow_up"}} if asked.path == "/api/consults" else {}
    more = asked.more | (own if asked.method == "POST" else {})
    return await other.request(asked.method, asked.path, **more)


# What differs between any two answers.
ALWAYS_OTHER = {"date", "x-request-id"}
STRANGERS = ("other_patient", "other_crew", "other_specialist", "admin")


class TestForeignAndAbsent:
    """AZ-9. What is somebody else's and what does not exist cannot be told apart."""

    @pytest.mark.parametrize("stranger", STRANGERS)
    async def test_status_body_and_headers_are_the_same(
        self, server: Server, people: dict[str, Somebody], stranger: str
    ) -> None:
        world = await make_world(server, people)

        for route in OF_A_CONSULT:
            foreign = await ask(world, route, stranger, world.ids)
            absent = await ask(world, route, stranger, absent_ids(world))

            told = 403 if (route, stranger) == (BREAKING, "other_specialist") else 404
            assert foreign.status_code == absent.status_code == told, route
            assert foreign.content == absent.content, route
            assert shown(foreign) == shown(absent), route
        assert len(OF_A_CONSULT) >= 25

    @pytest.mark.parametrize("stranger", STRANGERS)
    async def test_the_database_is_asked_the_same(
        self, server: Server, people: dict[str, Somebody], stranger: str
    ) -> None:
        """The one part of the time an answer takes that does not depend on the machine."""
        world = await make_world(server, people)
        await ask(world, OF_A_CONSULT[0], stranger, absent_ids(world))  # whatever is done but once

        for route in OF_A_CONSULT:
            for_foreign, for_absent = await self.asked(world, route, stranger)
            if for_foreign != for_absent:  # the last use of a token is noted once a minute
                for_foreign, for_absent = await self.asked(world, route, stranger)

            assert for_foreign == for_absent, route
            assert for_foreign

    async def asked(self, world: World, route: str, stranger: str) -> tuple[list[str], list[str]]:
        with statements() as for_foreign:
            await ask(world, route, stranger, world.ids)
        with statements() as for_absent:
            await ask(world, route, stranger, absent_ids(world))
        return for_foreign, for_absent

    async def test_an_answer_takes_the_same_time(
        self, server: Server, people: dict[str, Somebody]
    ) -> None:
        world = await make_world(server, people)
        image, absent = "GET /api/photos/{photo_id}/image", absent_ids(world)
        seconds: dict[str, list[float]] = {"foreign": [], "absent": []}

        for _ in range(200):  # in turns: what slows the machine slows both
            for name, ids in (("foreign", world.ids), ("absent", absent)):
                started = time.perf_counter()
                await ask(world, image, "other_specialist", ids)
                seconds[name].append(time.perf_counter() - started)

        foreign, never = (statistics.median(seconds[name]) for name in ("foreign", "absent"))
        assert 0.7 < foreign / never < 1.4

    async def test_a_used_id_of_a_new_thing_tells_that_it_is_used_and_nothing_else(
        self, server: Server, people: dict[str, Somebody]
    ) -> None:
        """The price of ids that phones make: whoever already knows 122 random bits learns that
        they are taken. No word about by whom or where."""
        world, other = await make_world(server, people), people["other_patient"]
        mine = await other.open_consult()

        answers = [
            await other.put_photo(mine, PHOTO, photo_id=world.ids["photo_id"]),
            await other.put_message(mine, message_id=world.ids["message_id"], body="Hello"),
            await other.request(
                "POST",
                "/api/consults",
                json={"kind": "follow_up", "id": world.ids["consult_id"]},
            ),
        ]

        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")
            assert world.canary not in answer.text
            assert set(answer.json()) == {"type", "title", "status", "code", "detail"}


def absent_ids(world: World) -> dict[str, str]:
    return {name: str(uuid4()) for name in world.ids}


async def ask(world: World, route: str, stranger: str, ids: dict[str, str]) -> Response:
    method, template = route.split(" ")
    body = BODIES[route](world) if route in BODIES else {}
    return await world[stranger].request(method, template.format_map(ids), **body)


def shown(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in ALWAYS_OTHER}


@contextmanager
def statements() -> Generator[list[str]]:
    """Every SQL statement of this process, in its order, without what is filled in."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)
