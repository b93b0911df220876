"""Pictures of who looked, consent, who speaks for whom, guests and emergency access."""

import re
from typing import TYPE_CHECKING

from tests.web.person import Person, arrive

if TYPE_CHECKING:
    from tests.web.screens import Story


def tell_of_rights(story: "Story", patient: Person, specialist: Person) -> None:
    """`patient` and `specialist` have the consult open that is theirs."""
    address = patient.page.url
    _guest_comes_in(story, specialist)
    _emergency(story, address)
    patient.read(address)
    _patient_sees_who_looked(story, patient)
    _helper_speaks(story, patient)
    patient.read(address)


def _guest_comes_in(story: "Story", specialist: Person) -> None:
    colleague = story.service.add_user("gus@example.org", "specialist", "Dr. Gus Lindqvist")
    arrive(story.browser, story.service.origin, "Dr. Gus Lindqvist").enrol(colleague)
    page = specialist.page
    page.get_by_role("button", name="Ask a colleague in").click()
    page.get_by_label("Their e-mail address").fill("gus@example.org")
    page.get_by_label("What for?").fill("Is a graft needed?")
    story.show(specialist, "60-ask-a-colleague-in")
    page.get_by_role("button", name="Ask them in").click()
    page.get_by_text(re.compile(r"\d people")).click()
    page.locator("consult-guests li").wait_for()
    story.show(specialist, "61-guest")
    page.get_by_role("button", name="Consent", exact=True).click()
    page.locator("li.consent").first.wait_for()
    story.show(specialist, "62-consent-of-a-specialist")
    page.keyboard.press("Escape")


def _emergency(story: "Story", address: str) -> None:
    sol = arrive(story.browser, story.service.origin, "Dr. Sol Haddad")
    sol.enrol(story.service.add_user("sol@example.org", "specialist", "Dr. Sol Haddad"))
    page = sol.page
    page.goto(address)
    page.get_by_role("button", name="Open in an emergency").wait_for()
    story.show(sol, "63-not-yours")
    page.get_by_role("button", name="Open in an emergency").click()
    page.get_by_label("The patient is here, and it cannot wait").check()
    page.get_by_label("In your own words").fill("She came to our emergency room with a fever.")
    story.show(sol, "64-break-glass")
    page.get_by_role("button", name="Open for 60 minutes").click()
    page.get_by_role("timer").wait_for()
    page.get_by_role("article").first.wait_for()
    story.show(sol, "65-emergency-access")
    robin = arrive(story.browser, story.service.origin, "Kai Reviewer")
    robin.enrol(story.service.add_user("kai@example.org", "coordinator", "Kai Reviewer"))
    robin.page.get_by_role("link", name="Emergency access").click()
    robin.page.locator("li.glass").wait_for()
    story.show(robin, "66-review")
    robin.page.get_by_role("button", name="It was right of").click()
    robin.page.get_by_role("heading", name="Reviewed").wait_for()
    story.show(robin, "67-reviewed")
    robin.page.get_by_role("link", name="People").click()
    robin.page.get_by_role("button", name="Pat Moreno").click()
    robin.page.get_by_role("link", name="Who speaks for them, and consent").click()
    robin.page.locator("li.consent").first.wait_for()
    robin.page.get_by_text("Add somebody").click()
    story.show(robin, "68-choices-of-a-patient", whole=True)


def _patient_sees_who_looked(story: "Story", patient: Person) -> None:
    page = patient.page
    story.show(patient, "70-consult-of-a-patient")
    page.get_by_role("button", name="Who looked").click()
    page.locator("li.look").first.wait_for()
    story.show(patient, "71-who-looked")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Open photo")).first.click()
    page.get_by_text("Who saw this photo").click()
    page.locator("dialog.viewer li.look").first.wait_for()
    story.show(patient, "72-who-saw-this-photo")
    page.get_by_role("button", name="Close the photo").click()
    page.get_by_role("button", name="Your choices here").click()
    page.locator("li.consent").first.wait_for()
    story.show(patient, "73-choices-of-a-consult")
    page.get_by_role("button", name="Say no to care").click()
    story.show(patient, "74-say-no-to-care")
    page.get_by_role("dialog", name="Say no to care?").get_by_role("button", name="Cancel").click()
    page.keyboard.press("Escape")


def _helper_speaks(story: "Story", patient: Person) -> None:
    ana = arrive(story.browser, story.service.origin, "Ana Moreno")
    ana.enrol(story.service.add_user("ana@example.org", "patient", "Ana Moreno"))
    page = patient.page
    page.get_by_role("link", name="Your choices").click()
    page.get_by_role("button", name="Say yes to teaching").click()
    page.get_by_text("What was said before").click()
    page.get_by_text("Add somebody").click()
    page.get_by_label("Their e-mail address").fill("ana@example.org")
    story.show(patient, "75-your-choices", whole=True)
    page.get_by_role("button", name="Let them speak").click()
    page.get_by_role("button", name="End it for Ana Moreno").wait_for()
    story.show(patient, "76-somebody-speaks", whole=True)
    ana.go_home()
    ana.page.get_by_label("Pat Moreno").check()
    story.show(ana, "77-whose-consults")
    ana.page.get_by_role("link", name="Pat Moreno · Follow-up").click()
    ana.say("Pat sleeps. I write for her: the fever is gone.")
    story.show(ana, "78-somebody-for-somebody")
    ana.page.get_by_role("link", name="Your choices").click()
    ana.page.get_by_role("link", name="Pat Moreno").click()
    ana.page.get_by_role("heading", name="Choices for Pat Moreno").wait_for()
    ana.page.locator("li.consent").first.wait_for()
    story.show(ana, "79-choices-for-somebody")
