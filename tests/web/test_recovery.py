"""The way back in: a link by mail and a code, and a new passkey for the one that was lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check

SUBJECT = "Your way back in"


def link_in(mail: str) -> str:
    found = re.search(r"http://\S+/recover#t=\S+", mail)
    assert found
    return found[0]


@pytest.fixture
def codes(newcomer: Person, link: str) -> list[str]:
    """The saved codes of somebody who then loses their phone."""
    newcomer.enrol(link)
    newcomer.page.get_by_role("link", name="Your account").click()
    newcomer.page.get_by_role("button", name="Make eight codes").click()
    expect(newcomer.page.locator(".codes li")).to_have_count(8)
    saved = newcomer.page.locator(".codes li").all_inner_texts()
    newcomer.page.get_by_role("button", name="I have kept them").click()
    newcomer.sign_out()
    newcomer.change_device()
    return saved


def ask_for_a_link(person: Person, address: str) -> None:
    person.go_home()
    person.page.get_by_role("link", name="Lost your phone?").click()
    expect(person.page.get_by_role("heading", name="Get back in")).to_be_focused()
    person.page.get_by_label("Your e-mail address").fill(address)
    person.page.get_by_role("button", name="Mail me a link").click()
    expect(person.page.get_by_text("If we know this address, a link is on its way")).to_be_visible()


class TestRecovery:
    """ID-6. Two proofs bring back in; one opens nothing."""

    def test_a_link_and_a_saved_code_make_a_new_passkey(
        self, newcomer: Person, codes: list[str], address: str, service: Service
    ) -> None:
        page = newcomer.page
        ask_for_a_link(newcomer, address)
        check(page)
        page.goto(link_in(service.mail_to(address, SUBJECT)))
        expect(page, "the token must not stay in the address").to_have_url(
            f"{newcomer.url}/recover"
        )
        check(page)
        page.get_by_label("One of your codes").fill(codes[0].lower().replace("-", " "))
        page.get_by_role("button", name="Go on").click()
        lost = page.get_by_role("group", name="Which of these did you lose?").get_by_role(
            "checkbox"
        )
        expect(lost).to_have_count(1)
        check(page)
        lost.check()

        page.get_by_role("button", name="Make my new passkey").click()

        expect(page.get_by_role("heading", name="Your account", level=1)).to_be_visible()
        expect(page.locator("own-passkeys").get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_text("You have 7 codes left.")).to_be_visible()
        service.mail_to(address, "How you sign in has changed")
        newcomer.sign_out()
        newcomer.sign_in()

    def test_a_wrong_code_is_refused_in_plain_words_and_can_be_mended(
        self, newcomer: Person, codes: list[str], address: str, service: Service
    ) -> None:
        ask_for_a_link(newcomer, address)
        newcomer.page.goto(link_in(service.mail_to(address, SUBJECT)))
        newcomer.expected = {400}
        field = newcomer.page.get_by_label("One of your codes")
        field.fill("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF")
        newcomer.page.get_by_role("button", name="Go on").click()
        expect(newcomer.page.get_by_role("alert")).to_contain_text("do not open an account")

        field.fill(codes[3])
        newcomer.page.get_by_role("button", name="Go on").click()

        expect(newcomer.page.get_by_role("button", name="Make my new passkey")).to_be_visible()

    def test_the_answer_is_the_same_for_an_address_that_nobody_has(
        self, visitors: Visitors
    ) -> None:
        ask_for_a_link(visitors.newcomer("Somebody"), "nobody-at-all@example.org")

    def test_no_link_and_no_mail_takes_a_card_and_a_code(self, visitors: Visitors) -> None:
        stranger = visitors.newcomer("Somebody")
        stranger.page.goto(f"{stranger.url}/recover")
        stranger.page.get_by_role("button", name="I have a card and no e-mail").click()

        expect(stranger.page.get_by_label("Code from your card")).to_be_visible()
        expect(stranger.page.get_by_label("One of your codes")).to_be_visible()
        check(stranger.page)


def test_the_first_page_of_recovery_is_fit_for_everybody(visitors: Visitors) -> None:
    stranger = visitors.newcomer("Somebody")
    stranger.page.goto(f"{stranger.url}/recover")
    expect(stranger.page.get_by_label("Your e-mail address")).to_be_visible()

    check(stranger.page)
