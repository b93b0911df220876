"""Pictures of what is asked for by link, of photos looked over, and of the figures."""

from typing import TYPE_CHECKING

from tests.web.person import Person, arrive

if TYPE_CHECKING:
    from tests.web.screens import Story


def tell_of_asking(story: "Story", patient: Person, specialist: Person) -> None:
    """`patient` and `specialist` have the consult open that is theirs."""
    address = patient.page.url
    link = _specialist_asks(story, specialist)
    story.show(patient, "82-asked-in-the-consult", whole=True)
    _holder_sends(story, link)
    _specialist_looks_over(story, specialist)
    patient.read(address)
    patient.page.get_by_text("It was too dark.").first.wait_for()
    story.show(patient, "88-take-it-again", whole=True)
    again = patient.page.locator("figure.photo").filter(has_text="It was too dark.").first
    again.get_by_label("Take a photo").set_input_files(story.photo)
    patient.page.get_by_text("1 photo before").click()
    story.show(patient, "89-taken-again", whole=True)
    specialist.page.goto(f"{specialist.url}/figures")
    specialist.page.get_by_role("table").first.wait_for()
    story.show(specialist, "90-figures", whole=True)
    specialist.read(address)


def _specialist_asks(story: "Story", specialist: Person) -> str:
    page = specialist.page
    page.get_by_role("button", name="Ask for photos").click()
    sheet = page.get_by_role("dialog", name="Ask for photos")
    sheet.get_by_label("What for?").select_option("dressing_change")
    sheet.get_by_label("Where on the body?").select_option("hand")
    sheet.get_by_label("Which side?").select_option("L")
    story.show(specialist, "80-ask-for-photos")
    sheet.get_by_role("button", name="Ask", exact=True).click()
    sheet.get_by_role("img").wait_for()
    story.show(specialist, "81-link-shown-once")
    link = sheet.get_by_role("textbox", name="The link", exact=True).input_value()
    page.keyboard.press("Escape")
    return link


def _holder_sends(story: "Story", link: str) -> None:
    holder = arrive(story.browser, story.service.origin, "Holder")
    page = holder.page
    page.goto(link)
    page.get_by_role("heading", name="Left hand, close up").wait_for()
    story.show(holder, "83-send", whole=True)
    page.get_by_role("button", name="Español").click()
    story.show(holder, "84-send-in-spanish", whole=True)
    page.get_by_role("button", name="English").click()
    for place in ("from further away", "close up"):
        page.get_by_label(f"Take a photo: Left hand, {place}").set_input_files(story.photo)
    page.get_by_role("heading", name="Thank you.").wait_for()
    story.show(holder, "85-all-sent", whole=True)
    page.goto(f"{holder.url}/send#t={'0' * 32}.bad")
    page.get_by_role("heading", name="This link does not work").wait_for()
    story.show(holder, "86-bad-link")
    page.goto(f"{holder.url}/outcome#t={'0' * 32}.bad")
    page.get_by_role("heading", name="This link does not work").wait_for()
    story.show(holder, "86-bad-link-of-an-outcome")


def _specialist_looks_over(story: "Story", specialist: Person) -> None:
    page = specialist.page
    page.get_by_role("link", name="Reviews").click()
    page.get_by_role("button", name="Good enough").first.wait_for()
    while not page.get_by_role("heading", name="Left forearm").is_visible():
        page.get_by_role("button", name="Good enough").first.click()
        page.wait_for_load_state("networkidle")
    page.get_by_role("radio", name="Too dark").check()
    story.show(specialist, "87-look-over", whole=True)
    page.get_by_role("button", name="Not good enough").click()
    page.wait_for_load_state("networkidle")
