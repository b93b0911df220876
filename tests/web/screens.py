"""Pictures of every screen, on a phone and at a desk, light and dark.

python -m tests.web.screens OUTDIR
"""

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.service import Service, running
from tests.web.person import DESK, FLAGS, PHONE, Person, arrive
from tests.web.pictures import make_photo
from tests.web.screens_of_asking import tell_of_asking
from tests.web.screens_of_rights import tell_of_rights

SIZES = {"phone": PHONE, "desk": DESK}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data") as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        Story(service, browser, Path(folder), out).tell()
        browser.close()


class Story:
    """A patient, a crew and the specialists, from the first link to a closed consult."""

    def __init__(self, service: Service, browser: Browser, folder: Path, out: Path) -> None:
        self.service, self.browser, self.out = service, browser, out
        self.photo = make_photo(folder / "arm.jpg")
        self.near = make_photo(folder / "near.jpg", taken=datetime(2026, 11, 23, 21, 40))  # noqa: DTZ001
        self.blurred = make_photo(folder / "blurred.jpg", size=(1600, 1200), blurred=True)
        self.text = folder / "notes.jpg"
        self.text.write_text("These are not the bytes of a photo.")

    def tell(self) -> None:
        patient = self.comes_in("Pat Moreno", "patient", show=True)
        crew = self.comes_in("Medic 12", "ems")
        specialist = self.comes_in("Dr. Ada Okafor", "specialist")
        self.patient_asks(patient)
        self.crew_asks(crew)
        self.specialist_reads(specialist, patient)
        tell_of_rights(self, patient, specialist)
        tell_of_asking(self, patient, specialist)
        self.it_ends(specialist, patient)
        self.coordinator_looks()
        self.patient_looks_after_the_account(patient)
        self.patient_comes_back(patient)

    def comes_in(self, name: str, role: str, *, show: bool = False) -> Person:
        person = arrive(self.browser, self.service.origin, name)
        link = self.service.add_user(f"{role}@example.org", role, name)
        if show:
            person.go_home()
            self.show(person, "01-sign-in")
            person.page.goto(f"{self.service.origin}/enrol")
            self.show(person, "02-enrol-without-link")
            person.page.goto(link)
            self.show(person, "03-enrol")
        person.enrol(link)
        if show:
            self.show(person, "04-no-consults-yet")
        return person

    def patient_asks(self, patient: Person) -> None:
        page = patient.page
        page.get_by_role("button", name="Ask for help").click()
        self.show(patient, "05-ask-for-help")
        patient.say_no_emergency()
        page.get_by_role("button", name="Go on to photos").click()
        self.show(patient, "06-ask-for-help-without-words")
        page.get_by_role("button", name="Close this form").click()
        patient.ask_for_help("Hot oil on my arm last night. I cooled it. It hurts and looks wet.")
        self.show(patient, "07-new-consult")
        patient.choose_photos(self.near, self.blurred, self.text)
        page.get_by_label("Where on the body is Photo 1?").select_option("forearm")
        page.get_by_label("Which side is Photo 1?").select_option("L")
        patient.write("The first one is from further away. Is it bad?")
        self.show(patient, "08-before-sending")
        patient.expected = {422}
        patient.send()
        page.get_by_text("use one of the photos").wait_for()
        self.show(patient, "09-photo-refused")
        page.get_by_role("button", name="Remove Photo 3").click()
        patient.send()
        page.get_by_role("article").first.wait_for()
        self.show(patient, "10-sent")
        page.get_by_role("link", name="Back to my consults").click()
        self.show(patient, "11-my-consults-patient")
        page.get_by_role("link", name="Follow-up").click()

    def crew_asks(self, crew: Person) -> None:
        crew.page.get_by_role("button", name="New consult").click()
        self.show(crew, "12-ask-for-help-crew")
        crew.page.get_by_role("button", name="Close this form").click()
        crew.ask_for_help(
            "Man, about 40, flash burn 01:50, face and both hands, hoarse. Airway now or on arrival?"
        )
        crew.choose_photos(self.photo)
        crew.say("ETA 25 min. 18G left arm, 500 mL running.")

    def specialist_reads(self, specialist: Person, patient: Person) -> None:
        page = specialist.page
        specialist.go_home()
        page.get_by_role("link", name="Pat Moreno").wait_for()
        self.show(specialist, "13-my-consults-specialist")
        page.get_by_role("link", name="Name not known").click()
        page.get_by_text("ETA 25 min").wait_for()
        self.show(specialist, "14-emergency")
        specialist.go_home()
        page.get_by_role("link", name="Pat Moreno").click()
        page.get_by_text("Is it bad?").wait_for()
        page.get_by_label("Clinicians only").check()
        specialist.write("Superficial partial, under 1 %. I would keep this one at home.")
        self.show(specialist, "15-clinicians-only")
        specialist.send()
        page.get_by_text("Superficial partial").wait_for()
        page.get_by_label("Everyone", exact=True).check()
        specialist.say("It will heal. Wash it with mild soap, keep it covered, see me on Friday.")
        self.show(specialist, "16-replied")
        patient.page.get_by_text("It will heal").wait_for()
        self.show(patient, "17-reply-arrived")
        page.get_by_role("button", name="Open photo").first.click()
        self.show(specialist, "18-photo")
        page.get_by_role("group", name="Photo").click()
        page.locator("photo-viewer [data-part=certificate] summary").click()
        self.show(specialist, "19-photo-certificate")
        page.get_by_role("dialog").get_by_role("button", name="Turn").click()
        page.get_by_role("dialog").get_by_text("Turned by you").wait_for()
        self.show(specialist, "19-photo-turned")
        page.get_by_role("button", name="Close the photo").click()

    def it_ends(self, specialist: Person, patient: Person) -> None:
        specialist.say("Good. That is all for now.")
        patient.page.get_by_text("That is all for now").wait_for()
        specialist.page.get_by_role("button", name="Close consult").click()
        self.show(specialist, "20-close-consult")
        specialist.page.get_by_role("dialog").get_by_role("button", name="Close consult").click()
        patient.page.get_by_text("This consult is closed").wait_for()
        self.show(patient, "21-closed")
        patient.page.locator("aside summary").click()
        self.show(patient, "22-when-to-call")
        patient.page.locator("aside summary").click()

    def coordinator_looks(self) -> None:
        coordinator = self.comes_in("Robin Hale", "coordinator")
        coordinator.page.get_by_role("link", name="Name not known").click()
        coordinator.page.get_by_text("ETA 25 min").wait_for()
        self.show(coordinator, "23-coordinator")
        administrator = self.comes_in("Alex Admin", "admin")
        self.show(administrator, "24-administrator")
        self.coordinator_invites(coordinator)

    def coordinator_invites(self, coordinator: Person) -> None:
        page = coordinator.page
        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name="Pat Moreno").wait_for()
        self.show(coordinator, "30-people")
        page.get_by_role("button", name="Invite somebody").click()
        page.get_by_label("Name", exact=True).fill("Mo Card")
        page.get_by_label("They have no e-mail").check()
        self.show(coordinator, "31-invite")
        page.get_by_role("button", name="Invite", exact=True).click()
        page.get_by_role("dialog", name="Mo Card").wait_for()
        self.show(coordinator, "32-person")
        page.get_by_role("button", name="Show a code to scan").click()
        page.get_by_role("timer").first.wait_for()
        self.show(coordinator, "33-code-to-scan")
        page.get_by_role("button", name="Print a card").click()
        page.get_by_role("button", name="Print the card").wait_for()
        self.show(coordinator, "34-card")
        page.pdf(path=self.out / "35-card-on-paper.pdf")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Pat Moreno").click()
        page.get_by_text("They lost their phone or passkey").click()
        self.show(coordinator, "36-witness")
        page.get_by_role("button", name="I am sure").click()
        page.get_by_text("Read this code to them").wait_for()
        self.show(coordinator, "37-word-to-read-out")

    def patient_looks_after_the_account(self, patient: Person) -> None:
        page = patient.page
        page.get_by_role("link", name="Your account").click()
        page.get_by_role("heading", name="Your account").wait_for()
        patient.change_device(backed_up=False)
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_role("textbox", name="Name of this passkey").wait_for()
        self.show(patient, "40-account-naming")
        page.get_by_role("textbox", name="Name of this passkey").fill("My tablet")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Remove My tablet").wait_for()
        self.show(patient, "41-account", whole=True)
        page.get_by_role("button", name="Remove My tablet").click()
        self.show(patient, "42-remove-a-passkey")
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        self.service.forget_the_touch()
        page.get_by_role("button", name="Make eight codes").click()
        page.get_by_role("button", name="Use my passkey").wait_for()
        self.show(patient, "43-step-up")
        page.get_by_role("button", name="Use my passkey").click()
        page.get_by_role("heading", name="Your eight codes").wait_for()
        self.show(patient, "44-saved-codes")
        page.pdf(path=self.out / "45-saved-codes-on-paper.pdf")

    def patient_comes_back(self, patient: Person) -> None:
        page = patient.page
        code = page.locator(".codes li").first.inner_text()
        patient.sign_out()
        page.get_by_role("link", name="Lost your phone?").click()
        self.show(patient, "50-get-back-in")
        page.get_by_label("Your e-mail address").fill("patient@example.org")
        page.get_by_role("button", name="Mail me a link").click()
        page.get_by_text("Look at your mail.").wait_for()
        self.show(patient, "51-look-at-your-mail")
        text = self.service.mail_to("patient@example.org", "Your way back in")
        page.goto(next(word for word in text.split() if "/recover#t=" in word))
        page.get_by_label("One of your codes").fill(code)
        self.show(patient, "52-one-code")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Make my new passkey").wait_for()
        self.show(patient, "53-what-was-lost")
        newcomer = arrive(self.browser, self.service.origin, "Sam Newcomer")
        newcomer.change_device(backed_up=False)
        newcomer.enrol(self.service.add_user("sam@example.org", "patient", "Sam Newcomer"))
        newcomer.page.get_by_role("dialog").wait_for()
        self.show(newcomer, "54-a-second-way-in")

    def show(self, person: Person, name: str, *, whole: bool = False) -> None:
        page = person.page
        for size, viewport in SIZES.items():
            page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.wait_for_timeout(250)
                page.screenshot(path=self.out / f"{name}-{size}-{scheme}.png", full_page=whole)
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
