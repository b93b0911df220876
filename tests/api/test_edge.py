"""What holds for every answer of every route: headers, methods, and no word from elsewhere."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from uuid import uuid4

import httpx2
import pytest
from httpx2 import AsyncClient, Response

from api.security import HEADERS, WITHOUT_CONTENT
from consult.config import Settings
from tests import service as services
from tests.api.edge import calls, methods_by_path
from tests.api.test_operations import ruin
from tests.factories import People
from tests.imaging.photos import make_jpeg

ALL = {name.lower() for name in HEADERS}
OF_CONTENT = {"content-type", "content-disposition"}
WORDS = {"TRACE", "OPTIONS", "CONNECT", "PATCH", "DELETE", "PUT", "POST", "GET", "HEAD", "BREW"}


def check_headers(answer: Response) -> None:
    wanted = ALL - OF_CONTENT if answer.status_code in WITHOUT_CONTENT else ALL
    assert set(answer.headers) >= wanted, wanted - set(answer.headers)
    names = [name.lower() for name, _ in answer.headers.multi_items()]
    assert len(names) == len(set(names)) or "set-cookie" in names


class TestHeaders:
    """HD-1. The twelve headers."""

    def test_there_are_twelve(self) -> None:
        assert len(HEADERS) == 12

    async def test_are_on_what_strangers_are_told(self, client: AsyncClient) -> None:
        for call in calls():
            check_headers(await client.request(call.method, call.path))

    async def test_are_on_what_a_person_is_told_who_sends_nonsense(self, people: People) -> None:
        for call in calls():
            answer = await people.specialist.request(call.method, call.path, content=b"{nonsense")

            check_headers(answer)
            assert answer.status_code < 500, call

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/", 200),
            ("GET", "/app.js", 200),
            ("GET", "/icons/icon.svg", 200),
            ("GET", "/manifest.webmanifest", 200),
            ("GET", "/nothing.js", 404),
            ("GET", "/api/nothing", 404),
            ("GET", "/api/me", 401),
            ("POST", "/app.js", 405),
            ("TRACE", "/livez", 405),
            ("POST", "/api/passkeys/authentication/options", 422),
        ],
    )
    async def test_are_on_files_and_on_errors(
        self, client: AsyncClient, method: str, path: str, status: int
    ) -> None:
        content = b'{"who": 1}' if method == "POST" else b""
        answer = await client.request(method, path, content=content)

        assert answer.status_code == status
        check_headers(answer)

    async def test_are_on_an_unchanged_file_and_a_large_upload_and_a_crash(
        self, client: AsyncClient, people: People, settings: Settings
    ) -> None:
        etag = (await client.get("/app.js")).headers["etag"]
        unchanged = await client.get("/app.js", headers={"If-None-Match": etag})
        consult = await people.patient.open_consult()
        large = await people.patient.put_photo(consult, bytes(settings.max_upload_bytes + 1))
        ruin(settings.database_path)
        crash = await people.patient.get("/api/consults")

        assert [answer.status_code for answer in (unchanged, large, crash)] == [304, 413, 500]
        for answer in (unchanged, large, crash):
            check_headers(answer)


PICTURE = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
RENDITIONS = {
    "image": ("image/jpeg", 'inline; filename="photo.jpg"'),
    "preview": ("image/jpeg", 'inline; filename="preview.jpg"'),
    "dicom": ("application/dicom", 'attachment; filename="photo.dcm"'),
}


class TestPhotos:
    """UP-5. A photo is shown inside our page: not run, not framed, not kept, not by another."""

    @pytest.mark.parametrize("rendition", RENDITIONS)
    async def test_has_exactly_these_headers(self, people: People, rendition: str) -> None:
        answer = await people.patient.get(await self.photo(people) + rendition)

        kind, disposition = RENDITIONS[rendition]
        wanted = PICTURE | {"content-type": kind, "content-disposition": disposition}
        assert {name: answer.headers[name] for name in wanted} == wanted
        assert set(answer.headers) == ALL | {"content-length"}

    async def test_its_certificate_is_neither_framed_nor_kept(self, people: People) -> None:
        answer = await people.patient.get(await self.photo(people) + "certificate")

        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; frame-ancestors 'none'"
        )

    async def test_is_not_opened_by_anything_else(self, people: People) -> None:
        path = await self.photo(people)
        elsewhere = [
            *({"Sec-Fetch-Dest": viewer} for viewer in ("iframe", "frame", "object", "embed")),
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        ]
        for rendition in (*RENDITIONS, "certificate"):
            for headers in elsewhere:
                answer = await people.patient.request("GET", path + rendition, headers=headers)

                assert answer.status_code == 403, (rendition, headers)
                assert answer.headers["content-type"] == "application/problem+json"

    async def test_is_no_page_of_its_own_but_may_be_saved(self, people: People) -> None:
        """A link that downloads is followed as if it led to a page."""
        path = await self.photo(people)
        link = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}

        statuses = {
            rendition: (
                await people.patient.request("GET", path + rendition, headers=link)
            ).status_code
            for rendition in (*RENDITIONS, "certificate")
        }

        assert statuses == {"image": 403, "preview": 403, "dicom": 200, "certificate": 403}

    async def test_is_shown_by_our_own_page(self, people: People) -> None:
        path = await self.photo(people)
        ours = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"}

        for rendition in (*RENDITIONS, "certificate"):
            answer = await people.patient.request("GET", path + rendition, headers=ours)
            assert answer.status_code == 200

    async def photo(self, people: People) -> str:
        consult = await people.patient.open_consult()
        photo = await people.patient.attach(consult, make_jpeg())
        return f"/api/photos/{photo['id']}/"


class TestMethods:
    """HD-2. Whatever a path does not take is refused with the methods that it does take."""

    async def test_of_every_route(self, people: People) -> None:
        for path, taken in methods_by_path().items():
            for method in sorted(WORDS - taken):
                answer = await people.specialist.request(method, path)

                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["allow"].split(", ")) == taken
                assert method == "HEAD" or answer.json()["code"] == "method_not_allowed"

    async def test_of_files(self, client: AsyncClient) -> None:
        for path in ("/app.js", "/css/base.css", "/icons/icon.svg"):
            for method in sorted(WORDS - {"GET", "HEAD"}):
                answer = await client.request(method, path)

                assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")

    async def test_what_is_not_there_takes_nothing(self, client: AsyncClient) -> None:
        for method in ("GET", "POST", "PUT"):
            answer = await client.request(method, "/api/nothing")

            assert answer.status_code == 404
            assert "allow" not in answer.headers


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


RESOURCES = (
    "/",
    "/enrol",
    "/app.js",
    "/css/base.css",
    "/icons/icon.svg",
    "/manifest.webmanifest",
    "/livez",
    "/readyz",
    "/api/openapi.json",
    "/api/me",
    "/api/consults",
    "/api/consults/{consult}",
    "/api/consults/{consult}/messages",
    "/api/photos/{photo}",
    "/api/photos/{photo}/image",
    "/api/photos/{photo}/preview",
    "/api/photos/{photo}/dicom",
    "/api/photos/{photo}/certificate",
    "/nothing/here",
    "/api/nothing",
)


class Site:
    """The service as its own process, one person in it, one photo."""

    def __init__(self, service: services.Service) -> None:
        service.add_user("pat@consult.test", "patient")
        token = service.token("pat@consult.test")
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self.http = httpx2.Client(base_url=service.origin, headers=headers)
        self.consult = self.http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
        path = f"/api/consults/{self.consult}/photos/{uuid4()}"
        self.photo = self.http.put(path, content=make_jpeg()).json()["id"]

    def ask(self, method: str, resource: str, **headers: str) -> Answer:
        path = resource.format(consult=self.consult, photo=self.photo)
        answer = self.http.request(method, path, headers=headers)
        names = [name for name, _ in answer.headers.multi_items()]
        assert len(names) == len(set(names)), names
        return Answer(answer.status_code, dict(answer.headers), answer.content)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services.running(tmp_path_factory.mktemp("edge") / "data") as service:
        site = Site(service)
        yield site
        site.http.close()


class TestWire:
    """HD-3. What a checker of HTTP would say of each resource, over a socket."""

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_says_when_what_how_long_and_how_it_varies(self, site: Site, resource: str) -> None:
        _, headers, body = site.ask("GET", resource)

        assert parsedate_to_datetime(headers["date"]).tzinfo
        assert int(headers["content-length"]) == len(body)
        assert "transfer-encoding" not in headers
        assert re.fullmatch(r"[a-z]+/[a-z+.-]+(; charset=utf-8)?", headers["content-type"])
        assert {"cookie", "authorization", "origin"} <= {
            word.strip().lower() for word in headers["vary"].split(",")
        }
        assert "server" not in headers

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_head_is_get_without_its_body(self, site: Site, resource: str) -> None:
        got, head = site.ask("GET", resource), site.ask("HEAD", resource)

        own = {"date", "x-request-id"}
        assert head.status == got.status
        assert {k: v for k, v in head.headers.items() if k not in own} == {
            k: v for k, v in got.headers.items() if k not in own
        }
        assert head.body == b""

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_only_what_anybody_may_see_is_kept_and_then_asked_for_again(
        self, site: Site, resource: str
    ) -> None:
        _, headers, _ = site.ask("GET", resource)

        file = "etag" in headers
        page = resource in ("/", "/enrol")
        assert headers["cache-control"] == ("no-cache" if file or page else "no-store")
        assert "expires" not in headers
        assert "pragma" not in headers
        if file:
            self.check_etag(site, resource, headers)

    def check_etag(self, site: Site, resource: str, headers: dict[str, str]) -> None:
        assert re.fullmatch(r'"[!#-~]+"', headers["etag"])
        known = site.ask("GET", resource, **{"If-None-Match": headers["etag"]})
        other = site.ask("GET", resource, **{"If-None-Match": '"other"'})
        assert (known.status, known.body, other.status) == (304, b"", 200)
        assert known.headers["etag"] == headers["etag"]
        assert known.headers["cache-control"] == headers["cache-control"]
        assert known.headers["vary"] == headers["vary"]

    def test_the_head_of_a_stream_ends(self, site: Site) -> None:
        answer = site.ask("HEAD", "/api/consults/{consult}/events")

        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "content-length" not in answer.headers

    def test_a_stream_says_what_it_is(self, site: Site) -> None:
        with site.http.stream("GET", f"/api/consults/{site.consult}/events") as answer:
            assert set(answer.headers) >= ALL - {"strict-transport-security"}
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
