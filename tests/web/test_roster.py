"""What is asked first, who is on duty, and what one is sent."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from consult.clinical.red_flags import SHOWN
from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import DESK, Person
from tests.web.test_accessible import check

STATIC = Path(__file__).parents[2] / "static"
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def colleague(visitors: Visitors, service: Service) -> Person:
    """A second specialist."""
    name = "Dr. Ben Roth"
    if name not in visitors.here:
        link = service.add_user("ben@example.org", "specialist", name)
        visitors.newcomer(name).enrol(link)
    return visitors.here[name]


def test_the_page_asks_what_the_service_knows_as_emergencies() -> None:
    page = (STATIC / "lib" / "emergencies.js").read_text()

    asked = dict(re.findall(r'code: "(\w+)", words: "([^"]+)"', page))

    assert asked == {flag.value: words for flag, words in SHOWN.items()}


def test_a_yes_stops_everything_and_shows_whom_to_call(patient: Person) -> None:
    page = patient.page
    page.get_by_role("button", name="Ask for help").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("What happened?")).to_be_hidden()
    check(page)

    dialog.get_by_label("Trouble breathing").check()

    call = dialog.locator("red-flags").get_by_role("link", name="Call 911")
    expect(call).to_have_attribute("href", "tel:911")
    expect(dialog.get_by_role("alert")).to_have_text("This is an emergency. Call right now.")
    expect(dialog.get_by_role("button", name="None of these")).to_be_hidden()
    check(page)

    dialog.get_by_role("button", name="Tell the burn team too").click()

    card = page.locator("consult-clock")
    expect(card.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    expect(page.locator(".asked")).to_contain_text("Trouble breathing")
    check(page)


def test_a_wrong_press_is_taken_back(patient: Person) -> None:
    patient.page.get_by_role("button", name="Ask for help").click()
    dialog = patient.page.get_by_role("dialog")
    dialog.get_by_label("Pregnant").check()
    dialog.get_by_label("Pregnant").uncheck()

    dialog.get_by_role("button", name="None of these").click()

    expect(dialog.get_by_label("What happened?")).to_be_visible()
    expect(dialog.get_by_label("Look at my burn or wound")).to_be_focused()
    patient.page.keyboard.press("Escape")


def test_nobody_but_a_patient_is_asked(crew: Person) -> None:
    crew.page.get_by_role("button", name="New consult").click()

    expect(crew.page.get_by_role("dialog").get_by_label("What happened?")).to_be_visible()
    expect(crew.page.get_by_role("button", name="None of these")).to_be_hidden()
    crew.page.keyboard.press("Escape")


def test_a_coordinator_fills_a_gap_and_opens_it_again(
    coordinator: Person, specialist: Person
) -> None:
    page = coordinator.page
    page.get_by_role("link", name="On duty", exact=True).click()
    expect(page.get_by_role("heading", name="On duty", exact=True)).to_be_focused()
    expect(gaps(page)).to_contain_text("First on duty the whole week")
    expect(right_now(page)).to_contain_text("Nobody")
    fits(coordinator)

    put_on_duty(page, specialist.name)

    expect(right_now(page)).to_contain_text(specialist.name)
    expect(gaps(page)).not_to_contain_text("First on duty the whole week")
    expect(gaps(page)).to_contain_text("Backup the whole week")
    fits(coordinator)
    specialist.page.goto(f"{specialist.url}/roster")
    expect(right_now(specialist.page)).to_contain_text(specialist.name)
    expect(specialist.page.get_by_role("button", name="Add a shift")).to_be_hidden()
    expect(specialist.page.get_by_role("button", name=re.compile("^Remove "))).to_have_count(0)

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Remove {specialist.name}").first.click()

    expect(right_now(page)).not_to_contain_text(specialist.name)
    expect(gaps(page)).to_contain_text("First on duty the whole week")


def test_a_colleague_without_a_shift_is_asked_to_take_over_and_does(
    coordinator: Person, specialist: Person, colleague: Person
) -> None:
    coordinator.page.goto(f"{coordinator.url}/roster")
    put_on_duty(coordinator.page, specialist.name)
    expect(right_now(coordinator.page)).to_contain_text(specialist.name)
    page = specialist.page
    page.goto(f"{specialist.url}/roster")
    page.get_by_label("Who takes over what you have?").select_option(colleague.name)

    page.get_by_role("button", name="Ask to take over").click()

    expect(page.get_by_text(f"You asked {colleague.name} to take over")).to_be_visible()
    expect(page.get_by_role("button", name="Ask to take over")).to_be_hidden()
    fits(specialist)
    colleague.page.goto(f"{colleague.url}/roster")
    asked = colleague.page.get_by_text(f"{specialist.name} asks you to take over")
    expect(asked).to_be_visible()
    fits(colleague)

    colleague.page.get_by_role("button", name="I take over").click()

    expect(asked).to_be_hidden()
    first = right_now(colleague.page).locator("div").filter(has_text="First on duty")
    expect(first).to_contain_text(colleague.name)


def test_a_patient_finds_no_roster(patient: Person) -> None:
    patient.page.goto(f"{patient.url}/roster")

    expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()
    expect(patient.page.get_by_role("link", name="On duty", exact=True)).to_be_hidden()


def test_what_one_is_sent_and_the_quiet_hours_are_kept(specialist: Person) -> None:
    page = specialist.page
    page.goto(f"{specialist.url}/account")
    page.get_by_label("A message, a photo or a step").select_option("Once a day")
    page.get_by_label("Quiet hours").check()
    page.get_by_label("Quiet from").fill("21:30")

    page.get_by_role("button", name="Keep this").click()

    expect(page.get_by_text("Kept.", exact=True)).to_be_visible()
    fits(specialist)
    page.reload()
    expect(page.get_by_label("A message, a photo or a step")).to_have_value("digest")
    expect(page.get_by_label("Advice")).to_have_value("on")
    expect(page.get_by_label("Quiet from")).to_have_value("21:30")
    expect(page.get_by_label("Quiet until")).to_have_value("07:00")


def right_now(page: Page) -> Locator:
    return page.get_by_role("region", name="Right now")


def gaps(page: Page) -> Locator:
    return page.get_by_role("region", name="Gaps this week")


def put_on_duty(page: Page, name: str, rung: str = "First on duty") -> None:
    """From midnight of today, so that it holds now, until tomorrow at eight."""
    page.get_by_role("button", name="Add a shift").click()
    form = page.get_by_role("dialog", name="Add a shift")
    form.get_by_label("Who?").select_option(name)
    form.get_by_label("As what?").select_option(rung)
    begins = form.get_by_label("From").input_value()
    form.get_by_label("From").fill(f"{begins[:10]}T00:00")
    form.get_by_role("button", name="Put on duty").click()
    expect(form).to_be_hidden()


def fits(person: Person) -> None:
    check(person.page)
    assert person.page.evaluate(_WIDER) <= 0
    person.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    assert person.page.evaluate(_WIDER) <= 0
    person.page.set_viewport_size({"width": 390, "height": 844})
