"""A photo that lies on its side is turned where it is seen, and stays turned for everybody."""

import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.service import Service
from tests.web.person import Person
from tests.web.pictures import make_photo
from tests.web.test_accessible import check, tab_to

TURN = re.compile("Turn photo: ")
TALL, WIDE = (
    re.compile(r"1200 . 1600 pixels · Turned by you"),
    re.compile(r"1600 . 1200 pixels · Turned by you"),
)


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    return make_photo(tmp_path / "wide.jpg", size=(1600, 1200))


def shows(person: Person, photo: Path, words: str = "Look.") -> str:
    """Send a photo in a consult of its own; the address."""
    address = person.ask_for_help("It lies on its side.")
    person.choose_photos(photo)
    person.say(words)
    expect(person.page.get_by_role("article").get_by_role("img")).to_be_visible()
    return address


def is_tall(picture: Locator) -> None:
    expect(picture).to_have_js_property("complete", value=True)
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.naturalHeight > image.naturalWidth")


def nobody_knows_which_side_is_up(service: Service, address: str) -> None:
    """As of a file that contradicts itself, which no library here can write."""
    with sqlite3.connect(service.data_dir / "consult.db", timeout=10) as database:
        changed = database.execute(
            "UPDATE photo SET orientation_uncertain = 1 WHERE consult_id = ?",
            [address.rsplit("/", 1)[-1].replace("-", "")],
        )
        assert changed.rowcount == 1
    database.close()


def test_a_photo_is_turned_in_the_viewer_as_often_as_wanted(patient: Person, wide: Path) -> None:
    shows(patient, wide)
    patient.page.get_by_role("button", name="Open photo").click()
    viewer = patient.page.get_by_role("dialog")
    picture, turn = viewer.get_by_role("img"), viewer.get_by_role("button", name="Turn")

    turn.click()

    expect(viewer).to_contain_text(TALL)
    expect(viewer.get_by_role("status")).to_have_text("The photo was turned.")
    expect(turn).to_be_focused()
    is_tall(picture)
    patient.page.keyboard.press("Enter")
    expect(viewer).to_contain_text(WIDE)
    viewer.get_by_text("Location and 1 other hidden item were removed.").click()
    expect(viewer.get_by_text("Not one pixel was changed.")).to_be_visible()
    check(patient.page)


def test_closing_the_viewer_leads_back_to_the_photo_that_was_turned(
    patient: Person, wide: Path
) -> None:
    shows(patient, wide)
    patient.page.get_by_role("button", name="Open photo").click()
    patient.page.get_by_role("dialog").get_by_role("button", name="Turn").click()
    expect(patient.page.get_by_role("dialog")).to_contain_text("Turned by you")

    patient.page.keyboard.press("Escape")

    expect(patient.page.get_by_role("button", name="Open photo")).to_be_focused()
    message = patient.page.get_by_role("article")
    expect(message).to_contain_text("Turned by you")
    expect(message.get_by_role("img")).to_have_count(1)
    is_tall(message.get_by_role("img"))


def test_everybody_else_sees_it_turned_at_once(
    patient: Person, specialist: Person, wide: Path
) -> None:
    specialist.read(shows(patient, wide))
    specialist.page.get_by_role("button", name="Open photo").click()

    specialist.page.get_by_role("dialog").get_by_role("button", name="Turn").click()

    message = patient.page.get_by_role("article")
    expect(message).to_contain_text("Turned by Dr. Ada Okafor")
    expect(message.get_by_role("img")).to_have_count(1)
    is_tall(message.get_by_role("img"))


def test_whoever_comes_second_is_told_so(patient: Person, specialist: Person, wide: Path) -> None:
    specialist.read(shows(patient, wide))
    for person in (patient, specialist):
        person.page.get_by_role("button", name="Open photo").click()
    patient.page.get_by_role("dialog").get_by_role("button", name="Turn").click()
    expect(patient.page.get_by_role("dialog")).to_contain_text("Turned by you")
    specialist.expected = {409}

    specialist.page.get_by_role("dialog").get_by_role("button", name="Turn").click()

    alert = specialist.page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("taken the place of this one. Open it again")


def test_an_uncertain_photo_is_asked_about_and_turned_by_keyboard(
    patient: Person, service: Service, wide: Path
) -> None:
    address = shows(patient, wide)
    nobody_knows_which_side_is_up(service, address)
    patient.read(address)
    message = patient.page.get_by_role("article")
    expect(message).to_contain_text("Is this the right way up?")
    check(patient.page)

    tab_to(patient.page, message.get_by_role("button", name=TURN))
    patient.page.keyboard.press("Enter")

    expect(message).to_contain_text("Turned by you")
    expect(message).not_to_contain_text("Is this the right way up?")
    expect(message.get_by_role("button", name=TURN)).to_be_focused()
    expect(patient.page.locator("#status")).to_have_text("The photo was turned.")
    is_tall(message.get_by_role("img"))
    check(patient.page)


def test_a_certain_photo_is_not_asked_about(patient: Person, photo: Path) -> None:
    shows(patient, photo)

    expect(patient.page.get_by_role("button", name=TURN)).to_be_hidden()


def test_whoever_may_not_turn_a_photo_is_not_offered_to(
    patient: Person, specialist: Person, coordinator: Person, service: Service, wide: Path
) -> None:
    address = patient.ask_for_help("Theirs.")
    specialist.read(address)
    specialist.choose_photos(wide)
    specialist.say("Compare with this one.")
    nobody_knows_which_side_is_up(service, address)

    for person in (patient, coordinator):
        person.read(address)
        expect(person.page.get_by_role("article")).to_be_visible()
        expect(person.page.get_by_text("Is this the right way up?")).to_be_hidden()
    patient.read(address)
    patient.page.get_by_role("button", name="Open photo").click()
    expect(patient.page.get_by_role("dialog").get_by_role("button", name="Turn")).to_be_hidden()


def test_a_closed_consult_offers_no_turn(
    patient: Person, specialist: Person, service: Service, wide: Path
) -> None:
    address = shows(patient, wide)
    nobody_knows_which_side_is_up(service, address)
    patient.read(address)
    expect(patient.page.get_by_text("Is this the right way up?")).to_be_visible()
    specialist.read(address)
    with patient.page.expect_response("**/read"):  # only what was read can be closed
        specialist.say("It heals well.")
    specialist.page.get_by_role("button", name="Close consult").click()

    specialist.page.get_by_role("dialog").get_by_role("button", name="Close consult").click()

    expect(patient.page.get_by_text("This consult is closed")).to_be_visible()
    expect(patient.page.get_by_text("Is this the right way up?")).to_be_hidden()


def test_a_lost_answer_does_not_turn_it_twice(patient: Person, wide: Path) -> None:
    patient.page.route(re.compile("/events"), lambda route: route.abort())
    shows(patient, wide)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.request.post_data or "")
        route.fetch()  # it arrives
        return route.abort()  # and nobody hears of it

    patient.page.route(re.compile("/turn$"), lose)
    patient.page.get_by_role("button", name="Open photo").click()
    viewer = patient.page.get_by_role("dialog")
    viewer.get_by_role("button", name="Turn").click()
    expect(viewer.get_by_role("alert")).to_contain_text("reach Consult right now")

    viewer.get_by_role("button", name="Turn").click()

    expect(viewer).to_contain_text(TALL)
    patient.page.unroute_all()
