"""The service as its own process: what a mail scanner does, and how fast somebody is shut out."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from tests import service as services
from tests.api.test_events import OPEN, Stream
from tests.authenticator import Authenticator
from tests.service import ROOT, Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with services.running(tmp_path_factory.mktemp("socket") / "data") as service:
        yield service


class Browser:
    """Somebody with a passkey; the Secure cookie is carried by hand, as there is no TLS here."""

    def __init__(self, service: Service, link: str) -> None:
        self.http = httpx2.Client(base_url=service.origin, timeout=30)
        self.token = link.partition("#t=")[2]
        self.authenticator = Authenticator(service.origin)
        self.headers: dict[str, str] = {}

    def options(self, **more: Any) -> httpx2.Response:
        return self.http.post(
            "/api/passkeys/registration/options", json={"token": self.token}, **more
        )

    def enrol(self) -> httpx2.Response:
        credential = self.authenticator.create(self.options().json())
        body = {"token": self.token, "credential": credential}
        response = self.http.post("/api/passkeys/registration", json=body)
        cookie = response.headers.get("set-cookie", "").partition(";")[0]
        self.headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
        self.http.cookies.clear()
        if response.is_success:
            self.headers["X-CSRF-Token"] = response.json()["csrf_token"]
        return response

    def me(self) -> int:
        return self.http.get("/api/me", headers=self.headers).status_code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()


class TestAMailScanner:
    """ID-5. It opens every link, runs what is there, and uses nothing up."""

    def test_it_may_come_a_hundred_times(self, service: Service) -> None:
        with Browser(service, service.add_user("ana@example.org", "patient")) as browser:
            for _ in range(100):
                for method in ("GET", "HEAD"):
                    browser.http.request(method, "/enrol")
                    browser.http.request(method, f"/enrol?t={browser.token}")
                    browser.http.request(method, "/api/passkeys/registration/options")
                    browser.http.request(method, "/api/passkeys/registration")
                assert browser.options().status_code == 200

            assert browser.enrol().status_code == 201
            assert browser.options().status_code == 400


class TestShuttingSomebodyOut:
    """SE-5. Within a second, by the command line of another process or over HTTP."""

    def test_by_the_command_line(self, service: Service) -> None:
        with Browser(service, service.add_user("eve@example.org", "ems")) as eve:
            eve.enrol()
            bearer = {"Authorization": f"Bearer {service.token('eve@example.org')}"}
            stream = follow(service, bearer)
            listed = service.command("user", "list")
            assert any("eve@example.org" in line and "active" in line for line in listed)

            with shutting_out(service, "eve@example.org") as written_down:
                assert stream.next() == ("", "bye")
                assert time.monotonic() - written_down <= 1

            assert eve.me() == 401
            assert httpx2.get(f"{service.origin}/api/me", headers=bearer).status_code == 401

    def test_over_http(self, service: Service) -> None:
        link = service.add_user("mal@example.org", "ems")
        with (
            Browser(service, link) as mal,
            Browser(service, service.add_user("ada@example.org", "admin")) as admin,
        ):
            user_id = mal.enrol().json()["user"]["id"]
            admin.enrol()
            bearer = {"Authorization": f"Bearer {service.token('mal@example.org')}"}
            stream = follow(service, bearer)

            started = time.monotonic()
            response = admin.http.post(f"/api/users/{user_id}/disable", headers=admin.headers)

            assert response.status_code == 204
            assert stream.next() == ("", "bye")
            assert time.monotonic() - started <= 1
            assert mal.me() == 401

    def test_a_token_that_is_revoked_ends_its_streams(self, service: Service) -> None:
        service.add_user("tom@example.org", "ems")
        bearer = {"Authorization": f"Bearer {service.token('tom@example.org')}"}
        stream = follow(service, bearer)
        (token_id,) = [
            line.split()[0]
            for line in service.command("token", "list")
            if "tom@example.org" in line
        ]

        service.command("token", "revoke", token_id)

        assert stream.next() == ("", "bye")


def follow(service: Service, headers: dict[str, str]) -> Stream:
    """Open a consult, and the stream of what happens in it."""
    http = httpx2.Client(base_url=service.origin, headers=headers, timeout=30)
    OPEN.append(http)
    consult_id = http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
    return Stream(http, f"/api/consults/{consult_id}/events", None)


@contextmanager
def shutting_out(service: Service, email: str) -> Generator[float]:
    """When the command had written it down: it says so at once, and then takes its leave."""
    command = [sys.executable, "-m", "api", "user", "disable", "--email", email]
    with subprocess.Popen(
        command, cwd=Path(ROOT), env=service.environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stdout.readline().startswith("Shut out")
        yield time.monotonic()
