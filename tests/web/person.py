"""Somebody at a phone: a browser context of their own, with a passkey device in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
    "defaultBackupEligibility": True,
    "defaultBackupState": True,
}
# The first question of every page; its answer to a stranger is 401.
_ASKS_WHO_I_AM = re.compile(r"/api/session$")


@dataclass
class Person:
    """What goes wrong in the page is collected in `problems`; refusals a test provokes on
    purpose are named in `expected` by their status."""

    name: str
    page: Page
    cdp: Any  # Playwright types what it sends as Dict[Unknown, Unknown]
    authenticator: str
    url: str
    link: str = ""
    """The invitation that was used up."""
    problems: list[str] = field(default_factory=list[str])
    expected: set[int] = field(default_factory=set[int])

    def go_home(self) -> None:
        self.page.goto(self.url)
        expect(self.page.get_by_role("main").get_by_role("heading").first).to_be_visible()

    def enrol(self, link: str) -> None:
        self.link = link
        self.page.goto(link)
        self.page.get_by_role("button", name="Make my passkey").click()
        expect(self.page.get_by_role("heading", name="My consults")).to_be_visible()

    def sign_in(self) -> None:
        self.page.get_by_role("button", name="Sign in with a passkey").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def change_device(self, *, backed_up: bool = True) -> None:
        """Go on with a phone that holds no passkey yet; the one before is out of reach."""
        self.cdp.send(
            "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator}
        )
        kept = {"defaultBackupEligibility": backed_up, "defaultBackupState": backed_up}
        added = self.cdp.send(
            "WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR | kept}
        )
        self.authenticator = added["authenticatorId"]

    def passkeys_on_device(self) -> int:
        held = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        return len(held["credentials"])

    def sign_out(self) -> None:
        self.expected.add(401)  # a look that was under way when the session ended
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def ask_for_help(self, reason: str) -> str:
        """Open a consult with the form as it is offered, and return its address."""
        self.page.get_by_role("button", name=re.compile("Ask for help|New consult")).click()
        dialog = self.page.get_by_role("dialog")
        self.say_no_emergency()
        dialog.get_by_label("What happened?").fill(reason)
        dialog.get_by_role("button", name=re.compile("Go on to photos|Open consult")).click()
        expect(self.page.locator(".asked")).to_contain_text(reason)
        return self.page.url

    def say_no_emergency(self) -> None:
        """A patient is asked for emergencies first; nobody else is."""
        none = self.page.get_by_role("button", name="None of these")
        if none.is_visible():
            none.click()

    def read(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.locator("consult-thread")).to_have_attribute("aria-busy", "false")

    def choose_photos(self, *files: Path) -> None:
        self.page.get_by_label("Choose photos").set_input_files(list(files))

    def write(self, words: str) -> None:
        self.page.get_by_label("Your message").fill(words)

    def send(self) -> None:
        self.page.get_by_role("button", name=re.compile("^(Send|Try again)")).click()

    def say(self, words: str) -> None:
        self.write(words)
        self.send()
        expect(self.page.get_by_role("article").filter(has_text=words)).to_be_visible()


def arrive(browser: Browser, url: str, name: str) -> Person:
    """A new person with an empty browser, at a phone with a fresh passkey device."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, locale="en-US"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    cdp: Any = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable", {"enableUI": False})
    added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    person = Person(name, page, cdp, added["authenticatorId"], url)
    page.on("console", lambda message: _note_console(person, message))
    page.on("pageerror", lambda error: person.problems.append(f"uncaught: {error}"))
    page.on("response", lambda response: _note_response(person, response))
    page.on("request", _refuse_strangers(person))
    return person


def _note_console(person: Person, message: ConsoleMessage) -> None:
    # A refused request is noted with its status by `_note_response`.
    if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
        person.problems.append(f"console: {message.text}")


def _note_response(person: Person, response: Response) -> None:
    if response.status < 400 or response.status in person.expected:
        return
    if response.status == 401 and _ASKS_WHO_I_AM.search(response.url):
        return
    person.problems.append(f"{response.status}: {response.request.method} {response.url}")


def _refuse_strangers(person: Person) -> Callable[..., None]:
    """A page that loads anything from another host would tell that host who is ill."""

    def check(request: object) -> None:
        address = str(getattr(request, "url", ""))
        if not address.startswith((person.url, "blob:", "data:")):
            person.problems.append(f"foreign request: {address}")

    return check
