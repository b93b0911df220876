import shutil
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from api.document import text
from api.operations import DOCUMENT
from consult.bootstrap import Backends
from consult.config import Settings
from tests.factories import People

SECURITY_HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "cache-control",
    "vary",
    "strict-transport-security",
    "x-request-id",
}


async def test_alive_and_ready(client: AsyncClient) -> None:
    live, ready = await client.get("/livez"), await client.get("/readyz")

    assert (live.status_code, ready.status_code) == (200, 200)
    assert set(ready.json()["checks"].values()) == {"ok"}


async def test_not_ready_when_photos_cannot_be_stored(
    client: AsyncClient, settings: Settings
) -> None:
    shutil.rmtree(settings.data_dir / "objects")
    (settings.data_dir / "objects").write_text("a file where the folder was")

    answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["storage"] == "failed"
    assert (await client.get("/livez")).status_code == 200


async def test_figures_are_for_an_admin(people: People) -> None:
    await people.patient.open_consult()

    answer = await people.admin.get("/metrics")

    assert answer.status_code == 200
    assert (
        'consult_requests_total{method="POST",route="/api/consults",status="201"} ' in answer.text
    )
    assert 'consult_jobs{state="todo"}' in answer.text
    for somebody in (people.patient, people.ems, people.specialist, people.coordinator):
        assert (await somebody.get("/metrics")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/livez", 200),
        ("GET", "/api/me", 401),
        ("GET", "/nothing/here", 404),
        ("GET", "/api/consults/00000000-0000-4000-8000-000000000000", 401),
        ("DELETE", "/livez", 405),
        ("TRACE", "/api/consults", 405),
        ("GET", "/api/openapi.json", 200),
    ],
)
async def test_every_answer_carries_the_security_headers(
    client: AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert set(answer.headers) >= SECURITY_HEADERS
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "code", "detail"}


async def test_a_wrong_method_is_told_the_right_ones(client: AsyncClient) -> None:
    answer = await client.request("DELETE", "/api/consults")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_a_crash_is_a_plain_problem_and_tells_nothing(
    people: People, backends: Backends
) -> None:
    consult_id = await people.patient.open_consult()
    ruin(backends.settings.database_path)

    answer = await people.patient.get(f"/api/consults/{consult_id}")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "database" not in answer.text
    assert set(answer.headers) >= SECURITY_HEADERS


def ruin(database: Path) -> None:
    database.write_bytes(b"this is no database")
    for leftover in database.parent.glob("consult.db-*"):
        leftover.unlink()


def test_the_committed_document_is_what_the_routes_say() -> None:
    assert DOCUMENT.read_text() == text(), "run `make openapi`"
