"""One service and one browser for all browser tests; each test has a consult of its own."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.needs import needs
from tests.service import Service, running
from tests.web.person import FLAGS, PHONE, Person, arrive
from tests.web.pictures import make_photo


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service") / "data") as service:
        yield service


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = needs("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


class Visitors:
    """Those who came in so far: they stay signed in from one test to the next."""

    def __init__(self, service: Service, browser: Browser) -> None:
        self.service = service
        self.browser = browser
        self.here: dict[str, Person] = {}

    def enrolled(self, name: str, role: str) -> Person:
        if name not in self.here:
            link = self.service.add_user(f"{role}@example.org", role, name)
            self.newcomer(name).enrol(link)
        person = self.here[name]
        person.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        person.page.emulate_media(color_scheme="light")
        person.go_home()
        if person.page.get_by_role("heading", name="Sign in").is_visible():
            person.sign_in()
        return person

    def newcomer(self, name: str) -> Person:
        self.here[name] = arrive(self.browser, self.service.origin, name)
        return self.here[name]


@pytest.fixture(scope="session")
def visitors(service: Service, browser: Browser) -> Visitors:
    return Visitors(service, browser)


@pytest.fixture
def patient(visitors: Visitors) -> Person:
    return visitors.enrolled("Pat Moreno", "patient")


@pytest.fixture
def specialist(visitors: Visitors) -> Person:
    return visitors.enrolled("Dr. Ada Okafor", "specialist")


@pytest.fixture
def crew(visitors: Visitors) -> Person:
    return visitors.enrolled("Medic 12", "ems")


@pytest.fixture
def coordinator(visitors: Visitors) -> Person:
    return visitors.enrolled("Robin Hale", "coordinator")


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def address(_numbers: Iterator[int]) -> str:
    """Where the mail of whoever `link` invites goes."""
    return f"new{next(_numbers)}@example.org"


@pytest.fixture
def link(service: Service, address: str) -> str:
    """An invitation that nobody has used."""
    return service.add_user(address, "patient", "Sam Newcomer")


@pytest.fixture
def newcomer(visitors: Visitors) -> Person:
    """Somebody who has no passkey yet."""
    return visitors.newcomer("Sam Newcomer")


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photo(tmp_path_factory.mktemp("photos") / "IMG_0042.jpg")


@pytest.fixture(autouse=True)
def _nothing_went_wrong_in_any_page(request: pytest.FixtureRequest) -> Iterator[None]:
    """No error in a console, no uncaught exception, no policy violation, no refused request."""
    if "browser" not in request.fixturenames:
        yield
        return
    visitors: Visitors = request.getfixturevalue("visitors")
    # They stay for the whole run: what one test left must not be what the next one finds.
    request.getfixturevalue("service").renew_the_touch()
    for person in visitors.here.values():
        person.page.context.set_offline(False)
        person.problems.clear()
        person.expected.clear()
    yield
    assert {
        name: person.problems for name, person in visitors.here.items() if person.problems
    } == {}
