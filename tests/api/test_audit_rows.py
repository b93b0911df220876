"""Every answer about health: one row, committed before the first byte, or 503 and not a byte."""

import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient, Response
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import API_ROUTES, create_app
from api.auditing import ABOUT_HEALTH, on_record
from api.openapi import operation_of
from consult import audit
from consult.access import Action
from consult.bootstrap import Backends
from consult.config import Settings
from consult.errors import AuditUnavailable
from consult.models import AuditRow
from tests.conftest import ORIGIN
from tests.factories import People, Somebody
from tests.imaging.photos import make_jpeg
from tests.signing_in import session_of

PHOTO = make_jpeg(320, 240)
CANARY = "scalded by tea at dawn"


@dataclass
class Watch:
    """Stands before the service, and counts the rows of a request when its answer begins."""

    app: ASGIApp
    database: Path
    seen: list[tuple[str, str, int, int]] = field(default_factory=list[tuple[str, str, int, int]])
    """Method, path, status, rows that another connection could read before the first byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                request_id = dict(message["headers"])[b"x-request-id"].decode()
                rows = self.rows_of(request_id)
                self.seen.append((scope["method"], scope["path"], message["status"], rows))
            await send(message)

        await self.app(scope, receive, watched)

    def rows_of(self, request_id: str) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT count(*) FROM auditrow WHERE request_id = ?"
            try:
                return connection.execute(query, [request_id]).fetchone()[0]
            except sqlite3.OperationalError:  # a test took the table away
                return 0


@pytest.fixture
async def watch(settings: Settings) -> AsyncGenerator[Watch]:
    async with LifespanManager(create_app(settings, with_worker=False)) as manager:
        yield Watch(manager.app, settings.database_path)


@pytest.fixture
async def client(watch: Watch) -> AsyncGenerator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(watch), base_url=ORIGIN) as client:
        yield client


@dataclass(frozen=True)
class Case:
    """A consult with a photo and a message in it, and who has read nothing yet."""

    people: People
    backends: Backends
    consult_id: str
    photo_id: str

    @property
    def reads(self) -> list[str]:
        consult, photo = f"/api/consults/{self.consult_id}", f"/api/photos/{self.photo_id}"
        renditions = ("", "/image", "/preview", "/dicom", "/certificate")
        return [
            "/api/consults",
            consult,
            f"{consult}/messages",
            *(f"{photo}{rendition}" for rendition in renditions),
        ]


@pytest.fixture
async def case(people: People, backends: Backends) -> Case:
    consult_id = await people.patient.open_consult(reason=CANARY)
    photo = await people.patient.attach(consult_id, PHOTO, note=CANARY)
    await people.patient.say(consult_id, CANARY)
    return Case(people, backends, consult_id, photo["id"])


class TestRows:
    """AU-1. A row an answer, one for each deed of it, and there before the answer."""

    async def test_every_route_about_health_leaves_a_row_before_its_first_byte(
        self, case: Case, watch: Watch
    ) -> None:
        watch.seen.clear()

        await story(case)

        wrong = [seen for seen in watch.seen if seen[3] < 1 or seen[2] >= 400]
        assert wrong == []
        # Every other route, and every caller: test_authorization_matrix.
        told = Counter(route_of(method, path) for method, path, _, _ in watch.seen)
        assert len([route.name for route in routes_about_health() if told[route.name]]) >= 18

    async def test_each_answer_leaves_the_deed_and_its_rule(self, case: Case) -> None:
        for path in case.reads:
            assert (await case.people.specialist.get(path)).status_code == 200

        rows = await rows_by(case.people.specialist, case.backends)
        assert [row.action for row in rows] == [
            "consults.listed", "consult.viewed", "messages.viewed", "photo.facts.viewed",
            "photo.image.viewed", "photo.preview.viewed", "photo.dicom.viewed",
            "photo.certificate.viewed",
        ]  # fmt: skip
        patient = str(case.people.patient.user.id)
        assert {row.patient_id for row in rows[1:]} == {patient}
        assert {row.consult_id for row in rows[1:]} == {case.consult_id}
        assert {row.rule for row in rows} == {"seat_inbox"}
        assert {(row.outcome, row.purpose) for row in rows} == {("allowed", "care")}

    async def test_a_list_names_every_consult_that_it_told_of(self, case: Case) -> None:
        other = await case.people.other_patient.open_consult()

        await case.people.specialist.read("/api/consults?limit=2")

        (row,) = await rows_by(case.people.specialist, case.backends)
        assert row.consult_ids == f"{other} {case.consult_id}"

    async def test_a_row_says_where_it_came_from(self, case: Case) -> None:
        answer = await case.people.specialist.get(case.reads[1])

        (row,) = await rows_by(case.people.specialist, case.backends)
        assert row.address == "127.0.0.1"
        assert row.request_id == answer.headers["X-Request-ID"]
        assert (row.via, row.via_id is not None) == ("token", True)

    async def test_no_word_of_anybody_is_in_the_trail(self, case: Case) -> None:
        await story(case)

        async with case.backends.database.reads() as session:
            rows = (await session.exec(select(AuditRow))).all()
        text = " ".join(repr(row) for row in rows)
        assert len(rows) > 20
        for word in (CANARY, "Pat Patient", "Sol", "@consult.test"):
            assert word not in text


class TestRefusals:
    """AU-1. Who was refused is on record as well, and whoever is nobody is not."""

    async def test_the_foreign_and_the_absent_leave_a_row_each(
        self, case: Case, watch: Watch
    ) -> None:
        stranger, absent = case.people.other_patient, uuid4()
        watch.seen.clear()

        await stranger.get(f"/api/consults/{case.consult_id}")
        await stranger.get(f"/api/consults/{absent}")

        rows = await rows_by(stranger, case.backends)
        assert [(row.action, row.outcome, row.rule, row.object_id) for row in rows] == [
            ("consult.read", "refused", "stranger", case.consult_id),
            ("consult.read", "refused", "not_found", str(absent)),
        ]
        assert [(status, count) for _, _, status, count in watch.seen] == [(404, 1), (404, 1)]

    @pytest.mark.parametrize("rendition", ["", "/image", "/preview", "/dicom", "/certificate"])
    async def test_of_a_photo_too(self, case: Case, rendition: str) -> None:
        await case.people.admin.get(f"/api/photos/{case.photo_id}{rendition}")

        (row,) = await rows_by(case.people.admin, case.backends)
        assert (row.outcome, row.rule, row.object_id) == ("refused", "stranger", case.photo_id)

    async def test_a_deed_that_was_refused_names_the_rule(self, case: Case) -> None:
        close = f"/api/consults/{case.consult_id}/close"
        await case.people.patient.request("POST", close)
        await case.people.specialist.say(case.consult_id, "All well.")
        await case.people.specialist.close(case.consult_id)
        await case.people.patient.put_message(case.consult_id, body="Late")

        rows = await rows_by(case.people.patient, case.backends)
        refused = [(row.action, row.rule) for row in rows if row.outcome == "refused"]
        assert refused == [("consult.close", "not_in_role"), ("message.post", "closed")]

    async def test_a_picture_asked_for_by_another_page_is_a_refusal(self, case: Case) -> None:
        await case.people.patient.request(
            "GET", f"/api/photos/{case.photo_id}/image", headers={"Sec-Fetch-Site": "cross-site"}
        )

        rows = await rows_by(case.people.patient, case.backends)
        assert (rows[-1].action, rows[-1].rule) == ("image.read", "shown_elsewhere")

    async def test_whoever_is_not_signed_in_leaves_nothing(
        self, case: Case, client: AsyncClient
    ) -> None:
        before = await count(case.backends)

        for path in case.reads:
            assert (await client.get(path)).status_code == 401

        assert await count(case.backends) == before


class TestNoRowNoByte:
    """AU-1. When the trail cannot be written, nothing is shown and nothing happens."""

    async def test_every_read_is_503_and_says_nothing(self, case: Case, settings: Settings) -> None:
        paths = [*case.reads, f"/api/consults/{case.consult_id}/events"]
        with full(settings):
            answers = [await case.people.specialist.get(path) for path in paths]

        for path, answer in zip(paths, answers, strict=True):
            assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable"), path
            assert CANARY not in answer.text
            assert b"\xff\xd8" not in answer.content
        assert (await case.people.specialist.get(case.reads[1])).status_code == 200

    async def test_a_trail_that_is_not_there_at_all_is_no_different(
        self, case: Case, settings: Settings
    ) -> None:
        change(settings, "ALTER TABLE auditrow RENAME TO elsewhere")

        answer = await case.people.specialist.get(f"/api/photos/{case.photo_id}/image")

        assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")

    async def test_a_deed_that_cannot_be_recorded_does_not_happen(
        self, case: Case, settings: Settings
    ) -> None:
        message_id = str(uuid4())
        with full(settings):
            said = await case.people.patient.put_message(
                case.consult_id, message_id=message_id, body="Anybody?"
            )
            sent = await case.people.patient.put_photo(case.consult_id, PHOTO)

        assert (said.status_code, sent.status_code) == (503, 503)
        page = await case.people.patient.read(f"/api/consults/{case.consult_id}/messages")
        assert [message["body"] for message in page["items"]] == [CANARY]

    async def test_a_refusal_that_cannot_be_recorded_tells_nothing_apart(
        self, case: Case, settings: Settings
    ) -> None:
        with full(settings):
            answers = [
                await case.people.other_patient.get(f"/api/consults/{consult_id}")
                for consult_id in (case.consult_id, uuid4())
            ]

        assert [answer.status_code for answer in answers] == [503, 503]
        assert answers[0].json() == answers[1].json()

    async def test_a_handler_that_forgets_its_row_shows_nothing(self) -> None:
        async def forgetful(_: Any) -> Response:
            return JSONResponse({"reason": CANARY})  # pyright: ignore[reportReturnType]

        audit.begin_occasion(address="", request_id="")
        request = Request({"type": "http", "state": {}})

        with pytest.raises(AuditUnavailable):
            await on_record(Action.CONSULT_READ, forgetful)(request)  # pyright: ignore[reportArgumentType]
        await on_record(Action.ACCOUNT_READ, forgetful)(request)  # pyright: ignore[reportArgumentType]


async def story(case: Case) -> None:
    """Every route about health once or more, the repeats that a phone makes among them."""
    patient, specialist = case.people.patient, case.people.specialist
    consult = f"/api/consults/{case.consult_id}"
    wish = {"id": str(uuid4()), "kind": "follow_up"}
    said, sent, turned = (str(uuid4()) for _ in range(3))
    for _ in range(2):
        await patient.request("POST", "/api/consults", json=wish)
        await patient.put_message(wish["id"], message_id=said, body="Hello?")
        await patient.put_photo(wish["id"], PHOTO, photo_id=sent)
        await patient.request(
            "POST", f"/api/photos/{sent}/turn", json={"clockwise": 90, "id": turned}
        )
    for path in case.reads:
        await specialist.get(path)
    await patient.request("PUT", f"{consult}/read", json={"seq": 1})
    await patient.get(f"{consult}/readers")
    await signed_in(case, patient, "/api/me/disclosures")
    await signed_in(case, case.people.admin, "/api/audit")
    await follow(case, specialist, consult)
    await specialist.say(case.consult_id, "All well.")
    await specialist.close(case.consult_id)


async def signed_in(case: Case, somebody: Somebody, path: str) -> Response:
    headers = await session_of(case.backends, somebody)
    return await somebody.client.get(path, headers=headers)


async def follow(case: Case, somebody: Somebody, consult: str) -> None:
    """Open an event stream and go away after its first words."""
    transport = somebody.client._transport
    assert isinstance(transport, ASGITransport)
    headers = [(b"authorization", f"Bearer {somebody.token}".encode()), (b"host", b"consult.test")]
    scope = {
        "type": "http", "method": "GET", "path": f"{consult}/events", "raw_path": b"",
        "query_string": b"", "headers": headers, "scheme": "https", "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("consult.test", 443), "http_version": "1.1",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
    }  # fmt: skip

    class Gone(OSError):
        pass

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise Gone

    await transport.app(scope, receive, send)


def routes_about_health() -> list[Route]:
    return [
        route
        for route in API_ROUTES
        if isinstance(route, Route) and (op := operation_of(route)) and op.action in ABOUT_HEALTH
    ]


def route_of(method: str, path: str) -> str | None:
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    names = (r.name for r in routes_about_health() if r.matches(scope)[0] is Match.FULL)
    return next(names, None)


async def rows_by(somebody: Somebody, backends: Backends) -> list[AuditRow]:
    async with backends.database.reads() as session:
        query = select(AuditRow).where(AuditRow.actor_id == str(somebody.user.id))
        return list((await session.exec(query.order_by(col(AuditRow.seq)))).all())


async def count(backends: Backends) -> int:
    async with backends.database.reads() as session:
        return await audit.newest_seq(session)


class full:  # noqa: N801 - reads as the context manager that it is
    """The table takes no more rows, as on a full disk."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> None:
        change(
            self.settings,
            "CREATE TRIGGER auditrow_full BEFORE INSERT ON auditrow "
            "BEGIN SELECT RAISE(ABORT, 'full'); END",
        )

    def __exit__(self, *_: object) -> None:
        change(self.settings, "DROP TRIGGER auditrow_full")


def change(settings: Settings, sql: str) -> None:
    with closing(sqlite3.connect(settings.database_path)) as connection, connection:
        connection.execute(sql)
