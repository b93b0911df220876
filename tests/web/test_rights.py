"""Who looked, who agreed to what, who speaks for whom, and who comes in for a while."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check, tab_to

_numbers = count(1)


@pytest.fixture
def coming(visitors: Visitors, service: Service) -> "Coming":
    return Coming(visitors, service)


class Coming:
    """People of one test alone."""

    def __init__(self, visitors: Visitors, service: Service) -> None:
        self.visitors, self.service = visitors, service

    def __call__(self, name: str, role: str = "patient") -> tuple[Person, str]:
        number = next(_numbers)
        address = f"right{number}@example.org"
        person = self.visitors.newcomer(f"{name} {number}")
        person.enrol(self.service.add_user(address, role, person.name))
        return person, address


def choices(person: Person) -> None:
    person.page.get_by_role("link", name="Your choices").click()
    expect(person.page.get_by_role("heading", name="Your choices", level=1)).to_be_visible()


def ask_with_a_photo(patient: Person, words: str, photo: Path) -> str:
    address = patient.ask_for_help(words)
    patient.choose_photos(photo)
    patient.say(words)
    return address


def purpose(person: Person, name: str) -> Locator:
    return person.page.locator("li.consent").filter(has_text=name).filter(visible=True)


class TestWhoLooked:
    """AU-4. Each patient sees who saw their consult and each of its photos, in plain words."""

    def test_the_consult_and_every_photo_name_their_readers(
        self, patient: Person, specialist: Person, photo: Path
    ) -> None:
        address = ask_with_a_photo(patient, "Who looks at this", photo)
        specialist.read(address)
        specialist.page.get_by_role("button", name=re.compile("^Open photo")).click()
        expect(specialist.page.get_by_role("dialog")).to_be_visible()
        large = specialist.page.locator("dialog.viewer img")
        assert large.evaluate("image => image.decode().then(() => image.naturalWidth)") > 400

        patient.page.get_by_role("button", name="Who looked").click()

        sheet = patient.page.get_by_role("dialog", name="Who looked")
        expect(sheet.locator("[data-part=looks]").first).to_have_attribute("aria-busy", "false")
        rows = sheet.locator("li.look").filter(has_text="Dr. Ada Okafor")
        expect(rows.first).to_contain_text("specialist")
        expect(rows.first).to_contain_text("Read the consult")
        of_photo = sheet.locator("li.photo-looks")
        expect(of_photo).to_have_count(1)
        expect(of_photo).to_contain_text("Saw the photo")
        expect(sheet).not_to_contain_text(patient.name)
        check(patient.page)
        patient.page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)

        patient.page.get_by_role("button", name=re.compile("^Open photo")).click()
        patient.page.get_by_text("Who saw this photo").click()

        viewer = patient.page.get_by_role("dialog")
        expect(viewer.locator(".look").filter(has_text="Dr. Ada Okafor")).to_contain_text(
            "Saw the photo"
        )
        check(patient.page)

    def test_others_are_offered_no_list_of_readers(
        self, patient: Person, specialist: Person, photo: Path
    ) -> None:
        specialist.read(ask_with_a_photo(patient, "No readers for others", photo))

        expect(specialist.page.get_by_role("button", name="Who looked")).to_have_count(0)
        specialist.page.get_by_role("button", name=re.compile("^Open photo")).click()
        expect(specialist.page.get_by_text("Who saw this photo")).to_be_hidden()


class TestConsent:
    def test_a_patient_says_yes_and_no_by_purpose_and_sees_what_was_said(
        self, coming: "Coming"
    ) -> None:
        pat, _ = coming("Pat Says")
        choices(pat)
        for name in ("Care", "Teaching", "Research"):
            expect(purpose(pat, name).get_by_text("Not asked yet")).to_be_visible()
        check(pat.page)

        pat.page.get_by_role("button", name="Say yes to teaching").click()
        expect(purpose(pat, "Teaching").get_by_text("Yes", exact=True)).to_be_visible()
        pat.page.get_by_role("button", name="Say no to teaching").click()

        expect(purpose(pat, "Teaching").get_by_text("No", exact=True)).to_be_visible()
        expect(purpose(pat, "Research").get_by_text("Not asked yet")).to_be_visible()
        pat.page.get_by_text("What was said before").click()
        said = pat.page.locator("ol.look-lines li")
        expect(said).to_have_text(
            [re.compile("^Teaching: no. Pat Says"), re.compile("^Teaching: yes. Pat Says")]
        )
        check(pat.page)

    def test_taking_care_back_asks_first_wants_the_passkey_and_hides_the_photos(
        self, coming: "Coming", specialist: Person, service: Service, photo: Path
    ) -> None:
        """SE-4."""
        pat, _ = coming("Pat Stops")
        address = ask_with_a_photo(pat, "Please stop", photo)
        pat.page.get_by_role("button", name="Your choices here").click()
        expect(purpose(pat, "Care").get_by_text("Yes", exact=True)).to_be_visible()
        service.forget_the_touch()
        pat.expected = {403}

        pat.page.get_by_role("button", name="Say no to care").click()
        question = pat.page.get_by_role("dialog", name="Say no to care?")
        check(pat.page)
        question.get_by_role("button", name="Say no").click()
        pat.page.get_by_role("button", name="Use my passkey").click()

        expect(purpose(pat, "Care").get_by_text("No", exact=True)).to_be_visible()
        specialist.expected = {403}
        specialist.read(address)
        assert (
            specialist.page.evaluate(
                "async () => (await fetch(document.querySelector('.photo img').src)).status"
            )
            == 403
        )

    def test_a_specialist_writes_down_what_the_patient_said(
        self, crew: Person, specialist: Person
    ) -> None:
        address = crew.ask_for_help("Nobody could be asked yet")
        specialist.read(address)
        specialist.page.get_by_role("button", name="Consent", exact=True).click()
        expect(purpose(specialist, "Care")).to_contain_text("Not asked yet: emergency")
        expect(specialist.page.get_by_role("button", name="Say no to care")).to_be_hidden()
        check(specialist.page)

        specialist.page.get_by_label("How did the patient say it?").select_option("In spoken words")
        specialist.page.get_by_role("button", name="They said yes to care").click()

        expect(purpose(specialist, "Care").get_by_text("Yes", exact=True)).to_be_visible()


class TestSpeakingForSomebody:
    def test_a_helper_asks_for_the_patient_and_every_message_says_so(
        self, coming: "Coming", specialist: Person
    ) -> None:
        leo, _ = coming("Leo")
        ana, mail = coming("Ana")
        choices(leo)
        leo.page.get_by_text("Add somebody").click()
        check(leo.page)
        leo.page.get_by_label("Their e-mail address").fill(mail)
        leo.page.get_by_role("button", name="Let them speak").click()
        expect(leo.page.get_by_role("button", name=f"End it for {ana.name}")).to_be_visible()

        ana.go_home()
        ana.page.get_by_label(leo.name).check()
        check(ana.page)
        ana.page.get_by_role("button", name=f"Ask for help for {leo.name}").click()
        form = ana.page.get_by_role("dialog", name=f"Ask for help for {leo.name}")
        ana.say_no_emergency()
        form.get_by_label("What happened?").fill("Leo burned his hand")
        form.get_by_role("button", name="Go on to photos").click()
        expect(ana.page.get_by_role("heading", name=f"{leo.name} · Follow-up")).to_be_visible()
        ana.say("He can move it.")

        article = ana.page.get_by_role("article").filter(has_text="He can move it.")
        expect(article).to_contain_text(f"You for {leo.name}")
        specialist.read(ana.page.url)
        theirs = specialist.page.get_by_role("article").filter(has_text="He can move it.")
        expect(theirs).to_contain_text(f"{ana.name} for {leo.name}")
        leo.read(ana.page.url)
        own = leo.page.get_by_role("article").filter(has_text="He can move it.")
        expect(own).to_contain_text(f"{ana.name} for you")
        check(leo.page)

        ana.go_home()
        ana.page.get_by_label("You", exact=True).check()
        expect(ana.page.get_by_text("You have not asked for help yet")).to_be_visible()
        ana.page.get_by_label(leo.name).check()
        expect(ana.page.get_by_role("link", name=leo.name)).to_be_visible()

        address = leo.page.url
        choices(leo)
        leo.page.get_by_role("button", name=f"End it for {ana.name}").click()
        leo.page.get_by_role("dialog").get_by_role("button", name="End it", exact=True).click()
        expect(leo.page.get_by_text("Nobody now.")).to_be_visible()
        leo.page.get_by_text("Who did before").click()
        before = leo.page.locator("patient-proxies li.thing").filter(has_text=ana.name)
        expect(before).to_contain_text("Chosen helper")
        expect(before).to_contain_text("ended")
        check(leo.page)

        ana.expected = {404}
        ana.page.goto(address)
        expect(ana.page.get_by_role("alert").filter(visible=True)).to_be_visible()
        expect(ana.page.get_by_text("He can move it.")).to_have_count(0)
        ana.go_home()
        expect(ana.page.get_by_label(leo.name)).to_have_count(0)

    def test_a_helper_sees_the_choices_of_the_patient_and_can_say_yes(
        self, coming: "Coming"
    ) -> None:
        leo, _ = coming("Leo Small")
        ana, mail = coming("Ana Small")
        choices(leo)
        leo.page.get_by_text("Add somebody").click()
        leo.page.get_by_label("Their e-mail address").fill(mail)
        leo.page.get_by_role("button", name="Let them speak").click()
        expect(leo.page.get_by_role("button", name=f"End it for {ana.name}")).to_be_visible()

        choices(ana)
        ana.page.get_by_role("link", name=leo.name).click()
        expect(ana.page.get_by_role("heading", name=f"Choices for {leo.name}")).to_be_visible()
        ana.page.get_by_role("button", name="Say yes to care").click()

        expect(purpose(ana, "Care").get_by_text("Yes", exact=True)).to_be_visible()
        ana.page.get_by_text("What was said before").click()
        expect(ana.page.locator("ol.look-lines")).to_contain_text(
            f"{ana.name}, for the patient, with a tap"
        )
        expect(ana.page.get_by_text("Add somebody")).to_be_hidden()
        check(ana.page)

    def test_a_coordinator_adds_a_parent_until_the_child_is_grown_up(
        self, coming: "Coming", coordinator: Person
    ) -> None:
        """AZ-11. The page shows the day on which it ends."""
        child, _ = coming("Kit Child")
        parent, mail = coming("Mo Parent")
        page = coordinator.page
        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name=child.name).click()
        page.get_by_role("link", name="Who speaks for them, and consent").click()
        expect(page.get_by_role("heading", name=f"Choices for {child.name}")).to_be_visible()
        page.get_by_text("Add somebody").click()
        coordinator.expected = {422}
        page.get_by_label("Their e-mail address").fill(mail)
        page.get_by_role("button", name="Let them speak").click()
        expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("born")

        page.get_by_label("Born on").fill("2020-03-01")
        page.get_by_label("Time zone where they live").fill("Europe/Lisbon")
        page.get_by_role("button", name="Keep the day of birth").click()
        expect(page.get_by_text("The day of birth is kept.").first).to_be_visible()
        check(page)
        page.get_by_role("button", name="Let them speak").click()

        row = page.locator("patient-proxies li.thing").filter(has_text=parent.name)
        expect(row).to_contain_text("Parent")
        expect(row).to_contain_text(re.compile(r"until (Mar 1|Feb 28), 2038"))
        coordinator.go_home()


class TestGuests:
    def test_a_colleague_is_asked_in_and_sent_away(
        self, patient: Person, specialist: Person, coming: "Coming"
    ) -> None:
        guest, mail = coming("Dr. Gus Guest", "specialist")
        address = patient.ask_for_help("A second pair of eyes")
        specialist.read(address)
        specialist.say("I ask a colleague.")
        specialist.page.get_by_role("button", name="Ask a colleague in").click()
        form = specialist.page.get_by_role("dialog", name="Ask a colleague in")
        check(specialist.page)
        form.get_by_label("Their e-mail address").fill(mail)
        form.get_by_label("What for?").fill("Is a graft needed?")
        form.get_by_role("button", name="Ask them in").click()
        expect(form).to_have_count(0)

        guest.read(address)
        guest.say("I am here.")
        expect(guest.page.get_by_role("button", name="Ask a colleague in")).to_have_count(0)

        patient.read(address)
        patient.page.get_by_text(re.compile(r"\d people")).click()
        row = patient.page.locator("consult-guests li")
        expect(row).to_contain_text(guest.name)
        expect(row).to_contain_text("Asked in by Dr. Ada Okafor")
        expect(row).to_contain_text("Is a graft needed?")
        check(patient.page)
        row.get_by_role("button", name=f"End it for {guest.name}").click()
        patient.page.get_by_role("dialog").get_by_role("button", name="End it", exact=True).click()

        expect(patient.page.locator("consult-guests")).to_be_hidden()
        guest.expected = {404}
        guest.page.goto(address)
        expect(guest.page.get_by_role("button", name="Open in an emergency")).to_be_visible()
        expect(guest.page.get_by_text("I am here.")).to_have_count(0)

    def test_an_address_that_nobody_has_is_told_in_the_form(
        self, patient: Person, specialist: Person
    ) -> None:
        specialist.read(patient.ask_for_help("No such colleague"))
        specialist.say("I have it.")
        specialist.expected = {422}
        specialist.page.get_by_role("button", name="Ask a colleague in").click()
        form = specialist.page.get_by_role("dialog")
        form.get_by_label("Their e-mail address").fill("nobody@example.org")
        form.get_by_label("What for?").fill("Anything")

        form.get_by_role("button", name="Ask them in").click()

        expect(form.get_by_role("alert")).to_contain_text("No specialist has this address")


class TestEmergencyAccess:
    """AZ-12. 60 minutes, to look only, told to the patient and reviewed."""

    def test_from_a_closed_door_to_a_review(
        self,
        patient: Person,
        specialist: Person,
        coordinator: Person,
        coming: "Coming",
        service: Service,
    ) -> None:
        address = patient.ask_for_help("Only Ada has this")
        specialist.read(address)
        specialist.say("I have it.")
        sol, _ = coming("Dr. Sol", "specialist")
        sol.expected = {404}
        sol.page.clock.install()
        sol.page.goto(address)
        expect(sol.page.get_by_role("alert").filter(visible=True)).to_be_visible()
        expect(sol.page.get_by_text("Only Ada has this")).to_have_count(0)
        check(sol.page)

        tab_to(sol.page, sol.page.get_by_role("button", name="Open in an emergency"))
        sol.page.keyboard.press("Enter")
        form = sol.page.get_by_role("dialog", name="Open in an emergency")
        form.get_by_role("button", name="Open for 60 minutes").click()
        expect(form.get_by_role("alert")).to_have_text("Choose a reason.")
        form.get_by_label("The patient is here, and it cannot wait").check()
        form.get_by_role("button", name="Open for 60 minutes").click()
        expect(form.get_by_role("alert")).to_have_text("Say why in a few words.")
        check(sol.page)
        form.get_by_label("In your own words").fill("The patient is in our emergency room.")
        form.get_by_role("button", name="Open for 60 minutes").click()

        expect(sol.page.get_by_role("article").filter(has_text="I have it.")).to_be_visible()
        expect(sol.page.get_by_role("timer")).to_have_text(re.compile(r"^(60:00|59:\d\d)$"))
        expect(sol.page.get_by_text("you can look, not write")).to_be_visible()
        expect(sol.page.get_by_label("Your message")).to_be_hidden()
        expect(sol.page.get_by_role("button", name="Close consult")).to_be_hidden()
        check(sol.page)

        patient.page.get_by_role("button", name="Who looked").click()
        looks = patient.page.locator("li.look").filter(has_text=sol.name)
        expect(looks.first).to_contain_text("Emergency access")
        check(patient.page)
        patient.page.keyboard.press("Escape")

        page = coordinator.page
        page.get_by_role("link", name="Emergency access").click()
        row = page.locator("li.glass").filter(has_text=sol.name)
        expect(row).to_contain_text("The patient is here, and it cannot wait")
        expect(row).to_contain_text("The patient is in our emergency room.")
        expect(row).to_contain_text("Review by")
        check(page)
        row.get_by_label("Your words about it").fill("I rang the ward.")
        row.get_by_role("button", name=f"It was right of {sol.name}").click()
        reviewed = page.locator("li.glass").filter(has_text=sol.name)
        expect(reviewed).to_contain_text("It was right")
        expect(reviewed).to_contain_text("I rang the ward.")
        expect(reviewed.get_by_label("Your words about it")).to_be_hidden()
        check(page)

        service.end_emergencies()
        sol.page.clock.fast_forward("01:00:01")
        expect(sol.page.get_by_role("button", name="Open in an emergency")).to_be_visible()
        expect(sol.page.get_by_text("I have it.")).to_have_count(0)

    def test_nobody_but_a_specialist_is_offered_it(
        self, patient: Person, crew: Person, specialist: Person
    ) -> None:
        address = patient.ask_for_help("Not for crews")
        crew.expected = {404}
        crew.page.goto(address)
        expect(crew.page.get_by_role("alert").filter(visible=True)).to_be_visible()

        expect(crew.page.get_by_role("button", name="Open in an emergency")).to_be_hidden()
        expect(crew.page.get_by_role("link", name="Emergency access")).to_have_count(0)
        specialist.page.goto(f"{specialist.url}/emergencies")
        expect(specialist.page.get_by_role("heading", name="My consults")).to_be_visible()
