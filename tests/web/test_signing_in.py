"""Passkeys: made once from a link, used without a name, gone after signing out."""

from playwright.sync_api import Dialog, expect

from tests.web.conftest import Visitors
from tests.web.person import Person


def test_a_link_makes_a_passkey_and_signs_in(newcomer: Person, link: str) -> None:
    """PW-1, ID-5."""
    newcomer.page.goto(link)
    expect(newcomer.page.get_by_role("heading", name="Set up your passkey")).to_be_visible()
    assert newcomer.page.url == f"{newcomer.url}/enrol", "the token stayed in the address"

    newcomer.page.get_by_role("button", name="Make my passkey").click()

    expect(newcomer.page.get_by_role("heading", name="My consults")).to_be_visible()
    expect(newcomer.page.get_by_text("Sam Newcomer")).to_be_visible()
    newcomer.page.reload()
    expect(newcomer.page.get_by_role("heading", name="My consults")).to_be_visible()


def test_a_used_link_is_refused_in_plain_words(patient: Person, visitors: Visitors) -> None:
    """PW-1, ID-5."""
    stranger = visitors.newcomer("Somebody else")
    stranger.expected = {400}

    stranger.page.goto(patient.link)
    stranger.page.get_by_role("button", name="Make my passkey").click()

    expect(stranger.page.get_by_role("alert")).to_contain_text("link")
    expect(stranger.page.get_by_role("button", name="Make my passkey")).to_be_enabled()
    stranger.go_home()
    expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_link_opened_in_the_page_that_is_there_works_too(newcomer: Person, link: str) -> None:
    newcomer.page.goto(f"{newcomer.url}/enrol")
    expect(newcomer.page.get_by_text("Open the link in your mail")).to_be_visible()

    newcomer.page.goto(link)

    newcomer.page.get_by_role("button", name="Make my passkey").click()
    expect(newcomer.page.get_by_role("heading", name="My consults")).to_be_visible()


def test_whoever_says_no_to_the_device_can_try_again(newcomer: Person, link: str) -> None:
    """PW-1, ID-2."""
    device = {"authenticatorId": newcomer.authenticator}
    newcomer.cdp.send("WebAuthn.setUserVerified", {**device, "isUserVerified": False})
    newcomer.page.goto(link)
    newcomer.page.get_by_role("button", name="Make my passkey").click()
    expect(newcomer.page.get_by_role("alert")).to_contain_text("Try again when you are ready")

    newcomer.cdp.send("WebAuthn.setUserVerified", {**device, "isUserVerified": True})
    newcomer.page.get_by_role("button", name="Make my passkey").click()

    expect(newcomer.page.get_by_role("heading", name="My consults")).to_be_visible()


def test_signing_out_leaves_nothing_and_the_passkey_alone_signs_in(patient: Person) -> None:
    """PW-1, SE-6."""
    address = patient.ask_for_help("Hot tea on my foot.")

    patient.sign_out()

    expect(patient.page.get_by_text("Hot tea on my foot.")).to_have_count(0)
    assert patient.page.url == f"{patient.url}/"
    assert patient.page.context.cookies() == []
    patient.page.go_back()
    expect(patient.page.get_by_role("heading", name="Sign in")).to_be_visible()
    patient.page.goto(address)
    expect(patient.page.get_by_role("heading", name="Sign in")).to_be_visible()
    patient.sign_in()
    expect(patient.page.locator(".asked")).to_contain_text("Hot tea on my foot.")


def test_the_field_offers_saved_passkeys(patient: Person) -> None:
    """PW-1."""
    patient.sign_out()

    patient.page.get_by_label("Or pick one that is saved").click()

    expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()


def test_a_session_that_ends_meanwhile_keeps_what_was_written(patient: Person) -> None:
    # Read anew: no look at the fresh consult is under way that would notice first.
    patient.read(patient.ask_for_help("Hot soup on my hand."))
    patient.write("It looks better today.")
    patient.page.context.clear_cookies()
    patient.expected = {401}

    patient.send()

    expect(patient.page.get_by_text("What you wrote is still here")).to_be_visible()
    patient.sign_in()
    expect(patient.page.get_by_label("Your message")).to_have_value("It looks better today.")
    patient.send()
    expect(patient.page.get_by_role("article")).to_contain_text("It looks better today.")


def test_after_signing_out_nobody_at_this_device_finds_what_was_written(patient: Person) -> None:
    """SE-6."""
    address = patient.ask_for_help("Hot wax on my knee.")
    patient.write("Not for other eyes.")
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    patient.page.once("dialog", agree)

    patient.sign_out()

    assert asked == ["Something is not sent yet. Sign out and lose it?"]
    patient.sign_in()
    patient.page.get_by_role("link").filter(has_text="Hot wax on my knee.").click()
    expect(patient.page).to_have_url(address)
    expect(patient.page.get_by_label("Your message")).to_have_value("")
