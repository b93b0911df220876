"""UP-4. Tries, photos, bytes and space: what is too much is refused in words, and reading goes on."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient, Response
from sqlmodel import select, update

from api.app import create_app
from api.limits import Budget, Window, neighbourhood
from consult.bootstrap import Backends, open_backends
from consult.config import Settings
from consult.errors import Busy, TooMuch
from consult.models import Photo, now
from consult.tasks import NAMES
from tests import service as services
from tests.api.edge import unsafe_calls
from tests.conftest import ORIGIN
from tests.factories import People
from tests.imaging.photos import make_jpeg


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestWindow:
    def test_takes_so_many_within_any_span_and_says_when_the_next_is_welcome(self) -> None:
        clock = Clock()
        window = Window(2, seconds=60, clock=clock)
        window.admit("a")
        clock.now += 59
        window.admit("a")

        with pytest.raises(TooMuch) as refusal:
            window.admit("a")
        window.admit("b")
        clock.now += 1
        window.admit("a")

        assert refusal.value.retry_after == 1

    def test_a_refused_try_does_not_lengthen_the_wait(self) -> None:
        clock = Clock()
        window = Window(1, seconds=60, clock=clock)
        window.admit("a")
        for _ in range(50):
            clock.now += 1
            with pytest.raises(TooMuch):
                window.admit("a")
        clock.now += 10
        window.admit("a")

    def test_a_million_addresses_fill_no_memory(self) -> None:
        window = Window(1, seconds=60)
        for number in range(30_000):
            window.admit(str(number))

        assert len(window._times) <= 10_000

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:10.0.0.1", "10.0.0.1", True),
            ("10.0.0.1", "10.0.0.2", False),
        ],
    )
    def test_whoever_has_a_network_has_one_try(self, one: str, other: str, same: bool) -> None:
        assert (neighbourhood(one) == neighbourhood(other)) is same


class TestBudget:
    def test_what_is_in_flight_is_bounded_and_comes_back(self) -> None:
        budget = Budget(100)
        with budget.reserve(60), pytest.raises(Busy), budget.reserve(41):
            pass
        with budget.reserve(60), budget.reserve(40):
            assert budget.taken == 100
        assert budget.taken == 0

    def test_a_single_one_is_always_taken(self) -> None:
        with Budget(1).reserve(25_000_000):
            pass


@asynccontextmanager
async def limited(settings: Settings, **limits: Any) -> AsyncGenerator[tuple[People, Backends]]:
    """The whole application under these limits, and people in it."""
    own = settings.model_copy(update=limits)
    async with (
        LifespanManager(create_app(own, with_worker=False), startup_timeout=60) as manager,
        open_backends(own, task_names=NAMES) as backends,
        AsyncClient(transport=ASGITransport(manager.app), base_url=ORIGIN) as client,
    ):
        yield await People.make(backends, client), backends


class TestSignIn:
    async def test_every_way_in_counts_the_tries_of_an_address(self, settings: Settings) -> None:
        ways = [call for call in unsafe_calls() if not call.auth]
        assert ways
        for way in ways:
            async with running(settings, sign_in_requests_per_minute=3) as client:
                answers = [await client.post(way.path, json={"x": 1}) for _ in range(4)]

            assert [answer.status_code for answer in answers[:3]] == [422] * 3
            self.check(answers[3])

    async def test_being_signed_in_is_not_counted(self, settings: Settings) -> None:
        async with limited(settings, sign_in_requests_per_minute=1) as (people, _):
            for _ in range(5):
                assert (await people.patient.get("/api/me")).status_code == 200

    @pytest.mark.parametrize(("trusted", "refused"), [("127.0.0.1", 0), ("10.9.8.7", 3)])
    def test_only_a_trusted_proxy_says_who_stands_behind_it(
        self, tmp_path: Path, trusted: str, refused: int
    ) -> None:
        limits = {
            "CONSULT_SIGN_IN_REQUESTS_PER_MINUTE": "2",
            "CONSULT_TRUSTED_PROXIES": trusted,
        }
        with services.running(tmp_path / "data", **limits) as service:
            statuses = [
                httpx2.post(
                    f"{service.origin}/api/passkeys/authentication/options",
                    json={},
                    headers={"X-Forwarded-For": f"203.0.113.{number}"},
                ).status_code
                for number in range(5)
            ]

        assert statuses == [200] * (5 - refused) + [429] * refused

    def check(self, answer: Response) -> None:
        assert (answer.status_code, answer.json()["code"]) == (429, "too_much")
        assert 1 <= int(answer.headers["retry-after"]) <= 60


class TestQuotas:
    async def test_a_consult_takes_so_many_photos(self, settings: Settings) -> None:
        async with limited(settings, photos_per_consult=2) as (people, _):
            consult = await people.patient.open_consult()
            first = await people.patient.attach(consult, make_jpeg(64))
            await people.specialist.attach(consult, make_jpeg(72))

            full = await people.specialist.put_photo(consult, make_jpeg(80))
            turn = await people.specialist.request(
                "POST", f"/api/photos/{first['id']}/turn", json={"clockwise": 90}
            )
            elsewhere = await people.patient.put_photo(
                await people.patient.open_consult(), make_jpeg(80)
            )

        refused(full, "consult_full", wait=86_400)
        refused(turn, "consult_full", wait=86_400)
        assert elsewhere.status_code == 201

    async def test_a_person_sends_so_many_photos_an_hour(self, settings: Settings) -> None:
        async with limited(settings, photos_per_hour=2) as (people, backends):
            consult = await people.patient.open_consult()
            for width in (64, 72):
                await people.patient.attach(consult, make_jpeg(width))

            full = await people.patient.put_photo(consult, make_jpeg(80))
            other = await people.specialist.put_photo(consult, make_jpeg(80))
            await self.age(backends, timedelta(minutes=61))
            later = await people.patient.put_photo(consult, make_jpeg(80))

        refused(full, "hour_full", wait=3600)
        assert (other.status_code, later.status_code) == (201, 201)

    async def test_a_person_sends_so_many_bytes_a_day(self, settings: Settings) -> None:
        async with limited(settings, photo_bytes_per_day=1) as (people, backends):
            consult = await people.patient.open_consult()
            await people.patient.attach(consult, make_jpeg(64))

            full = await people.patient.put_photo(consult, make_jpeg(72))
            await self.age(backends, timedelta(hours=25))
            later = await people.patient.put_photo(consult, make_jpeg(72))

        refused(full, "day_full", wait=86_400)
        assert later.status_code == 201

    async def test_a_restart_forgets_nothing(self, settings: Settings) -> None:
        async with limited(settings, photos_per_hour=1) as (people, _):
            consult = await people.patient.open_consult()
            await people.patient.attach(consult, make_jpeg(64))
        async with running(settings, photos_per_hour=1) as client:
            answer = await client.put(
                f"/api/consults/{consult}/photos/{uuid4()}",
                content=make_jpeg(72),
                headers={"Authorization": f"Bearer {people.patient.token}"},
            )

        refused(answer, "hour_full", wait=3600)

    async def test_the_same_photo_again_is_never_too_much(self, settings: Settings) -> None:
        limits = {"photos_per_consult": 1, "photos_per_hour": 1, "photo_bytes_per_day": 1}
        photo, photo_id = make_jpeg(), uuid4()
        async with limited(settings, **limits) as (people, _):
            consult = await people.patient.open_consult()
            answers = [
                await people.patient.put_photo(consult, photo, photo_id=photo_id) for _ in range(2)
            ]

        assert [answer.status_code for answer in answers] == [201, 200]

    async def test_many_at_once_do_not_slip_through(self, settings: Settings) -> None:
        async with limited(settings, photos_per_hour=3) as (people, backends):
            consult = await people.patient.open_consult()
            answers = await asyncio.gather(
                *(people.patient.put_photo(consult, make_jpeg(64 + n)) for n in range(12))
            )
            async with backends.database.reads() as session:
                photos = (await session.exec(select(Photo))).all()

        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 9
        assert len(photos) == 3

    async def age(self, backends: Backends, by: timedelta) -> None:
        async with backends.database.writes.begin() as session:
            await session.exec(update(Photo).values(created_at=now() - by))


class TestRoom:
    async def test_without_space_uploads_are_refused_and_reading_goes_on(
        self, settings: Settings
    ) -> None:
        async with limited(settings) as (people, _):
            consult = await people.patient.open_consult()
            photo = await people.patient.attach(consult, make_jpeg())
        async with running(settings, free_space_percent=100) as client:
            headers = {"Authorization": f"Bearer {people.patient.token}"}
            path = f"/api/photos/{photo['id']}"
            new = await client.put(
                f"/api/consults/{consult}/photos/{uuid4()}", content=make_jpeg(), headers=headers
            )
            turn = await client.post(f"{path}/turn", json={"clockwise": 90}, headers=headers)
            image = await client.get(f"{path}/image", headers=headers)
            words = await client.put(
                f"/api/consults/{consult}/messages/{uuid4()}",
                json={"body": "It hurts."},
                headers=headers,
            )

        assert (new.status_code, new.json()["code"]) == (507, "storage_full")
        assert turn.status_code == 507
        assert (image.status_code, words.status_code) == (200, 201)

    async def test_more_bytes_than_memory_is_for_are_told_to_come_back(
        self, tmp_path: Path
    ) -> None:
        with services.running(
            tmp_path / "data", CONSULT_UPLOAD_BYTES_IN_FLIGHT="2000000"
        ) as service:
            service.add_user("pat@consult.test", "patient")
            headers = {"Authorization": f"Bearer {service.token('pat@consult.test')}"}
            with httpx2.Client(base_url=service.origin, headers=headers) as http:
                consult = http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
                path = f"/api/consults/{consult}/photos/"
                with half_sent(service.port, f"{path}{uuid4()}", headers, length=1_999_000):
                    busy = http.put(f"{path}{uuid4()}", content=make_jpeg(64))
                await asyncio.sleep(0.3)
                after = http.put(f"{path}{uuid4()}", content=make_jpeg(64))

        assert (busy.status_code, busy.json()["code"]) == (503, "busy")
        assert int(busy.headers["retry-after"]) > 0
        assert after.status_code == 201

    async def test_a_long_queue_is_told_to_come_back(self, settings: Settings) -> None:
        async with limited(settings, decode_queue=1, image_threads=1) as (people, _):
            consult = await people.patient.open_consult()
            answers = await asyncio.gather(
                *(people.patient.put_photo(consult, make_jpeg(900 + n, 700)) for n in range(8))
            )

        codes = {answer.status_code for answer in answers}
        assert codes == {201, 429}
        refused(next(a for a in answers if a.status_code == 429), "queue_full", wait=10)


def refused(answer: Response, code: str, *, wait: int) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, code)
    assert 0 < int(answer.headers["retry-after"]) <= wait + 1


@asynccontextmanager
async def running(settings: Settings, **limits: Any) -> AsyncGenerator[AsyncClient]:
    """The application over what is there, under these limits."""
    own = settings.model_copy(update=limits)
    async with (
        LifespanManager(create_app(own, with_worker=False), startup_timeout=60) as manager,
        AsyncClient(transport=ASGITransport(manager.app), base_url=ORIGIN) as client,
    ):
        yield client


class half_sent:  # noqa: N801 - used as a context manager, like a function
    """An upload that has begun and does not go on."""

    def __init__(self, port: int, path: str, headers: dict[str, str], *, length: int) -> None:
        self._link = socket.create_connection(("127.0.0.1", port), timeout=10)
        lines = [f"PUT {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._link.sendall("\r\n".join([*lines, "Expect: 100-continue", "", ""]).encode())
        assert b"100 Continue" in self._link.recv(100)  # the service waits for the bytes now

    def __enter__(self) -> None:
        self._link.sendall(b"\xff\xd8\xff")

    def __exit__(self, *_: object) -> None:
        self._link.close()
