"""What became of the patient: three taps by link, shown to those who advised."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.service import Service, start
from tests.web.person import DESK, Person, arrive
from tests.web.test_accessible import check, tab_to

SUBJECT = "Three questions to close the loop"
_CLOSE = """async (id) => {
    const { csrf_token } = await (await fetch("/api/session")).json();
    const answer = await fetch(`/api/consults/${id}/close`,
        { method: "POST", headers: { "X-CSRF-Token": csrf_token } });
    return answer.status;
}"""
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


class Story:
    """A crew asked, a specialist answered and closed, and a week went by."""

    link = ""
    """Of the mail that asks."""

    def __init__(self, service: Service, browser: Browser) -> None:
        self.browser, self.origin = browser, service.origin
        self.crew = self._comes_in(service, "Medic 12", "ems")
        self.specialist = self._comes_in(service, "Dr. Ada Okafor", "specialist")
        self.address = self.crew.ask_for_help("Flash burn, face and hands")
        self.specialist.read(self.address)
        self.specialist.say("Cool it, cover it, send him here.")
        expect(self.crew.page.get_by_text("Cool it, cover it")).to_be_visible()
        consult_id = self.address.rpartition("/")[2]
        self.crew.page.wait_for_load_state("networkidle")
        assert self.specialist.page.evaluate(_CLOSE, consult_id) == 200

    def _comes_in(self, service: Service, name: str, role: str) -> Person:
        person = arrive(self.browser, service.origin, name)
        person.enrol(service.add_user(f"{role}@example.org", role, name))
        return person


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("outcomes") / "data"
    with start(folder) as service:
        story = Story(service, browser)
        service.stop()
    with closing(sqlite3.connect(folder / "consult.db")) as database:
        long_ago = (datetime.now(UTC) - timedelta(days=8)).strftime("%Y-%m-%d %H:%M:%S.%f")
        database.execute("UPDATE consult SET closed_at = ?", (long_ago,))
        database.commit()
    with start(folder, port=service.port) as again:  # it asks for outcomes at every start
        text = again.mail_to("ems@example.org", SUBJECT)
        story.link = next(word for word in text.split() if "/outcome#t=" in word)
        yield story


@pytest.fixture
def holder(story: Story, browser: Browser) -> Person:
    return arrive(browser, story.origin, "Holder")


def fits(person: Person) -> None:
    check(person.page)
    person.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    assert person.page.evaluate(_WIDER) <= 0


def test_a_link_that_is_none_says_so(holder: Person) -> None:
    holder.page.goto(f"{holder.url}/outcome#t={'0' * 32}.bad")
    expect(holder.page.get_by_role("heading", name="This link does not work")).to_be_visible()
    fits(holder)

    holder.page.goto(f"{holder.url}/outcome")
    holder.page.reload()
    expect(holder.page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_three_taps_tell_those_who_advised(story: Story, holder: Person) -> None:
    page = holder.page
    page.goto(story.link)
    expect(page.get_by_text("1 of 3")).to_be_visible()
    assert page.evaluate("location.href") == f"{holder.url}/outcome"
    for secret in ("Flash burn", "Medic 12", "Okafor", story.address.rpartition("/")[2]):
        assert secret not in page.content()
    fits(holder)

    page.get_by_role("button", name="Clinic").click()
    expect(page.get_by_role("heading", name="How is it now?")).to_be_focused()
    page.get_by_role("button", name="One step back").click()
    tab_to(page, page.get_by_role("button", name="Burn center"))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Still healing").click()
    page.get_by_role("button", name="In part").click()

    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    fits(holder)
    page.goto(story.link)
    page.reload()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    told = story.specialist.page
    story.specialist.read(story.address)
    shown = told.locator("consult-outcome")
    expect(shown.get_by_role("heading", name="What became of the patient")).to_be_visible()
    for answer in ("Burn center", "Still healing", "In part"):
        expect(shown.get_by_text(answer)).to_be_visible()
    fits(story.specialist)
