"""Who has it, by when, who was paged, whom to ring: seen by both sides as it happens."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check, tab_to


@pytest.fixture
def colleague(visitors: Visitors, service: Service) -> Person:
    """A second specialist."""
    name = "Dr. Ben Roth"
    if name not in visitors.here:
        link = service.add_user("ben@example.org", "specialist", name)
        visitors.newcomer(name).enrol(link)
    return visitors.here[name]


def test_what_nobody_has_taken_stands_out_with_its_time(crew: Person, specialist: Person) -> None:
    crew.ask_for_help("Scald of both legs, child.")

    specialist.go_home()

    row = specialist.page.get_by_role("link").filter(has_text="Scald of both legs")
    expect(row).to_contain_text("Nobody has taken it yet")
    expect(row).to_contain_text(re.compile(r"to be taken in (1 min|less than a minute)"))
    expect(row).to_contain_text("Nobody is on duty")
    expect(row).to_contain_text("Emergency")
    expect(specialist.page.get_by_role("heading", name="To be answered")).to_be_visible()


def test_a_press_takes_it_and_the_sender_sees_by_whom(crew: Person, specialist: Person) -> None:
    address = crew.ask_for_help("Flash burn, hoarse voice.")
    expect(crew.page.get_by_role("button", name="I take it")).to_be_hidden()
    expect(clock(crew.page)).to_contain_text("Nobody is on duty right now. Call instead.")
    expect(crew.page.locator("consult-clock").get_by_role("link", name="Call")).to_have_attribute(
        "href", re.compile(r"^tel:\d+")
    )
    specialist.read(address)
    history(crew.page)
    expect(line(crew.page, "Seen")).not_to_contain_text("Not yet")
    expect(line(crew.page, "Answered")).to_contain_text("Not yet")

    specialist.page.get_by_role("button", name="I take it").click()

    expect(crew.page.locator(".consult-facts")).to_contain_text("Taken")
    expect(line(crew.page, "Taken by Dr. Ada Okafor")).to_be_visible()
    expect(crew.page.locator("consult-clock").get_by_role("link", name="Call")).to_be_hidden()
    expect(clock(specialist.page)).to_contain_text("Your turn")
    expect(clock(specialist.page)).to_contain_text(re.compile("answer due in", re.IGNORECASE))
    expect(specialist.page.get_by_role("button", name="I take it")).to_be_hidden()
    check(crew.page)
    check(specialist.page)


def test_whoever_is_too_late_is_told_who_has_it(
    crew: Person, specialist: Person, colleague: Person
) -> None:
    address = crew.ask_for_help("Both hands in hot oil.")
    colleague.page.route(re.compile("/events"), lambda route: route.abort())
    colleague.read(address)
    specialist.read(address)
    specialist.page.get_by_role("button", name="I take it").click()
    expect(clock(specialist.page)).to_contain_text("Your turn")
    colleague.expected = {409, 404}

    colleague.page.get_by_role("button", name="I take it").click()

    told = colleague.page.locator("consult-clock").get_by_role("alert")
    expect(told).to_have_text("Dr. Ada Okafor has taken this consult. Speak to them.")
    expect(colleague.page.get_by_role("button", name="I take it")).to_be_hidden()
    colleague.page.unroute_all()
    colleague.problems.clear()  # the stream that was cut off on purpose
    colleague.go_home()


def test_it_is_given_to_a_colleague_who_has_no_shift(
    crew: Person, specialist: Person, colleague: Person
) -> None:
    specialist.read(crew.ask_for_help("To be given away."))
    page = specialist.page
    page.get_by_role("button", name="I take it").click()
    expect(clock(page)).to_contain_text("Your turn")
    page.get_by_role("button", name="What next?").click()
    page.get_by_role("button", name="Give it to a colleague").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To whom").select_option(colleague.name)
    dialog.get_by_label("In your own words").fill("My shift ends.")

    dialog.get_by_role("button", name="Give it to a colleague").click()

    expect(clock(page)).to_contain_text(colleague.name)


def test_the_keyboard_alone_takes_it(crew: Person, specialist: Person) -> None:
    specialist.read(crew.ask_for_help("By keyboard."))

    tab_to(specialist.page, specialist.page.get_by_role("button", name="I take it"))
    specialist.page.keyboard.press("Enter")

    expect(clock(specialist.page)).to_contain_text("Your turn")


def test_a_patient_reads_it_in_plain_words(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("It itches at night.")
    facts = patient.page.locator(".consult-facts")
    expect(facts).to_contain_text("Sent. Nobody has taken it yet")
    specialist.read(address)
    specialist.page.get_by_role("button", name="I take it").click()
    expect(facts).to_contain_text("A specialist has it")

    specialist.say("That is part of healing.")

    expect(facts).to_contain_text("Answered")
    expect(clock(patient.page)).to_contain_text("Your turn")
    patient.go_home()
    row = patient.page.get_by_role("link").filter(has_text="It itches at night.")
    expect(row).to_contain_text("Answered")
    check(patient.page)


def test_a_coordinator_sees_who_has_it_and_takes_nothing(
    crew: Person, specialist: Person, coordinator: Person
) -> None:
    address = crew.ask_for_help("A coordinator looks on.")
    coordinator.read(address)
    expect(coordinator.page.get_by_role("button", name="I take it")).to_be_hidden()

    specialist.read(address)
    specialist.page.get_by_role("button", name="I take it").click()

    expect(clock(coordinator.page)).to_contain_text("Dr. Ada Okafor")
    check(coordinator.page)


def clock(page: Page) -> Locator:
    return page.locator("consult-clock")


def history(page: Page) -> None:
    page.locator("consult-clock summary").click()


def line(page: Page, title: str) -> Locator:
    return page.locator(".loop-line").filter(has_text=title)
