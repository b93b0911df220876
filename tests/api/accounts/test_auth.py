from uuid import UUID

import pytest

from api.auth import actor_of
from consult.models import ApiToken
from tests.api.edge import calls, unsafe_calls

from .people import (
    ORIGIN,
    Person,
    Service,
    a_person,
    make_token,
    own_page,
    request_of,
)

# From the routes themselves: whoever adds one adds it here.
UNSAFE = tuple(
    (call.path, call.method) for call in unsafe_calls() if call.auth and not call.by_link
)
BEFORE_A_SESSION = tuple((call.path, call.method) for call in unsafe_calls() if not call.auth)


class TestBearer:
    async def test_a_token_is_its_user(self, ana: Person) -> None:
        response = await ana.client.get("/api/me", headers=await make_token(ana))

        assert response.json()["id"] == str(ana.user.id)

    async def test_its_use_is_noted_but_not_that_a_stream_goes_on(self, ana: Person) -> None:
        headers = await make_token(ana)
        token_id = UUID(headers["Authorization"].split("_")[1])

        for touch, used in ((False, False), (True, True)):
            await actor_of(request_of(ana, headers), touch=touch)
            async with ana.service.backends.database.reads() as session:
                token = await session.get_one(ApiToken, token_id)
            assert bool(token.used_at) is used

    async def test_a_token_has_no_session(self, ana: Person) -> None:
        headers = await make_token(ana)

        assert (await ana.client.get("/api/session", headers=headers)).status_code == 401
        assert (await ana.client.delete("/api/session", headers=headers)).status_code == 401

    async def test_a_cookie_and_a_token_at_once_are_refused(self, enrolled: Person) -> None:
        """CS-2. On every route that asks who is there."""
        headers = await make_token(enrolled) | own_page(enrolled)
        asked = [
            call
            for call in calls()
            if call.auth and not call.by_link and call.template.startswith("/api/")
        ]
        for call in asked:
            response = await enrolled.client.request(call.method, call.path, headers=headers)

            assert response.status_code == 400, call
            if call.method != "HEAD":
                assert response.json()["code"] == "two_credentials", call
        assert len(asked) > 20

    async def test_two_tokens_at_once_are_refused(self, ana: Person) -> None:
        (pair,) = (await make_token(ana)).items()

        response = await ana.client.get("/api/me", headers=[pair, pair])

        assert (response.status_code, response.json()["code"]) == (400, "two_credentials")

    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Basic YTpi", "bct_"])
    async def test_whatever_is_no_token_is_refused(self, ana: Person, value: str) -> None:
        response = await ana.client.get("/api/me", headers={"Authorization": value})

        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"

    async def test_a_token_in_any_other_scheme_is_refused(self, ana: Person) -> None:
        secret = (await make_token(ana))["Authorization"].removeprefix("Bearer ")

        for scheme, status in (("Basic", 401), ("Token", 401), ("bearer", 200)):
            headers = {"Authorization": f"{scheme} {secret}"}
            assert (await ana.client.get("/api/me", headers=headers)).status_code == status

    async def test_a_token_needs_no_proof_of_its_page(self, ana: Person) -> None:
        response = await ana.client.post(
            "/api/consults", json={"kind": "follow_up"}, headers=await make_token(ana)
        )

        assert response.status_code == 201


class TestForgery:
    """CS-3. What another page can make this browser send changes nothing, on any route."""

    def test_no_route_is_left_out(self) -> None:
        assert len(UNSAFE) >= 7
        assert len(BEFORE_A_SESSION) >= 4

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    async def test_our_own_page_is_heard(self, enrolled: Person, method: str) -> None:
        response = await enrolled.client.request(method, "/api/session", headers=own_page(enrolled))

        assert response.status_code == (204 if method == "DELETE" else 405)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
            {"Origin": "https://evil.example"},
            {"Origin": f"{ORIGIN}:8443"},
            {"Origin": "http://consult.test"},
            {"Origin": f"{ORIGIN}.evil.example"},
            {"Origin": "null"},
        ],
        ids=str,
    )
    async def test_another_page_is_refused_even_with_the_token(
        self, enrolled: Person, headers: dict[str, str]
    ) -> None:
        for path, method in UNSAFE:
            response = await enrolled.client.request(
                method, path, headers=headers | {"X-CSRF-Token": enrolled.csrf}
            )
            assert (response.status_code, response.json()["code"]) == (403, "csrf_refused")
        assert (await enrolled.client.get("/api/session")).status_code == 200

    @pytest.mark.parametrize("token", [None, b"", b"0" * 64, b"\xff"])
    async def test_our_own_page_without_its_token_is_refused(
        self, enrolled: Person, token: bytes | None
    ) -> None:
        headers = {b"Sec-Fetch-Site": b"same-origin"}
        headers |= {} if token is None else {b"X-CSRF-Token": token}
        for path, method in UNSAFE:
            response = await enrolled.client.request(method, path, headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "csrf_refused")
        assert (await enrolled.client.get("/api/session")).status_code == 200

    async def test_the_token_of_another_session_is_refused(
        self, service: Service, enrolled: Person
    ) -> None:
        async with a_person(service) as eve:
            await eve.enrol()
            response = await enrolled.client.delete("/api/session", headers=own_page(eve))

        assert response.status_code == 403

    async def test_an_old_browser_is_known_by_its_origin(self, enrolled: Person) -> None:
        response = await enrolled.client.delete(
            "/api/session", headers={"Origin": ORIGIN, "X-CSRF-Token": enrolled.csrf}
        )

        assert response.status_code == 204

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "Text/Plain; charset=utf-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ],
    )
    async def test_what_a_form_can_send_is_refused(
        self, enrolled: Person, content_type: str
    ) -> None:
        headers = own_page(enrolled) | {"Content-Type": content_type}
        for path, method in (*UNSAFE, *BEFORE_A_SESSION):
            response = await enrolled.client.request(method, path, headers=headers, content="{}")
            assert response.status_code == 415

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
            {"Origin": "https://evil.example"},
        ],
        ids=str,
    )
    async def test_nobody_is_signed_in_or_enrolled_by_another_page(
        self, ana: Person, headers: dict[str, str]
    ) -> None:
        for path, method in BEFORE_A_SESSION:
            response = await ana.client.request(method, path, json={}, headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "csrf_refused")
