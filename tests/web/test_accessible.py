"""Everybody can use it: by voice, by keyboard, with one thumb, at night."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web.conftest import Visitors
from tests.web.person import DESK, PHONE, Person

TAP = 44  # CSS pixels, WCAG 2.5.5
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
Prepare = Callable[[Person, Path], None]

_TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    const hidden = !box.width || getComputedStyle(element).clipPath !== "none";
    return !hidden && !element.closest("svg") && (box.right > innerWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 120))"""
_TOO_SMALL = """(tap) => [...document.querySelectorAll(
    "button, select, textarea, summary, a.row, a.call, a.back, label.choice, .file-button, .audience label"
)].filter((element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility() && (box.width < tap || box.height < tap - 0.01);
}).map((element) => element.outerHTML.slice(0, 120))"""


def test_the_door(visitors: Visitors) -> None:
    stranger = visitors.newcomer("Somebody")

    stranger.go_home()
    expect(stranger.page.get_by_label("Or pick one that is saved")).to_be_visible()

    check(stranger.page)


def test_the_page_of_an_invitation(visitors: Visitors) -> None:
    stranger = visitors.newcomer("Somebody")

    stranger.page.goto(f"{stranger.url}/enrol#t=a-token-that-nobody-uses")

    expect(stranger.page.get_by_role("button", name="Make my passkey")).to_be_visible()
    check(stranger.page)


def list_of_consults(person: Person, _: Path) -> None:
    expect(person.page.locator("consult-list [aria-busy=false]")).to_be_visible()


def form_with_a_fault(person: Person, _: Path) -> None:
    person.page.get_by_role("button", name="Ask for help").click()
    person.say_no_emergency()
    person.page.get_by_role("button", name="Go on to photos").click()
    expect(person.page.get_by_text("Write a few words")).to_be_visible()


def when_to_call(person: Person, _: Path) -> None:
    person.page.get_by_text("When to call").first.click()
    expect(person.page.get_by_text("it is hard to breathe")).to_be_visible()


def photos_before_sending(person: Person, photo: Path) -> None:
    person.ask_for_help("Before sending.")
    person.choose_photos(photo, photo)
    person.page.get_by_label("Where on the body is Photo 1?").select_option("hand")


def thread_with_a_photo(person: Person, photo: Path) -> None:
    person.ask_for_help("A thread.")
    person.choose_photos(photo)
    person.say("Here it is. " + "Averylongwordwithoutanyspaceinit" * 4)
    expect(person.page.get_by_role("article").get_by_role("img")).to_be_visible()


def photo_in_full(person: Person, photo: Path) -> None:
    thread_with_a_photo(person, photo)
    person.page.get_by_role("button", name="Open photo").click()
    person.page.get_by_role("dialog").locator("summary").last.click()
    expect(person.page.get_by_text("SHA-256")).to_be_visible()


@pytest.mark.parametrize(
    "prepare",
    [
        list_of_consults,
        form_with_a_fault,
        when_to_call,
        photos_before_sending,
        thread_with_a_photo,
        photo_in_full,
    ],
    ids=lambda prepare: prepare.__name__,
)
def test_what_a_patient_sees(patient: Person, photo: Path, prepare: Prepare) -> None:
    prepare(patient, photo)

    check(patient.page)

    forget(patient)


def test_what_a_specialist_sees(patient: Person, specialist: Person, photo: Path) -> None:
    thread_with_a_photo(patient, photo)
    specialist.read(patient.page.url)
    specialist.say("For everyone.")
    specialist.page.get_by_label("Clinicians only").check()
    specialist.say("Only for colleagues.")

    check(specialist.page)
    specialist.page.get_by_role("button", name="Close consult").click()
    check(specialist.page)


def test_every_screen_says_that_this_is_not_for_emergencies(
    patient: Person, visitors: Visitors
) -> None:
    stranger = visitors.newcomer("Somebody")
    patient.ask_for_help("Every screen.")
    places = [(patient, patient.url), (patient, patient.page.url), (stranger, stranger.url)]

    for person, address in [*places, (stranger, f"{stranger.url}/enrol")]:
        person.page.goto(address)

        notice = person.page.get_by_role("complementary", name="Emergencies")
        expect(notice.get_by_text("This is not for emergencies.")).to_be_visible()
        call = notice.get_by_role("link", name="Call 911")
        expect(call).to_have_attribute("href", "tel:911")


def test_a_keyboard_is_enough(patient: Person) -> None:
    press = patient.page.keyboard.press
    press("Tab")
    expect(patient.page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    press("Enter")
    press("Tab")
    expect(patient.page.get_by_role("button", name="Ask for help")).to_be_focused()
    press("Enter")
    tab_to(patient.page, patient.page.get_by_role("button", name="None of these"))
    press("Enter")
    tab_to(patient.page, patient.page.get_by_role("radio", name="Look at my burn or wound"))
    press("ArrowDown")
    expect(patient.page.get_by_role("radio", name="I have a visit soon")).to_be_checked()
    press("Tab")
    patient.page.keyboard.type("By keyboard alone.")
    press("Tab")
    press("Enter")
    expect(patient.page.get_by_role("heading", name="Before a visit", level=1)).to_be_focused()
    tab_to(patient.page, patient.page.get_by_label("Your message"))
    patient.page.keyboard.type("And sent.")
    press("Control+Enter")
    expect(patient.page.get_by_role("article")).to_contain_text("And sent.")


def test_the_reader_is_told_where_they_are(patient: Person) -> None:
    assert patient.page.title() == "My consults · Consult"
    patient.ask_for_help("Titles.")
    expect(patient.page).to_have_title("Follow-up · Consult")
    expect(patient.page.get_by_role("heading", name="Follow-up", level=1)).to_be_focused()

    patient.page.get_by_role("link", name="Back to my consults").click()

    expect(patient.page).to_have_title("My consults · Consult")
    expect(patient.page.get_by_role("heading", name="My consults")).to_be_focused()


def test_a_page_at_twice_the_size_still_works(patient: Person) -> None:
    patient.ask_for_help("Twice the size.")

    patient.page.set_viewport_size({"width": DESK["width"] // 4, "height": DESK["height"] // 2})

    assert patient.page.evaluate(_TOO_WIDE) == []
    patient.say("It fits.")


def check(page: Page) -> None:
    """No axe violation in either light, nothing outside a phone, nothing too small for a thumb."""
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    axe: Any = Axe()  # its types are partly unknown
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = axe.run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    assert page.evaluate(_TOO_WIDE) == []
    assert page.evaluate(_TOO_SMALL, TAP) == []


def tab_to(page: Page, target: Any) -> None:
    """Press Tab until `target` has the focus: it must be reachable without a pointer."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} cannot be reached by keyboard")


def forget(person: Person) -> None:
    """Leave nothing unsent: the page would ask before it is left."""
    person.page.keyboard.press("Escape")
    while person.page.get_by_role("button", name="Remove Photo").count():
        person.page.get_by_role("button", name="Remove Photo").first.click()
