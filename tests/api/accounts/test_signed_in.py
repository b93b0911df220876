"""Where somebody is signed in, as they see it and as others end it."""

import pytest

from api.accounts.browsers import device_words

from .people import Person, Service, a_person

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Mobile Safari/537.36"
)
EDGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0"
)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        (CHROME, "Chrome on Android"),
        (EDGE, "Edge on macOS"),
        ("curl/8.0 <script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_device_is_told_in_our_own_words(user_agent: str, words: str) -> None:
    assert device_words(user_agent) == words


async def test_everywhere_is_listed_with_its_device_and_the_current_one_marked(
    enrolled: Person,
) -> None:
    other = elsewhere(enrolled, FIREFOX)
    async with other.client:
        await other.sign_in()
        listed = await sessions_of(other)

    assert [(each["device"], each["current"]) for each in listed] == [
        ("Firefox on Windows", True),
        ("A browser", False),
    ]
    assert set(listed[0]) == {"id", "device", "created_at", "seen_at", "current"}


async def test_one_is_ended_and_the_others_go_on(enrolled: Person) -> None:
    other = elsewhere(enrolled, FIREFOX)
    async with other.client:
        await other.sign_in()
        (ended,) = [each for each in await sessions_of(enrolled) if not each["current"]]
        response = await enrolled.call("DELETE", f"/api/sessions/{ended['id']}")

        assert response.status_code == 204
        assert (await other.client.get("/api/me")).status_code == 401
    assert len(await sessions_of(enrolled)) == 1


async def test_all_others_are_ended_at_once(enrolled: Person) -> None:
    others = [elsewhere(enrolled, user_agent) for user_agent in (FIREFOX, SAFARI)]
    for other in others:
        await other.sign_in()

    response = await enrolled.call("DELETE", "/api/sessions")

    assert response.status_code == 204
    for other in others:
        assert (await other.client.get("/api/me")).status_code == 401
        await other.client.aclose()
    assert [each["current"] for each in await sessions_of(enrolled)] == [True]


async def test_ending_the_current_one_is_signing_out(enrolled: Person) -> None:
    (current,) = await sessions_of(enrolled)

    response = await enrolled.call("DELETE", f"/api/sessions/{current['id']}")

    assert response.headers["clear-site-data"] == '"cache","cookies"'
    assert (await enrolled.client.get("/api/me")).status_code == 401


async def test_nobody_ends_that_of_somebody_else(service: Service, enrolled: Person) -> None:
    (mine,) = await sessions_of(enrolled)
    async with a_person(service) as eve:
        await eve.enrol()
        response = await eve.call("DELETE", f"/api/sessions/{mine['id']}")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert (await enrolled.client.get("/api/me")).status_code == 200


async def test_a_coordinator_signs_somebody_out_everywhere(
    coordinator: Person, enrolled: Person
) -> None:
    response = await coordinator.call("DELETE", f"/api/users/{enrolled.user.id}/sessions")

    assert response.status_code == 204
    assert (await enrolled.client.get("/api/me")).status_code == 401


async def test_but_not_an_administrator(coordinator: Person, admin: Person) -> None:
    response = await coordinator.call("DELETE", f"/api/users/{admin.user.id}/sessions")

    assert response.status_code == 403
    assert (await admin.client.get("/api/me")).status_code == 200


def elsewhere(person: Person, user_agent: str) -> Person:
    """The same person with the same passkey, in another browser."""
    client = person.service.client()
    client.headers["User-Agent"] = user_agent
    return Person(person.service, client, person.user, person.authenticator)


async def sessions_of(person: Person) -> list[dict[str, object]]:
    return (await person.client.get("/api/sessions")).json()["sessions"]
