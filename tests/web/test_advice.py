"""Advice is signed, seen as it happens and acknowledged; a consult is moved, and says how it came."""

from playwright.sync_api import Page, expect

from tests.web.person import Person
from tests.web.test_accessible import check


def test_signed_advice_is_there_at_once_and_whoever_asked_says_that_they_read_it(
    crew: Person, specialist: Person
) -> None:
    address = crew.ask_for_help("Grease fire, left hand.")
    take(specialist, address)
    write(specialist.page, "Cool it for 20 minutes.", "Treat where the patient is")
    check(specialist.page)

    specialist.page.get_by_role("button", name="Sign and send").click()

    advice = crew.page.get_by_role("region", name="Advice")
    expect(advice).to_contain_text("Cool it for 20 minutes.")
    expect(advice).to_contain_text("Treat where the patient is")
    expect(advice).to_contain_text("Signed by Dr. Ada Okafor")
    expect(specialist.page.get_by_role("region", name="Advice")).to_contain_text("Not read yet")
    check(crew.page)
    advice.get_by_role("button", name="I have read it").click()
    expect(advice).to_contain_text("Read by you")
    expect(specialist.page.get_by_role("region", name="Advice")).to_contain_text("Read by Medic 12")
    check(specialist.page)


def test_a_draft_is_for_its_author_alone(crew: Person, specialist: Person) -> None:
    address = crew.ask_for_help("A draft.")
    take(specialist, address)
    write(specialist.page, "Not sure yet.", "See in the burn clinic")
    specialist.page.keyboard.press("Escape")
    expect(specialist.page.get_by_role("button", name="Go on with your draft")).to_be_visible()

    crew.read(address)
    specialist.read(address)

    specialist.page.get_by_role("button", name="Go on with your draft").click()
    expect(specialist.page.get_by_label("What do you advise?")).to_have_value("Not sure yet.")
    expect(specialist.page.get_by_label("See in the burn clinic")).to_be_checked()
    specialist.page.get_by_role("button", name="Keep as a draft").click()
    expect(crew.page.locator("consult-advice")).to_be_hidden()
    expect(crew.page.get_by_text("Not sure yet.")).to_have_count(0)


def test_newer_advice_folds_away_what_it_replaces(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("It weeps.")
    take(specialist, address)
    sign(specialist.page, "Keep it dry.", "Treat where the patient is")
    expect(specialist.page.get_by_role("button", name="Write newer advice")).to_be_visible()

    sign(specialist.page, "Come in and show it.", "See in the burn clinic")

    advice = patient.page.get_by_role("region", name="Advice", exact=True)
    expect(advice).to_contain_text("Come to the burn clinic")
    expect(patient.page.get_by_text("Keep it dry.")).to_be_hidden()
    patient.page.get_by_text("1 earlier advice").click()
    expect(patient.page.get_by_text("Keep it dry.")).to_be_visible()
    expect(patient.page.get_by_role("button", name="I have read it")).to_have_count(1)
    check(patient.page)


def test_what_is_missing_is_said_beside_its_field(crew: Person, specialist: Person) -> None:
    take(specialist, crew.ask_for_help("Nothing is written."))
    specialist.page.get_by_role("button", name="Write advice").click()

    specialist.page.get_by_role("button", name="Sign and send").click()

    words = specialist.page.get_by_label("What do you advise?")
    expect(words).to_be_focused()
    expect(words).to_have_accessible_description("Write what you advise.")
    check(specialist.page)


def take(specialist: Person, address: str) -> None:
    specialist.read(address)
    specialist.page.get_by_role("button", name="I take it").click()
    expect(specialist.page.locator("consult-clock")).to_contain_text("Your turn")


def write(page: Page, words: str, disposition: str) -> None:
    page.locator("consult-advice [data-part=write]").click()
    page.get_by_label("What do you advise?").fill(words)
    page.get_by_label(disposition).check()


def sign(page: Page, words: str, disposition: str) -> None:
    write(page, words, disposition)
    page.get_by_role("button", name="Sign and send").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
