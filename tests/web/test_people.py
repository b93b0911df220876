"""The people of the service, as coordinators and administrators see them."""

import re
from itertools import count

import pytest
from playwright.sync_api import Locator, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check, tab_to

_numbers = count(1)


@pytest.fixture
def desk(coordinator: Person) -> Person:
    return at_people(coordinator)


@pytest.fixture
def administrator(visitors: Visitors) -> Person:
    return visitors.enrolled("Alex Admin", "admin")


def at_people(person: Person) -> Person:
    if person.page.get_by_role("heading", name="Sign in").is_visible():
        person.sign_in()
    person.page.get_by_role("link", name="People").click()
    expect(person.page.get_by_role("heading", name="People", level=1)).to_be_focused()
    expect(person.page.locator(".people-rows")).to_have_attribute("aria-busy", "false")
    return person


def invite(person: Person, *, name: str, role: str = "Patient", email: str | None) -> Locator:
    person.page.get_by_role("button", name="Invite somebody").click()
    form = person.page.get_by_role("dialog", name="Invite somebody")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Who are they?").select_option(label=role)
    if email:
        form.get_by_label("E-mail", exact=True).fill(email)
    else:
        form.get_by_label("They have no e-mail").check()
    form.get_by_role("button", name="Invite", exact=True).click()
    sheet = person.page.get_by_role("dialog", name=name)
    expect(sheet).to_be_visible()
    return sheet


def without_email(desk: Person) -> tuple[str, Locator]:
    name = f"Mo Card {next(_numbers)}"
    return name, invite(desk, name=name, email=None)


class TestInviting:
    """ID-8. By mail, by a code on the screen, or by a card."""

    def test_somebody_with_an_address_is_sent_a_link(
        self, desk: Person, visitors: Visitors, service: Service
    ) -> None:
        address = f"lee{next(_numbers)}@example.org"
        sheet = invite(desk, name="Lee Mail", role="Burn specialist", email=address)
        expect(sheet).to_contain_text(f"A link is on its way to {address}")
        found = re.search(r"http://\S+/enrol#t=\S+", service.mail_to(address, "Your invitation"))
        assert found

        visitors.newcomer("Lee Mail").enrol(found[0])

    def test_a_patient_without_one_scans_a_code(self, desk: Person, visitors: Visitors) -> None:
        name, sheet = without_email(desk)
        with desk.page.expect_response(re.compile("/codes$")) as answered:
            sheet.get_by_role("button", name="Show a code to scan").click()
        picture = sheet.get_by_role("img", name="QR code")
        expect(picture).to_be_visible()
        assert (
            picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100
        )
        expect(sheet.get_by_role("timer")).to_have_text(re.compile(r"^(9:\d\d|10:00)$"))
        check(desk.page)

        visitors.newcomer(name).enrol(answered.value.json()["url"])

    def test_or_takes_home_a_card_and_types_its_code(
        self, desk: Person, visitors: Visitors
    ) -> None:
        name, sheet = without_email(desk)
        sheet.get_by_role("button", name="Print a card").click()
        code = sheet.locator(".code").filter(visible=True).inner_text()
        assert re.fullmatch(r"([0-9A-Z]{4}-){7}[0-9A-Z]{4}", code)
        check(desk.page)
        desk.page.emulate_media(media="print")
        paper = desk.page.locator("body").inner_text()
        desk.page.emulate_media(media="screen")
        assert code in paper
        assert "/enrol" in paper
        assert "It works once, until" in paper
        for other in ("Sign out", "Print the card", "Cancel", "Invite"):
            assert other not in paper

        patient = visitors.newcomer(name)
        patient.page.goto(f"{patient.url}/enrol")
        check(patient.page)
        patient.page.get_by_label("Code from your card").fill(code.lower().replace("-", " "))
        patient.page.get_by_role("button", name="Make my passkey").click()

        expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()

    def test_a_card_that_was_lost_is_cancelled(self, desk: Person, visitors: Visitors) -> None:
        name, sheet = without_email(desk)
        sheet.get_by_role("button", name="Print a card").click()
        code = sheet.locator(".code").filter(visible=True).inner_text()
        sheet.get_by_role("button", name="Cancel their links and codes").click()
        desk.page.get_by_role("button", name="Cancel them").click()
        expect(sheet).to_contain_text("is cancelled")

        finder = visitors.newcomer(name)
        finder.expected = {400}
        finder.page.goto(f"{finder.url}/enrol")
        finder.page.get_by_label("Code from your card").fill(code)
        finder.page.get_by_role("button", name="Make my passkey").click()

        expect(finder.page.get_by_role("alert")).to_contain_text("too old")

    def test_only_a_patient_comes_without_an_address(self, desk: Person) -> None:
        desk.page.get_by_role("button", name="Invite somebody").click()
        form = desk.page.get_by_role("dialog")
        check(desk.page)
        expect(form.get_by_label("They have no e-mail")).to_be_visible()

        form.get_by_label("Who are they?").select_option(label="Ambulance crew")

        expect(form.get_by_label("They have no e-mail")).to_be_hidden()
        expect(form.get_by_role("option", name="Administrator")).to_have_count(0)


def test_a_witness_and_a_mail_bring_somebody_back(
    desk: Person, visitors: Visitors, service: Service
) -> None:
    """ID-6. The coordinator's word is one proof, on record with its reason, for ten minutes."""
    number = next(_numbers)
    address = f"kim{number}@example.org"
    kim = visitors.newcomer(f"Kim Lost {number}")
    kim.enrol(service.add_user(address, "patient", kim.name))
    kim.sign_out()
    kim.change_device()
    desk.page.reload()
    desk.page.get_by_label("Find by name or e-mail").fill(address)
    desk.page.get_by_role("button", name=kim.name).click()
    sheet = desk.page.get_by_role("dialog", name=kim.name)
    sheet.get_by_text("They lost their phone or passkey").click()
    sheet.get_by_label("What happened?").select_option(label="It was stolen")
    sheet.get_by_role("button", name="I am sure. Make a code").click()
    code = sheet.locator(".code").filter(visible=True).inner_text()
    expect(sheet.get_by_role("timer")).to_have_text(re.compile(r"^(9:\d\d|10:00)$"))
    check(desk.page)

    kim.page.goto(f"{kim.url}/recover")
    kim.page.get_by_label("Your e-mail address").fill(address)
    kim.page.get_by_role("button", name="Mail me a link").click()
    found = re.search(r"http://\S+/recover#t=\S+", service.mail_to(address, "Your way back in"))
    assert found
    kim.page.goto(found[0])
    kim.page.get_by_label("One of your codes").fill(code)
    kim.page.get_by_role("button", name="Go on").click()
    kim.page.get_by_role("button", name="Make my new passkey").click()

    expect(kim.page.get_by_role("heading", name="Your account", level=1)).to_be_visible()


def test_an_administrator_shuts_somebody_out_and_lets_them_in_again(
    administrator: Person, visitors: Visitors, service: Service
) -> None:
    """SE-2. Whoever is shut out is out in the page that they have open, too."""
    number = next(_numbers)
    jo = visitors.newcomer(f"Jo Out {number}")
    jo.enrol(service.add_user(f"jo{number}@example.org", "ems", jo.name))
    page = at_people(administrator).page
    page.get_by_role("button", name=jo.name).click()
    sheet = page.get_by_role("dialog", name=jo.name)
    sheet.get_by_role("button", name="Shut out").click()
    page.get_by_role("dialog", name="Shut out Jo").get_by_role("button", name="Shut out").click()
    expect(sheet).to_contain_text("This person is shut out.")
    check(page)
    jo.expected = {401}
    jo.page.reload()
    expect(jo.page.get_by_role("heading", name="Sign in")).to_be_visible()

    sheet.get_by_role("button", name="Let in again").click()
    expect(sheet).to_contain_text("can sign in again")

    jo.sign_in()


def test_everything_about_people_wants_the_passkey_touched_lately(
    desk: Person, service: Service
) -> None:
    """SE-4."""
    service.forget_the_touch()
    desk.expected = {403}
    desk.page.get_by_role("button", name="Invite somebody").click()
    form = desk.page.get_by_role("dialog", name="Invite somebody")
    form.get_by_label("Name").fill("Step Up")
    form.get_by_label("E-mail", exact=True).fill(f"step{next(_numbers)}@example.org")
    form.get_by_role("button", name="Invite", exact=True).click()

    desk.page.get_by_role("button", name="Use my passkey").click()

    expect(desk.page.get_by_role("dialog", name="Step Up")).to_contain_text("on its way")


def test_an_address_that_is_taken_is_told_in_the_form(desk: Person) -> None:
    address = f"twice{next(_numbers)}@example.org"
    invite(desk, name="Once", email=address)
    desk.page.keyboard.press("Escape")
    desk.expected = {409, 422}
    desk.page.get_by_role("button", name="Invite somebody").click()
    form = desk.page.get_by_role("dialog", name="Invite somebody")
    form.get_by_label("Name").fill("Twice")
    form.get_by_label("E-mail", exact=True).fill(address)

    form.get_by_role("button", name="Invite", exact=True).click()

    expect(form.get_by_role("alert")).to_be_visible()
    expect(form.get_by_label("Name")).to_have_value("Twice")


def test_the_list_is_fit_for_everybody_and_needs_no_pointer(desk: Person) -> None:
    page = desk.page
    check(page)
    page.get_by_label("Find by name or e-mail").fill("robin")
    expect(page.get_by_text("1 person")).to_be_visible()

    tab_to(page, page.get_by_role("button", name="Robin Hale"))
    page.keyboard.press("Enter")

    sheet = page.get_by_role("dialog", name="Robin Hale")
    expect(sheet).to_contain_text("nothing for you to do here")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_a_patient_finds_no_list_of_people(patient: Person) -> None:
    expect(patient.page.get_by_role("link", name="People")).to_have_count(0)
    patient.page.goto(f"{patient.url}/people")

    expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()
