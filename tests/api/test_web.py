import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from consult.config import Settings

SOME_ID = "0486bbbf-ea82-41ca-87a7-c7b0a3ce5325"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/enrol",
            "/device",
            "/recover",
            "/account",
            "/people",
            "/reviews",
            "/emergencies",
            "/figures",
            "/roster",
            "/send",
            "/outcome",
        ),
        *(f"/consults/{SOME_ID}", f"/patients/{SOME_ID}"),
    ],
)
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


async def test_modules_are_checked_for_news_each_time(client: AsyncClient) -> None:
    answer = await client.get("/app.js")

    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"]
    again = await client.get("/app.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/css", "/none.js"]
)
async def test_nothing_outside_the_page_is_served(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
