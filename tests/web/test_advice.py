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


def test_a_step_names_its_reason_and_the_history_tells_it(crew: Person, specialist: Person) -> None:
    take(specialist, crew.ask_for_help("Sunburn, asks for a bed."))
    specialist.page.get_by_role("button", name="What next?").click()
    expect(specialist.page.get_by_role("button", name="Accept the transfer")).to_have_count(0)
    check(specialist.page)
    specialist.page.get_by_role("button", name="Send them elsewhere").click()
    sheet = specialist.page.get_by_role("dialog")
    sheet.get_by_label("Why?").select_option("It can be treated where the patient is")
    sheet.get_by_label("Where are they to go?").fill("Harbor Clinic")
    sheet.get_by_label("Number to call there").fill("555 0100")
    sheet.get_by_role("button", name="Send them elsewhere").click()
    told = sheet.get_by_label("Who there was told?")
    expect(told).to_be_focused()
    expect(told).to_have_accessible_description(
        "Say who there was told: nobody is sent on unannounced."
    )
    check(specialist.page)
    told.fill("Dr. Lin")

    sheet.get_by_role("button", name="Send them elsewhere").click()

    expect(crew.page.locator(".consult-facts")).to_contain_text("Sent to another service")
    for page in (crew.page, specialist.page):  # unfolded: it says where to go
        sent = page.locator("consult-history .loop-line").last
        expect(sent).to_contain_text("Sent them elsewhere · Dr. Ada Okafor")
        expect(sent).to_contain_text("It can be treated where the patient is")
        expect(sent).to_contain_text("Harbor Clinic · 555 0100 · Dr. Lin was told")
        expect(page.locator("consult-history .loop-line").first).to_contain_text("Asked · Medic 12")
        check(page)
    expect(specialist.page.get_by_role("button", name="What next?")).to_be_hidden()


def test_a_transfer_is_asked_for_and_accepted_with_who_how_and_when(
    crew: Person, specialist: Person
) -> None:
    take(specialist, crew.ask_for_help("40 percent, needs a bed."))
    crew.page.get_by_role("button", name="What next?").click()
    crew.page.get_by_role("button", name="Ask for a transfer").click()
    crew.page.get_by_role("dialog").get_by_role("button", name="Ask for a transfer").click()
    expect(specialist.page.locator(".consult-facts")).to_contain_text("Transfer asked for")
    specialist.page.get_by_role("button", name="What next?").click()
    specialist.page.get_by_role("button", name="Accept the transfer").click()
    sheet = specialist.page.get_by_role("dialog")
    sheet.get_by_label("Who takes the patient?").fill("Dr. Lin")
    sheet.get_by_label("How does the patient come?").select_option("By helicopter")
    sheet.get_by_label("When do they arrive?").fill("2030-01-02T03:04")

    sheet.get_by_role("button", name="Accept the transfer").click()

    expect(crew.page.locator(".consult-facts")).to_contain_text("Transfer accepted")
    crew.page.get_by_text("History of this consult").click()
    accepted = crew.page.locator("consult-history .loop-line").last
    expect(accepted).to_contain_text("Dr. Lin takes the patient · By helicopter · arrives Jan 2")


def test_an_answer_that_nobody_read_is_closed_only_by_saying_how_they_know_it(
    crew: Person, specialist: Person
) -> None:
    take(specialist, crew.ask_for_help("Told by telephone."))
    crew.go_home()
    sign(specialist.page, "Cool it.", "Treat where the patient is")
    specialist.expected = {409}
    specialist.page.get_by_role("button", name="Close consult").click()
    sheet = specialist.page.get_by_role("dialog")
    sheet.get_by_role("button", name="Close consult").click()
    expect(sheet).to_contain_text("Whoever asked has not read the answer yet.")
    check(specialist.page)
    sheet.get_by_label("I told them by telephone").check()

    sheet.get_by_role("button", name="Close consult").click()

    expect(specialist.page.locator(".consult-facts")).to_contain_text("Closed")
    specialist.page.get_by_text("History of this consult").click()
    closed = specialist.page.locator("consult-history .loop-line").last
    expect(closed).to_contain_text("I told them by telephone")


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
