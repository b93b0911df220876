from datetime import datetime, timedelta
from http.cookies import SimpleCookie

from sqlmodel import select

from api.auth import COOKIE, actor_of
from consult.models import LoginSession, now
from tests.authenticator import decode

from .people import (
    Person,
    deactivate,
    make_token,
    own_page,
    request_of,
)


class TestSession:
    async def test_the_cookie_is_opaque_and_bound_as_tightly_as_browsers_can(
        self, ana: Person
    ) -> None:
        """SE-1."""
        response = await ana.enrol()

        (header,) = response.headers.get_list("set-cookie")
        name, _, rest = header.partition("=")
        value, *attributes = rest.split("; ")
        assert name == "__Host-session"
        assert len(decode(value)) == 32
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
        assert response.headers["cache-control"] == "no-store"

    async def test_the_database_does_not_hold_it(self, enrolled: Person) -> None:
        """SE-1."""
        async with enrolled.service.backends.database.reads() as session:
            query = select(LoginSession).where(LoginSession.user_id == enrolled.user.id)
            row = (await session.exec(query)).one()
        assert enrolled.token().encode() not in row.token_hash
        assert len(row.token_hash) == 32

    async def test_two_session_cookies_are_refused(self, enrolled: Person) -> None:
        """SE-1."""
        mine = enrolled.token()
        enrolled.client.cookies.clear()

        for cookies in (f"{COOKIE}={mine}; {COOKIE}=planted", f"{COOKIE}=planted;{COOKIE} ={mine}"):
            response = await enrolled.client.get("/api/me", headers={"Cookie": cookies})
            assert (response.status_code, response.json()["code"]) == (400, "two_cookies")

    async def test_signing_out_ends_it_and_clears_the_browser_but_not_what_waits_to_be_sent(
        self, enrolled: Person
    ) -> None:
        """SE-6."""
        secret = enrolled.token()

        response = await enrolled.client.delete("/api/session", headers=own_page(enrolled))

        assert response.status_code == 204
        assert response.headers["clear-site-data"] == '"cache","cookies"'
        cookie = SimpleCookie(response.headers["set-cookie"])[COOKIE]
        assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/")
        stale = await enrolled.client.get("/api/session", headers={"Cookie": f"{COOKIE}={secret}"})
        assert stale.status_code == 401

    async def test_nobody_is_signed_in_without_a_cookie(self, ana: Person) -> None:
        for path in ("/api/session", "/api/me"):
            response = await ana.client.get(path)
            assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")
            assert response.headers["content-type"] == "application/problem+json"

    async def test_idleness_ends_it(self, enrolled: Person) -> None:
        """SE-3."""
        await age(enrolled, seen=timedelta(minutes=15))

        assert (await enrolled.client.get("/api/session")).status_code == 401

    async def test_asking_keeps_it_alive_and_the_answer_says_so(self, enrolled: Person) -> None:
        await age(enrolled, seen=timedelta(minutes=14))

        first = (await enrolled.client.get("/api/session")).json()
        await age(enrolled, seen=timedelta(seconds=30))
        before = await seen_at(enrolled)
        second = await enrolled.client.get("/api/me")

        idle_expires_at = datetime.fromisoformat(first["idle_expires_at"])
        assert timedelta(minutes=14) < idle_expires_at - now() <= timedelta(minutes=15)
        assert second.status_code == 200
        assert await seen_at(enrolled) == before

    async def test_a_stream_does_not_keep_it_alive(self, enrolled: Person) -> None:
        """SE-3."""
        await age(enrolled, seen=timedelta(minutes=14))
        before = await seen_at(enrolled)

        request = request_of(enrolled, {"Cookie": f"{COOKIE}={enrolled.token()}"})
        actor = await actor_of(request, touch=False)

        assert actor.user_id == enrolled.user.id
        assert await seen_at(enrolled) == before
        await actor_of(request)
        assert await seen_at(enrolled) != before

    async def test_somebody_inactive_is_out_at_once(self, enrolled: Person) -> None:
        """SE-5."""
        bearer = await make_token(enrolled)
        await deactivate(enrolled)

        assert (await enrolled.client.get("/api/me")).status_code == 401
        async with enrolled.service.client() as client:
            assert (await client.get("/api/me", headers=bearer)).status_code == 401


async def age(person: Person, *, seen: timedelta) -> None:
    """Make it so long ago that anybody was there."""
    async with person.service.backends.database.writes.begin() as session:
        query = select(LoginSession).where(LoginSession.user_id == person.user.id)
        (await session.exec(query)).one().seen_at = now() - seen


async def seen_at(person: Person) -> object:
    async with person.service.backends.database.reads() as session:
        query = select(LoginSession).where(LoginSession.user_id == person.user.id)
        return (await session.exec(query)).one().seen_at
