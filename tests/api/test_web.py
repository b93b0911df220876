import re
from posixpath import dirname, join, normpath

import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from api.auth import COOKIE
from api.shell import STATIC
from consult.config import Settings

SOME_ID = "0486bbbf-ea82-41ca-87a7-c7b0a3ce5325"
DOORS = ("/enrol", "/device", "/recover", "/send", "/outcome")
ROOMS = (
    *("/", "/account", "/people", "/reviews", "/emergencies", "/figures", "/roster"),
    *(f"/consults/{SOME_ID}", f"/patients/{SOME_ID}"),
)
NAMED = re.compile(r'(?:href|src)="(/shell/[^"]+)"')


@pytest.mark.parametrize("path", [*DOORS, *ROOMS])
async def test_every_address_a_person_can_have_open_is_the_page(
    client: AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]


async def test_the_page_names_the_emergency_number_of_the_service(settings: Settings) -> None:
    own = settings.model_copy(update={"emergency_number": "112"})
    async with (
        LifespanManager(create_app(own, with_worker=False), startup_timeout=60) as manager,
        AsyncClient(transport=ASGITransport(manager.app), base_url=own.public_url) as client,
    ):
        page = (await client.get("/")).text

    assert '<meta name="consult-emergency-number" content="112">' in page
    assert "911" not in page


class TestTheShell:
    """What the page is made of: fetched once, in as few turns as there can be, and never mixed."""

    async def test_what_the_page_names_is_kept_for_ever(self, client: AsyncClient) -> None:
        named = NAMED.findall((await client.get("/")).text)

        assert len(named) > 15
        for address in named:
            answer = await client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"

    async def test_every_module_that_a_screen_needs_is_named_in_its_page(
        self, client: AsyncClient
    ) -> None:
        unknown = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")}
        signed_in = {"Cookie": f"{COOKIE}=whoever"}
        for path, headers in [("/", {}), *((path, signed_in) for path in (*DOORS, *ROOMS))]:
            page = (await client.get(path, headers=headers)).text
            named = set(re.findall(r'modulepreload" href="/shell/[0-9a-f]+/([^"]+)"', page))
            needed = {other for name in named for other in imports_of(name)}

            assert needed <= named, path
            unknown -= named

        assert unknown == {
            "elements/device-door.js",  # only the tablet itself knows that it is one
            "elements/way-back.js",  # shown once, after the first sign-in
        }

    async def test_a_stranger_does_not_fetch_what_is_for_those_who_signed_in(
        self, client: AsyncClient
    ) -> None:
        page = (await client.get("/")).text

        assert "elements/sign-in.js" in page
        assert "consult-desk" not in "".join(NAMED.findall(page))

    async def test_all_styles_are_one_file_in_the_order_of_the_page(
        self, client: AsyncClient
    ) -> None:
        linked = re.findall(r'stylesheet" href="/([^"]+)"', (STATIC / "index.html").read_text())
        page = (await client.get("/")).text

        (address,) = re.findall(r'stylesheet" href="([^"]+)"', page)
        written = (await client.get(address)).text

        assert written == "".join((STATIC / name).read_text() for name in linked)

    async def test_the_files_are_as_they_lie_packed_or_not(self, client: AsyncClient) -> None:
        lying = (STATIC / "app.js").read_bytes()
        for coding in ("gzip", "identity"):
            answer = await client.get("/app.js", headers={"Accept-Encoding": coding})

            assert answer.content == lying
            assert answer.headers.get("content-encoding", "identity") == coding
            assert "Accept-Encoding" in answer.headers["vary"]

    async def test_a_file_of_another_version_is_not_there(self, client: AsyncClient) -> None:
        assert (await client.get("/shell/0123456789abcdef/app.js")).status_code == 404

    @pytest.mark.parametrize("path", ["/", "/app.js"])
    async def test_elsewhere_the_browser_asks_for_news_each_time(
        self, client: AsyncClient, path: str
    ) -> None:
        answer = await client.get(path)

        assert answer.headers["cache-control"] == "no-cache"
        again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    async def test_an_unchanged_page_keeps_its_policy(self, client: AsyncClient) -> None:
        """What 304 says takes the place of what the browser has: no policy would be a lesser one."""
        answer = await client.get("/")

        again = await client.get("/", headers={"If-None-Match": answer.headers["etag"]})

        policy = "content-security-policy"
        assert again.headers[policy] == answer.headers[policy]


def imports_of(name: str) -> set[str]:
    """The modules of the page that `name` imports."""
    lines = re.findall(
        r'^(?:import|export|}).*"(\.[^"]+)";$', (STATIC / name).read_text(), re.MULTILINE
    )
    return {normpath(join(dirname(name), line)) for line in lines}


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/css", "/none.js"]
)
async def test_nothing_outside_the_page_is_served(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
