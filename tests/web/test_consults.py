"""A question, an answer, and nobody who has to reload a page for it."""

import re

from playwright.sync_api import expect

from tests.web.person import DESK, Person


def test_a_patient_asks_and_a_specialist_answers_live(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("Hot oil on my arm, an hour ago.")
    specialist.read(address)
    expect(specialist.page.get_by_role("heading", name="Pat Moreno")).to_be_visible()
    expect(specialist.page.locator(".asked")).to_contain_text("Hot oil on my arm, an hour ago.")

    patient.say("Should I come in?")

    expect(specialist.page.get_by_role("article")).to_contain_text("Should I come in?")
    expect(specialist.page.get_by_role("status")).to_have_text("New message from Pat Moreno")

    specialist.say("Keep it covered. Come tomorrow.")

    reply = patient.page.get_by_role("article").filter(has_text="Come tomorrow.")
    expect(reply).to_contain_text("Dr. Ada Okafor")
    expect(reply).to_contain_text("Burn specialist")
    expect(patient.page.get_by_role("status")).to_have_text("New message from Dr. Ada Okafor")
    expect(patient.page.locator(".consult-facts")).to_contain_text("Answered")


def test_what_clinicians_say_among_themselves_never_reaches_the_patient(
    patient: Person, specialist: Person
) -> None:
    address = patient.ask_for_help("A burn that itches.")
    seen: list[str] = []
    patient.page.on("response", lambda answer: seen.append(answer.url))
    specialist.read(address)
    specialist.page.get_by_label("Clinicians only").check()
    expect(specialist.page.get_by_text("The patient will not see these words")).to_be_visible()
    specialist.page.get_by_label("Your message").fill("Possible neglect, please ring me.")
    specialist.page.get_by_role("button", name="Send to clinicians").click()
    note = specialist.page.get_by_role("article").filter(has_text="Possible neglect")
    expect(note).to_contain_text("Clinicians only")

    specialist.page.get_by_label("Everyone", exact=True).check()
    specialist.say("Use the cream twice a day.")

    expect(patient.page.get_by_role("article")).to_contain_text("Use the cream twice a day.")
    expect(patient.page.get_by_role("article")).to_have_count(1)
    patient.page.reload()
    expect(patient.page.get_by_role("article")).to_have_count(1)
    assert "Possible neglect" not in patient.page.content()
    expect(patient.page.get_by_label("Clinicians only")).to_be_hidden()


def test_a_crew_is_asked_for_two_things_and_no_name(crew: Person, specialist: Person) -> None:
    crew.page.get_by_role("button", name="New consult").click()
    form = crew.page.get_by_role("dialog")
    expect(form.get_by_role("radio")).to_have_count(4)
    expect(form.get_by_role("radio", name="Right now")).to_be_checked()
    expect(form.get_by_role("textbox")).to_have_count(1)

    form.get_by_label("What happened?").fill("Flash burn to face and hands, hoarse.")
    form.get_by_role("button", name="Open consult").click()

    expect(crew.page.get_by_role("heading", name="Name not known")).to_be_visible()
    specialist.page.reload()
    row = specialist.page.get_by_role("link").filter(has_text="Flash burn to face")
    expect(row).to_contain_text("Right now")
    expect(row).to_contain_text("Emergency")
    expect(row).to_contain_text("Nobody has taken it yet")


def test_the_list_shows_what_is_new_until_it_is_read(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("New mark test.")
    patient.say("First.")
    specialist.read(address)
    specialist.say("Answer one.")
    expect(patient.page.get_by_text("Answer one.")).to_be_visible()
    patient.page.get_by_role("link", name="Back to my consults").click()
    row = patient.page.get_by_role("link").filter(has_text="New mark test.")
    expect(row).not_to_contain_text("new")
    specialist.say("Answer two.")
    patient.page.reload()
    expect(row).to_contain_text("1 new")

    row.click()

    mark = patient.page.get_by_text("New since you were here")
    expect(mark).to_be_visible()
    expect(patient.page.locator(".thread-unread + .message")).to_contain_text("Answer two.")
    patient.page.get_by_role("link", name="Back to my consults").click()
    expect(row).not_to_contain_text("new")


def test_a_form_without_words_says_what_is_missing(patient: Person) -> None:
    patient.page.get_by_role("button", name="Ask for help").click()
    patient.say_no_emergency()
    form = patient.page.get_by_role("dialog")
    words = form.get_by_label("What happened?")

    form.get_by_role("button", name="Go on to photos").click()

    expect(words).to_be_focused()
    expect(words).to_have_attribute("aria-invalid", "true")
    expect(words).to_have_accessible_description(
        re.compile("Write a few words about what happened")
    )


def test_closing_ends_the_writing_but_not_the_reading(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("Healed, I think.")
    specialist.read(address)
    specialist.say("Yes. All done.")
    expect(patient.page.get_by_role("button", name="Close consult")).to_have_count(0)

    specialist.page.get_by_role("button", name="Close consult").click()
    specialist.page.get_by_role("dialog").get_by_role("button", name="Close consult").click()

    for person in (patient, specialist):
        expect(person.page.get_by_text("This consult is closed")).to_be_visible()
        expect(person.page.get_by_label("Your message")).to_be_hidden()
        expect(person.page.get_by_text("Yes. All done.")).to_be_visible()


def test_a_coordinator_reads_the_words_and_not_the_photos(
    patient: Person, coordinator: Person
) -> None:
    address = patient.ask_for_help("Who looks after me?")
    patient.say("Hello?")

    coordinator.read(address)

    expect(coordinator.page.get_by_role("article")).to_contain_text("Hello?")
    expect(coordinator.page.get_by_label("Take a photo")).to_be_hidden()
    expect(coordinator.page.get_by_label("Choose photos")).to_be_hidden()


def test_a_consult_of_somebody_else_is_not_there(patient: Person, crew: Person) -> None:
    address = patient.ask_for_help("Only mine.")
    crew.expected = {404}

    crew.page.goto(address)

    expect(crew.page.get_by_role("alert").first).to_contain_text("not yours to see")
    expect(crew.page.get_by_text("Only mine.")).to_have_count(0)


def test_list_and_thread_stand_side_by_side_at_a_desk(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("Side by side.")
    specialist.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})

    specialist.read(address)

    row = specialist.page.get_by_role("link").filter(has_text="Side by side.")
    expect(row).to_be_visible()
    expect(row).to_have_attribute("aria-current", "page")
    expect(specialist.page.get_by_label("Your message")).to_be_in_viewport()
    expect(specialist.page.get_by_role("heading", level=1)).to_have_count(1)


def test_words_stay_words(patient: Person, specialist: Person) -> None:
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    address = patient.ask_for_help(markup)

    patient.say(markup)

    specialist.read(address)
    expect(specialist.page.get_by_role("article")).to_contain_text(markup)
    expect(specialist.page.locator("consult-thread b")).to_have_count(0)


def test_a_draft_waits_where_it_was_left(patient: Person) -> None:
    patient.ask_for_help("Draft test.")
    patient.write("Half a sent")

    patient.page.get_by_role("link", name="Back to my consults").click()
    patient.page.get_by_role("link").filter(has_text="Draft test.").click()

    expect(patient.page.get_by_label("Your message")).to_have_value("Half a sent")
    patient.write("")
