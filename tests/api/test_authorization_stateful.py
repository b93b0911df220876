"""AZ-4. Whatever people do, in whatever order: an oracle of a few lines says who may what.

The ordinary run is short and the same each time; CONSULT_STATEFUL_STEPS=10000 walks that many
steps, others each time.
"""

import asyncio
import os
import shutil
from collections.abc import Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from api.app import create_app
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.models import User
from consult.tasks import NAMES
from tests.conftest import ORIGIN
from tests.factories import People, Somebody
from tests.imaging.photos import make_jpeg
from tests.service import PLENTY

LONG_WALK = os.environ.get("CONSULT_STATEFUL_STEPS")
STEPS = int(LONG_WALK or 150)
STEPS_EACH = 25
PHOTO = make_jpeg(32, 24)

NAMES_OF = ("patient", "other_patient", "ems", "specialist", "other_specialist", "coordinator")
people_names = st.sampled_from((*NAMES_OF, "admin"))


@dataclass
class Known:
    """What the oracle remembers of a consult."""

    opener: str
    patient: str | None
    taken: bool
    inside: set[str]
    answered: bool = False
    closed: bool = False
    photos: list[str] = field(default_factory=list[str])


@dataclass
class Oracle:
    """Who may do what, by what has happened: it shares no line with the code."""

    consults: dict[str, Known] = field(default_factory=dict[str, Known])
    disabled: set[str] = field(default_factory=set[str])

    def reads(self, name: str, consult_id: str) -> bool:
        known = self.consults[consult_id]
        if "patient" in name:
            return known.patient == name
        if "specialist" in name:
            return name in known.inside or not known.taken
        return name == "coordinator" or (name == "ems" and name in known.inside)

    def read(self, name: str, consult_id: str) -> int:
        return self.unless_dead(name) or (200 if self.reads(name, consult_id) else 404)

    def see(self, name: str, consult_id: str) -> int:
        read = self.read(name, consult_id)
        return 403 if read == 200 and name == "coordinator" else read

    def say(self, name: str, consult_id: str, *, quietly: bool) -> int:
        refused = self.read(name, consult_id)
        if refused != 200:
            return refused
        if quietly and "patient" in name:
            return 403
        return 409 if self.consults[consult_id].closed else 201

    def attach(self, name: str, consult_id: str) -> int:
        see = self.see(name, consult_id)
        return see if see != 200 else 409 if self.consults[consult_id].closed else 201

    def close(self, name: str, consult_id: str) -> int:
        read = self.read(name, consult_id)
        if read == 200 and ("patient" in name or name == "ems"):
            return 403
        known = self.consults[consult_id]
        return 409 if read == 200 and (known.closed or not known.answered) else read

    def joined(self, name: str, consult_id: str, *, openly: bool) -> None:
        """A word among clinicians takes nothing."""
        known = self.consults[consult_id]
        known.inside.add(name)
        known.taken |= openly and "specialist" in name

    def said(self, name: str, consult_id: str) -> None:
        """A specialist's word answers; another word of whoever asked is another question."""
        known = self.consults[consult_id]
        if "specialist" in name:
            known.answered = True
        elif name != "coordinator" or known.opener == name:
            known.answered = False

    def unless_dead(self, name: str) -> int | None:
        return 401 if name in self.disabled else None


@dataclass
class House:
    """The application in this process, and a loop to ask it from."""

    runner: asyncio.Runner
    backends: Backends
    client: AsyncClient
    steps: int = 0

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def people(self) -> People:
        """New ones: what others did before is none of theirs."""
        domain = f"{uuid4().hex}.test"
        return self.run(People.make(self.backends, self.client, domain=domain))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Generator[House]:
    folder = tmp_path_factory.mktemp("stateful") / "data"
    folder.mkdir(mode=0o700)
    configured = read_settings(
        data_dir=folder, public_url=ORIGIN, decode_workers=0, log_level="error", **PLENTY
    )
    shutil.copy(migrated, configured.database_path)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield runner.run(_open(runner, stack, configured))
        runner.run(stack.aclose())


async def _open(runner: asyncio.Runner, stack: AsyncExitStack, configured: Settings) -> House:
    backends = await stack.enter_async_context(open_backends(configured, task_names=NAMES))
    app = create_app(configured, with_worker=False)
    manager = await stack.enter_async_context(LifespanManager(app))
    transport = ASGITransport(manager.app)
    client = await stack.enter_async_context(AsyncClient(transport=transport, base_url=ORIGIN))
    return House(runner, backends, client)


class Story(RuleBasedStateMachine):
    house: House
    consults = Bundle[str]("consults")

    @initialize()
    def meet(self) -> None:
        self.oracle = Oracle()
        self.people = self.house.people()

    def somebody(self, name: str) -> Somebody:
        return getattr(self.people, name)

    def ask(self, name: str, method: str, path: str, **more: Any) -> Response:
        self.house.steps += 1
        return self.house.run(self.somebody(name).request(method, path, **more))

    @rule(target=consults, name=people_names, about=st.sampled_from((None, "patient")))
    def open_one(self, name: str, about: str | None) -> Any:
        patient = name if "patient" in name else about
        wish = {"kind": "follow_up"}
        if patient:
            wish["patient_id"] = str(self.somebody(patient).user.id)
        answer = self.ask(name, "POST", "/api/consults", json=wish)
        refused = self.oracle.unless_dead(name) or (403 if name == "admin" else None)
        assert answer.status_code == (refused or 201)
        if refused:
            return multiple()  # pyright: ignore[reportUnknownVariableType] - of nothing
        consult_id = answer.json()["id"]
        inside = {name, *([patient] if patient else [])}
        self.oracle.consults[consult_id] = Known(name, patient, "specialist" in name, inside)
        return consult_id

    @rule(name=people_names, consult_id=consults, quietly=st.booleans())
    def say(self, name: str, consult_id: str, quietly: bool) -> None:
        wish = {"body": "Hello", "audience": "clinicians" if quietly else "everyone"}
        expected = self.oracle.say(name, consult_id, quietly=quietly)
        answer = self.house.run(self.somebody(name).put_message(consult_id, **wish))
        assert answer.status_code == expected
        if expected == 201:
            self.oracle.joined(name, consult_id, openly=not quietly)
        if expected == 201 and not quietly:
            self.oracle.said(name, consult_id)

    @rule(name=people_names, consult_id=consults)
    def attach(self, name: str, consult_id: str) -> None:
        expected = self.oracle.attach(name, consult_id)
        answer = self.house.run(self.somebody(name).put_photo(consult_id, PHOTO))
        assert answer.status_code == expected
        if expected == 201:
            self.oracle.joined(name, consult_id, openly=True)
            self.oracle.consults[consult_id].photos.append(answer.json()["id"])

    @rule(name=people_names, consult_id=consults)
    def close(self, name: str, consult_id: str) -> None:
        expected = self.oracle.close(name, consult_id)
        answer = self.ask(
            name, "POST", f"/api/consults/{consult_id}/close", json={"code": "told_by_telephone"}
        )
        assert answer.status_code == expected
        self.oracle.consults[consult_id].closed |= expected == 200

    @rule(name=st.sampled_from(NAMES_OF), alive=st.booleans())
    def disable(self, name: str, alive: bool) -> None:
        self.house.run(self._set_active(name, active=alive))
        (self.oracle.disabled.discard if alive else self.oracle.disabled.add)(name)

    async def _set_active(self, name: str, *, active: bool) -> None:
        async with self.house.backends.database.writes.begin() as session:
            (await session.get_one(User, self.somebody(name).user.id)).active = active

    @rule(name=people_names, consult_id=consults)
    def read(self, name: str, consult_id: str) -> None:
        self.check_reading(name, consult_id)

    def check_reading(self, name: str, consult_id: str) -> None:
        path, known = f"/api/consults/{consult_id}", self.oracle.consults[consult_id]
        expected = self.oracle.read(name, consult_id)
        for part in ("", "/messages"):
            assert self.ask(name, "GET", f"{path}{part}").status_code == expected, (name, known)
        for photo_id in known.photos[-1:]:
            seen = self.ask(name, "GET", f"/api/photos/{photo_id}/image")
            assert seen.status_code == self.oracle.see(name, consult_id), (name, known)

    def teardown(self) -> None:
        """At the end everybody asks for everything; what is listed is what can be read."""
        if not hasattr(self, "people"):
            return
        for name in (*NAMES_OF, "admin"):
            for consult_id in self.oracle.consults:
                self.check_reading(name, consult_id)
            answer = self.ask(name, "GET", "/api/consults?limit=100")
            if name not in self.oracle.disabled:
                listed = {item["id"] for item in answer.json()["items"]}
                mine = {
                    consult_id
                    for consult_id in self.oracle.consults
                    if self.oracle.reads(name, consult_id)
                }
                assert listed & self.oracle.consults.keys() == mine


def walk(story: type[Story], house: House, *, steps: int, phases: tuple[Phase, ...]) -> None:
    class Told(story):
        pass

    Told.house = house
    profile = settings(
        max_examples=max(1, steps // STEPS_EACH),
        stateful_step_count=STEPS_EACH,
        deadline=None,
        phases=phases,
        derandomize=not LONG_WALK,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Told, settings=profile)


def test_whatever_people_do_each_sees_what_is_theirs(house: House) -> None:
    before = house.steps

    walk(Story, house, steps=STEPS, phases=tuple(Phase))

    assert house.steps - before > STEPS


class WhereADisabledPersonComesIn(Story):
    async def _set_active(self, name: str, *, active: bool) -> None:
        """Says it is done, and does nothing."""


def test_the_oracle_sees_it_when_somebody_comes_in_who_may_not(house: House) -> None:
    with pytest.raises(AssertionError):
        walk(WhereADisabledPersonComesIn, house, steps=1000, phases=(Phase.generate,))
