"""What is asked first, who is on duty, and what one is sent."""

import re
from pathlib import Path

from playwright.sync_api import expect

from consult.clinical.red_flags import SHOWN
from tests.web.person import Person
from tests.web.test_accessible import check

STATIC = Path(__file__).parents[2] / "static"


def test_the_page_asks_what_the_service_knows_as_emergencies() -> None:
    page = (STATIC / "lib" / "red-flags.js").read_text()

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
