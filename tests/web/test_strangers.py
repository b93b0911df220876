"""A third browser: somebody signed in who has no part in what two others say and show.

Everything that the two browsers asked the service is recorded and asked again by strangers.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.test_accessible import check

REASON, QUESTION, ANSWER = "Kettle at quarter past nine", "Is it deep, doctor", "Silver dressing"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REPLAY = """async ([method, path, body, csrf]) => {
    const headers = { "X-CSRF-Token": csrf };
    if (body !== null) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, body, headers });
    if (answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
        await answer.body.cancel();
        return [answer.status, ""];
    }
    return [answer.status, await answer.text()];
}"""


@dataclass
class Tape:
    """What a page asked of the API, each once, and the ids that were in it."""

    asked: dict[tuple[str, str], str | None] = field(default_factory=dict[Any, Any])

    def note(self, request: Request) -> None:
        path = request.url.partition("/api/")[2]
        if path:
            sent = request.post_data_buffer or b""
            body = sent.decode() if sent.startswith(b"{") else ("" if sent else None)
            self.asked.setdefault((request.method, f"/api/{path}"), body)

    @contextmanager
    def over(self, *people: Person) -> Generator[None]:
        for person in people:
            person.page.on("request", self.note)
        yield
        for person in people:
            person.page.remove_listener("request", self.note)


@dataclass
class Story:
    """What two browsers said and showed to each other."""

    address: str
    patient: Person
    tape: Tape
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def story(visitors: Visitors, service: Service, photo: Path) -> Story:
    pat, ada = visitors.newcomer("Tamsin Quill"), visitors.newcomer("Dr. Ines Varga")
    pat.enrol(service.add_user("tamsin@example.org", "patient", pat.name))
    ada.enrol(service.add_user("ines@example.org", "specialist", ada.name))
    tape = Tape()
    with tape.over(pat, ada):
        address = pat.ask_for_help(REASON)
        pat.choose_photos(photo)
        pat.say(QUESTION)
        ada.read(address)
        ada.page.get_by_role("button", name=re.compile("^Open photo")).click()
        ada.page.get_by_text("removed").last.click()  # the certificate
        ada.page.get_by_role("button", name="Close the photo").click()
        ada.say(ANSWER)
        ada.page.get_by_role("button", name="Consent", exact=True).click()
        expect(ada.page.locator("li.consent").first).to_be_visible()
        ada.page.keyboard.press("Escape")
        pat.page.get_by_role("button", name="Who looked").click()
        expect(pat.page.locator("li.look").first).to_be_visible()
        pat.page.keyboard.press("Escape")
        pat.page.get_by_role("link", name="Your choices").click()
        expect(pat.page.get_by_text("Nobody now.")).to_be_visible()
    return Story(address, pat, tape, (REASON, QUESTION, ANSWER, pat.name, "tamsin@example.org"))


@pytest.fixture(params=["patient", "ems", "specialist"])
def stranger(request: pytest.FixtureRequest, visitors: Visitors, service: Service) -> Person:
    name = f"Nobody {request.param}"
    if name not in visitors.here:
        link = service.add_user(f"nobody-{request.param}@example.org", request.param, name)
        visitors.newcomer(name).enrol(link)
    person = visitors.here[name]
    person.expected = {400, 403, 404, 409, 415, 422}
    return person


def seen(person: Person) -> str:
    return person.page.locator("html").inner_text() + person.page.title()


def test_a_stranger_sees_nothing_of_it_on_any_page(stranger: Person, story: Story) -> None:
    """AZ-3, AZ-9."""
    patient_id = _UUID.findall(story.patient.page.url)[0]
    for path in ("/", "/account", "/people", "/reviews", "/emergencies", f"/patients/{patient_id}"):
        stranger.page.goto(f"{stranger.url}{path}")
        expect(stranger.page.locator("h1, [role=heading]").first).to_be_visible()
        stranger.page.wait_for_load_state("networkidle")
        assert not [secret for secret in story.secrets if secret in seen(stranger)], path
    stranger.page.goto(story.address)
    expect(stranger.page.get_by_role("alert").filter(visible=True)).to_be_visible()
    assert not [secret for secret in story.secrets if secret in seen(stranger)]
    assert stranger.page.locator("main img").count() == 0
    check(stranger.page)


def test_the_page_says_the_same_of_a_consult_that_is_not_there(
    stranger: Person, story: Story
) -> None:
    """AZ-9."""
    consult_id = _UUID.findall(story.address)[0]
    words: list[str] = []
    for address in (story.address, story.address.replace(consult_id, f"{'0' * 8}{consult_id[8:]}")):
        stranger.page.goto(address)
        expect(stranger.page.get_by_role("alert").filter(visible=True)).to_be_visible()
        words.append(seen(stranger))

    assert words[0] == words[1]


def replay(person: Person, story: Story) -> dict[tuple[str, str], tuple[int, str]]:
    """What the service answers to this person, for everything that names something of the story."""
    csrf = token_of(person)
    return {
        key: tuple(person.page.evaluate(_REPLAY, [*key, body, csrf]))
        for key, body in story.tape.asked.items()
        if _UUID.search(key[1])
    }


def token_of(person: Person) -> str:
    return person.page.evaluate(
        "fetch('/api/session').then((answer) => answer.json()).then((it) => it.csrf_token)"
    )


def test_everything_that_was_asked_is_asked_again_by_a_stranger_for_nothing(
    stranger: Person, story: Story
) -> None:
    """AZ-3."""
    stranger.go_home()

    answers = replay(stranger, story)

    assert len(answers) >= 12
    assert {method for method, _ in answers} >= {"GET", "PUT"}
    assert {key: status for key, (status, _) in answers.items() if status not in (403, 404)} == {}
    texts = [text for _, text in answers.values()]
    assert [one for text in texts for one in (*story.secrets, "csrf_refused") if one in text] == []


def test_nor_do_the_lists_of_a_stranger_tell_of_it(stranger: Person, story: Story) -> None:
    """AZ-3."""
    stranger.go_home()
    csrf = token_of(stranger)

    for path in ("/api/consults?limit=100", "/api/me/patients", "/api/me", "/api/users"):
        _, text = stranger.page.evaluate(_REPLAY, ["GET", path, None, csrf])
        assert [one for one in story.secrets if one in text] == [], path


def test_the_same_replay_tells_the_patient_everything(story: Story) -> None:
    """AZ-3. Without this, a replay that asks wrongly would pass."""
    story.patient.expected = {400, 403, 404, 409, 415, 422}
    story.patient.go_home()

    answers = replay(story.patient, story)

    texts = " ".join(text for status, text in answers.values() if status == 200)
    assert [one for one in (REASON, QUESTION, ANSWER) if one not in texts] == []
