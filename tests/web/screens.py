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
        self.it_ends(specialist, patient)
        self.coordinator_looks()

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
        page.locator("photo-viewer summary").click()
        self.show(specialist, "19-photo-certificate")
        page.get_by_role("dialog").get_by_role("button", name="Turn").click()
        page.get_by_role("dialog").get_by_text("Turned by you").wait_for()
        self.show(specialist, "19-photo-turned")
        page.get_by_role("button", name="Close the photo").click()

    def it_ends(self, specialist: Person, patient: Person) -> None:
        specialist.page.get_by_role("button", name="Close consult").click()
        self.show(specialist, "20-close-consult")
        specialist.page.get_by_role("dialog").get_by_role("button", name="Close consult").click()
        patient.page.get_by_text("This consult is closed").wait_for()
        self.show(patient, "21-closed")
        patient.page.locator("aside summary").click()
        self.show(patient, "22-when-to-call")

    def coordinator_looks(self) -> None:
        coordinator = self.comes_in("Robin Hale", "coordinator")
        coordinator.page.get_by_role("link", name="Name not known").click()
        coordinator.page.get_by_text("ETA 25 min").wait_for()
        self.show(coordinator, "23-coordinator")
        administrator = self.comes_in("Alex Admin", "admin")
        self.show(administrator, "24-administrator")

    def show(self, person: Person, name: str) -> None:
        page = person.page
        for size, viewport in SIZES.items():
            page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.wait_for_timeout(250)
                page.screenshot(path=self.out / f"{name}-{size}-{scheme}.png")
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
