"""Your account: several passkeys, where one is signed in, saved codes, and the touch that guards them."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check, tab_to


@pytest.fixture
def account(newcomer: Person, link: str) -> Person:
    """Somebody new, at the page of their account."""
    newcomer.enrol(link)
    newcomer.page.get_by_role("link", name="Your account").click()
    expect(newcomer.page.get_by_role("heading", name="Your account", level=1)).to_be_focused()
    expect(rows(newcomer, "own-passkeys")).to_have_count(1)
    return newcomer


def rows(person: Person, place: str) -> Locator:
    return person.page.locator(place).get_by_role("listitem")


def add_a_second(person: Person) -> None:
    person.change_device()
    person.page.get_by_role("button", name="Add a passkey").click()
    expect(rows(person, "own-passkeys")).to_have_count(2)


class TestPasskeys:
    """ID-6. Several on one account; each has a name; the last one stays."""

    def test_the_last_one_cannot_be_removed_and_the_page_says_why(self, account: Person) -> None:
        only = rows(account, "own-passkeys")

        expect(only).to_contain_text("You used this one")
        expect(only.get_by_role("button", name="Remove")).to_have_count(0)
        expect(account.page.get_by_text("This is your only passkey")).to_be_visible()

    def test_a_second_one_is_added_named_and_signs_in(self, account: Person) -> None:
        add_a_second(account)
        account.page.get_by_role("textbox", name="Name of this passkey").fill("The tablet")
        account.page.keyboard.press("Enter")
        tablet = rows(account, "own-passkeys").filter(has_text="The tablet")
        expect(tablet).to_be_visible()
        expect(tablet.get_by_role("button", name="Rename The tablet")).to_be_focused()

        account.sign_out()
        account.sign_in()  # the device of the first one is gone: this is the second

        account.page.get_by_role("link", name="Your account").click()
        expect(tablet).to_contain_text("You used this one")

    def test_naming_can_be_called_off(self, account: Person) -> None:
        name = rows(account, "own-passkeys").locator("strong").inner_text()
        account.page.get_by_role("button", name="Rename").click()
        account.page.get_by_role("textbox", name="Name of this passkey").fill("Not this")

        account.page.get_by_role("button", name="Cancel").click()

        expect(rows(account, "own-passkeys")).to_contain_text(name)
        expect(account.page.get_by_role("button", name="Rename")).to_be_focused()

    def test_one_is_removed_only_after_a_question(self, account: Person) -> None:
        add_a_second(account)
        account.page.get_by_role("button", name="Cancel").click()
        first = rows(account, "own-passkeys").first
        first.get_by_role("button", name="Remove").click()
        account.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(rows(account, "own-passkeys")).to_have_count(2)

        first.get_by_role("button", name="Remove").click()
        account.page.get_by_role("dialog").get_by_role("button", name="Remove it").click()

        expect(rows(account, "own-passkeys")).to_have_count(1)
        expect(account.page.get_by_role("button", name="Remove")).to_have_count(0)

    def test_the_password_manager_hears_of_a_removal(self, account: Person) -> None:
        add_a_second(account)
        assert account.passkeys_on_device() == 1
        account.page.get_by_role("button", name="Cancel").click()

        rows(account, "own-passkeys").last.get_by_role("button", name="Remove").click()
        account.page.get_by_role("dialog").get_by_role("button", name="Remove it").click()

        expect(rows(account, "own-passkeys")).to_have_count(1)
        account.page.wait_for_timeout(500)
        assert account.passkeys_on_device() == 0


class TestStepUp:
    """SE-4. What matters most wants the passkey touched within five minutes."""

    @pytest.fixture
    def stale(self, account: Person, service: Service) -> Person:
        service.forget_the_touch()
        account.expected = {403}
        return account

    def test_the_page_asks_and_the_action_then_succeeds(self, stale: Person) -> None:
        stale.page.get_by_role("button", name="Make eight codes").click()
        dialog = stale.page.get_by_role("dialog", name="Confirm it")
        expect(dialog.get_by_role("button", name="Use my passkey")).to_be_focused()

        stale.page.keyboard.press("Enter")

        expect(stale.page.locator(".codes li")).to_have_count(8)
        expect(dialog).to_have_count(0)
        # The session goes on with its new guard: the next unsafe request is not refused.
        stale.page.get_by_role("button", name="I have kept them").click()
        stale.expected = set()
        stale.page.get_by_role("link", name="My consults").click()
        stale.ask_for_help("After the touch.")

    def test_calling_it_off_leaves_things_as_they_were(self, stale: Person) -> None:
        stale.page.get_by_role("button", name="Make eight codes").click()

        stale.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

        expect(stale.page.get_by_role("dialog")).to_have_count(0)
        expect(stale.page.get_by_text("You have no codes yet.")).to_be_visible()
        expect(stale.page.get_by_role("alert")).to_have_count(0)
        expect(stale.page.get_by_role("button", name="Make eight codes")).to_be_enabled()

    def test_a_device_that_says_no_can_be_asked_again(self, stale: Person) -> None:
        device = {"authenticatorId": stale.authenticator}
        stale.cdp.send("WebAuthn.setUserVerified", {**device, "isUserVerified": False})
        stale.page.get_by_role("button", name="Make eight codes").click()
        use = stale.page.get_by_role("button", name="Use my passkey")
        use.click()
        expect(stale.page.get_by_role("alert")).to_contain_text("Try again when you are ready")

        stale.cdp.send("WebAuthn.setUserVerified", {**device, "isUserVerified": True})
        use.click()

        expect(stale.page.locator(".codes li")).to_have_count(8)

    def test_the_question_is_fit_for_everybody(self, stale: Person) -> None:
        stale.page.get_by_role("button", name="Make eight codes").click()
        expect(stale.page.get_by_role("dialog")).to_be_visible()

        check(stale.page)


class TestSavedCodes:
    """ID-6. Eight codes, on the screen once."""

    def test_they_are_shown_once_and_counted(self, account: Person) -> None:
        account.page.get_by_role("button", name="Make eight codes").click()
        codes = account.page.locator(".codes li")
        expect(codes).to_have_count(8)
        for code in codes.all_inner_texts():
            assert re.fullmatch(r"([0-9A-Z]{4}-){5}[0-9A-Z]{4}", code)
        check(account.page)

        account.page.get_by_role("button", name="I have kept them").click()

        expect(codes).to_have_count(0)
        expect(account.page.get_by_text("You have 8 codes left.")).to_be_visible()
        account.page.reload()
        expect(account.page.get_by_text("You have 8 codes left.")).to_be_visible()
        expect(codes).to_have_count(0)

    def test_on_paper_come_the_codes_and_nothing_else(self, account: Person) -> None:
        account.page.get_by_role("button", name="Make eight codes").click()
        expect(account.page.locator(".codes li")).to_have_count(8)

        account.page.emulate_media(media="print")

        seen = account.page.locator("body").inner_text()
        account.page.emulate_media(media="screen")
        assert seen.startswith("Your eight codes for Consult")
        assert "/recover" in seen
        for other in ("Sign out", "Passkeys", "I have kept them", "emergencies"):
            assert other not in seen

    def test_they_can_be_copied(self, account: Person) -> None:
        account.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        account.page.get_by_role("button", name="Make eight codes").click()
        expect(account.page.locator(".codes li")).to_have_count(8)
        codes = account.page.locator(".codes li").all_inner_texts()

        account.page.get_by_role("button", name="Copy").click()

        expect(account.page.get_by_role("button", name="Copied")).to_be_visible()
        assert account.page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)


class TestPlaces:
    """SE-2. One sees where one is signed in, and ends it."""

    @pytest.fixture
    def twice(self, account: Person) -> Person:
        """Signed in here and, by the same passkey, in a browser that forgot its cookie."""
        account.page.context.clear_cookies()
        account.go_home()
        account.sign_in()
        account.page.get_by_role("link", name="Your account").click()
        expect(rows(account, "signed-in-places")).to_have_count(2)
        return account

    def test_another_place_is_signed_out(self, twice: Person) -> None:
        other = rows(twice, "signed-in-places").get_by_role("button", name="Sign out")
        expect(other).to_have_count(1)  # not this one: that is what the button above is for

        other.click()

        expect(rows(twice, "signed-in-places")).to_have_count(1)
        expect(rows(twice, "signed-in-places")).to_contain_text("Here")

    def test_all_others_are_signed_out_at_once(self, twice: Person) -> None:
        twice.page.get_by_role("button", name="Sign out everywhere else").click()
        dialog = twice.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Sign out everywhere else").click()

        expect(rows(twice, "signed-in-places")).to_have_count(1)
        twice.page.reload()
        expect(twice.page.get_by_role("heading", name="Your account", level=1)).to_be_visible()


def test_a_passkey_on_one_device_alone_brings_advice(newcomer: Person, link: str) -> None:
    """ID-6. Whoever would be locked out by one lost phone is told so, and how to mend it."""
    newcomer.change_device(backed_up=False)
    newcomer.enrol(link)
    dialog = newcomer.page.get_by_role("dialog")
    expect(dialog).to_contain_text("If you lose it, you are locked out")
    check(newcomer.page)
    dialog.get_by_role("button", name="Set that up now").click()
    advice = newcomer.page.get_by_text("If you lose this device, you are locked out.")
    expect(advice).to_be_visible()

    newcomer.page.get_by_role("button", name="Make eight codes").click()

    expect(advice).to_be_hidden()


def test_a_passkey_that_is_kept_elsewhere_brings_none(newcomer: Person, link: str) -> None:
    with newcomer.page.expect_response("**/api/passkeys"):
        newcomer.enrol(link)
    newcomer.page.wait_for_timeout(300)
    expect(newcomer.page.get_by_role("dialog")).to_have_count(0)


def test_the_account_is_fit_for_everybody(account: Person) -> None:
    add_a_second(account)
    expect(account.page.get_by_role("textbox", name="Name of this passkey")).to_be_focused()

    check(account.page)


def test_the_account_needs_no_pointer(account: Person) -> None:
    page = account.page
    page.keyboard.press("Tab")
    tab_to(page, page.get_by_role("button", name="Rename"))
    page.keyboard.press("Enter")
    page.keyboard.type("My phone")
    page.keyboard.press("Enter")
    expect(rows(account, "own-passkeys")).to_contain_text("My phone")
    tab_to(page, page.get_by_role("button", name="Make eight codes"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your eight codes")).to_be_focused()


def test_nobody_sees_an_account_without_signing_in(visitors: Visitors) -> None:
    stranger = visitors.newcomer("Somebody")

    for path in ("/account", "/people"):
        stranger.page.goto(stranger.url + path)
        expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()
