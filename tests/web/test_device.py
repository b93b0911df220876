"""The rig's tablet in a real browser: it sends before anybody signs in, and shows nothing."""

import re
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.service import Service
from tests.web.conftest import Visitors
from tests.web.person import Person
from tests.web.pictures import make_photo
from tests.web.test_accessible import check

_RIGS = count(1)


@pytest.fixture
def rig() -> str:
    return f"Medic {100 + next(_RIGS)}"


@pytest.fixture
def tablet(visitors: Visitors, service: Service, rig: str) -> Iterator[Person]:
    """An enrolled tablet with nobody signed in on it, and an empty passkey device at hand."""
    tablet = visitors.newcomer(rig)
    tablet.page.goto(service.command("device", "add", "--name", rig)[-1])
    tablet.page.get_by_role("button", name="Set up this tablet").click()
    expect(tablet.page.get_by_role("heading", name=rig)).to_be_visible()
    yield tablet
    del visitors.here[rig]  # what its page still asks is not the next test's business
    tablet.page.context.close()


@pytest.fixture(scope="session")
def other_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photo(tmp_path_factory.mktemp("photos") / "IMG_0043.jpg", size=(900, 1200))


@pytest.fixture
def sam(tablet: Person, service: Service, rig: str) -> Person:
    """A crew member whose passkey is at hand, signed out."""
    link = service.add_user(f"sam.{rig.split()[1]}@example.org", "ems", "Sam Rivera")
    tablet.page.goto(link)
    tablet.page.get_by_role("button", name="Make my passkey").click()
    expect(tablet.page.get_by_role("button", name="End shift")).to_be_visible()
    end_shift(tablet)
    return tablet


def send(tablet: Person, *photos: Path) -> None:
    tablet.page.get_by_label("Send photos now").set_input_files(list(photos))


def sign_in(tablet: Person) -> None:
    tablet.page.get_by_role("button", name="Sign in to read answers").click()
    tablet.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(tablet.page.get_by_role("button", name="End shift")).to_be_visible()


def end_shift(tablet: Person) -> None:
    tablet.expected.add(401)  # a look that was under way when the session ended
    tablet.page.get_by_role("button", name="End shift").click()
    expect(tablet.page.get_by_label("Send photos now")).to_be_attached()


def sent(page: Page, words: str) -> None:
    expect(page.locator("device-door .count")).to_have_text(words)


def device_ids(service: Service) -> dict[str, str]:
    lines = [line.split("  ") for line in service.command("device", "list")]
    return {line[1]: line[0] for line in lines}


def test_a_link_makes_a_tablet_with_a_key_that_nobody_can_read_out(tablet: Person) -> None:
    assert tablet.page.url == f"{tablet.url}/", "the token stayed in the address"

    extractable = tablet.page.evaluate(
        """() => new Promise((resolve, reject) => {
            const opening = indexedDB.open("consult-device");
            opening.onsuccess = () => {
                const store = opening.result.transaction("tablet").objectStore("tablet");
                const found = store.get("tablet");
                found.onsuccess = () => resolve([found.result.key.type, found.result.key.extractable]);
            };
            opening.onerror = reject;
        })"""
    )

    assert extractable == ["private", False]
    tablet.page.reload()
    expect(tablet.page.get_by_role("button", name="Sign in to read answers")).to_be_visible()


def test_a_used_link_is_refused_in_plain_words(
    visitors: Visitors, service: Service, rig: str
) -> None:
    link = service.command("device", "add", "--name", rig)[-1]
    first, second = visitors.newcomer(rig), visitors.newcomer("Somebody else")
    second.expected = {401}
    for person in (first, second):
        person.page.goto(link)
        person.page.get_by_role("button", name="Set up this tablet").click()
        if person is first:
            expect(person.page.get_by_role("heading", name=rig)).to_be_visible()

    expect(second.page.get_by_role("alert")).to_contain_text("Ask whoever looks after Consult")


def test_photos_go_before_anybody_signs_in_and_a_crew_claims_them(
    sam: Person, specialist: Person, photo: Path, other_photo: Path, rig: str
) -> None:
    page = sam.page
    send(sam, photo, other_photo)
    sent(page, "2 photos sent, 0 waiting")
    expect(page.get_by_text(re.compile(r"Receipt [0-9a-f]{8}"))).to_have_count(2)

    # Nothing of it can be read here, by the page or by hand.
    statuses = page.evaluate(
        """async () => {
            const paths = ["/api/consults", "/api/me", "/api/session", "/api/uploads"];
            return Promise.all(paths.map(async (path) => (await fetch(path)).status));
        }"""
    )
    sam.problems.clear()
    assert set(statuses) <= {401, 403, 404}
    expect(page.locator("img")).to_have_count(0)

    specialist.go_home()
    row = specialist.page.get_by_role("link").filter(has_text=f"From {rig}")
    expect(row).to_contain_text("2 photos")
    row.click()
    specialist.say("Cool it for twenty minutes.")

    sign_in(sam)
    claim = page.get_by_role("group", name="Sent from this tablet")
    expect(claim).to_contain_text("2 photos were sent from this tablet before you signed in.")
    claim.get_by_role("button", name="They are mine").click()

    expect(
        page.get_by_role("article").filter(has_text="Cool it for twenty minutes.")
    ).to_be_visible()
    expect(page.get_by_role("article").get_by_role("img")).to_have_count(2)
    mine = page.locator("consult-view").get_by_text(f"{rig}, claimed by you")
    expect(mine).to_have_count(2)  # in the head, and over the photos
    expect(mine.first).to_be_visible()
    theirs = specialist.page.locator("consult-view").get_by_text(f"{rig}, claimed by Sam Rivera")
    expect(theirs).to_have_count(2)
    expect(theirs.first).to_be_visible()
    page.get_by_role("link", name="Back to my consults").click()
    expect(claim).to_be_hidden()
    end_shift(sam)
    expect(page.get_by_text("Cool it for twenty minutes.")).to_have_count(0)


def test_the_same_photo_twice_is_two_photos_of_one_patient_and_the_next_patient_is_another(
    tablet: Person, specialist: Person, photo: Path, rig: str
) -> None:
    send(tablet, photo)
    sent(tablet.page, "1 photo sent, 0 waiting")
    send(tablet, photo)
    sent(tablet.page, "2 photos sent, 0 waiting")

    tablet.page.get_by_role("button", name="Next patient").click()
    send(tablet, photo)

    sent(tablet.page, "1 photo sent, 0 waiting")
    specialist.go_home()
    rows = specialist.page.get_by_role("link").filter(has_text=f"From {rig}")
    expect(rows).to_have_count(2)


def test_what_cannot_go_now_waits_and_goes_by_itself(tablet: Person, photo: Path) -> None:
    tablet.expected = {403}  # the answer to its proof may be cut off: it shows its key once more
    tablet.page.context.set_offline(True)
    send(tablet, photo)
    sent(tablet.page, "0 photos sent, 1 waiting")
    expect(tablet.page.get_by_role("alert")).to_contain_text("Nothing is lost")

    tablet.page.context.set_offline(False)

    sent(tablet.page, "1 photo sent, 0 waiting")


def test_a_lost_answer_sends_nothing_twice(
    tablet: Person, specialist: Person, photo: Path, rig: str
) -> None:
    lost: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        route.fetch()
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.abort()

    tablet.page.route("**/photos/*", lose_the_first_answer)
    send(tablet, photo)

    sent(tablet.page, "1 photo sent, 0 waiting")
    assert lost
    specialist.go_home()
    row = specialist.page.get_by_role("link").filter(has_text=f"From {rig}")
    expect(row).to_contain_text("1 photo")
    tablet.page.unroute("**/photos/*")


def test_a_right_that_ran_out_is_had_again_without_a_word(tablet: Person, photo: Path) -> None:
    tablet.page.context.clear_cookies()  # a quarter of an hour later
    tablet.expected = {401}

    send(tablet, photo)

    sent(tablet.page, "1 photo sent, 0 waiting")


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day_changes_nothing(
    sam: Person, photo: Path, days: int
) -> None:
    sam.page.clock.install(time=time.time() + days * 86_400)
    sam.page.reload()
    send(sam, photo)
    sent(sam.page, "1 photo sent, 0 waiting")

    sign_in(sam)
    sam.page.get_by_role("button", name="They are mine").click()

    expect(sam.page.get_by_role("article").get_by_role("img")).to_have_count(1)
    end_shift(sam)


def test_a_tablet_taken_out_of_service_says_so_and_sends_nothing(
    tablet: Person, service: Service, photo: Path, rig: str
) -> None:
    send(tablet, photo)
    sent(tablet.page, "1 photo sent, 0 waiting")
    service.command("device", "revoke", device_ids(service)[rig])
    tablet.expected = {401}

    send(tablet, photo)

    expect(tablet.page.get_by_role("alert")).to_contain_text("Ask whoever looks after Consult")
    sent(tablet.page, "1 photo sent, 1 waiting")
    tablet.page.get_by_role("button", name="Sign in to read answers").click()
    expect(tablet.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_lost_key_is_told_what_to_do_and_a_new_link_brings_the_tablet_back(
    tablet: Person, service: Service, photo: Path, rig: str
) -> None:
    tablet.page.evaluate(
        "() => new Promise((done) => { indexedDB.deleteDatabase('consult-device').onsuccess = done; })"
    )
    tablet.page.reload()
    tablet.page.get_by_role("link", name="Is this the tablet of an ambulance?").click()
    expect(tablet.page.get_by_text("for a new link for this tablet")).to_be_visible()

    tablet.page.goto(service.command("device", "link", device_ids(service)[rig])[-1])
    tablet.page.get_by_role("button", name="Set up this tablet").click()

    expect(tablet.page.get_by_role("heading", name=rig)).to_be_visible()
    send(tablet, photo)
    sent(tablet.page, "1 photo sent, 0 waiting")


def test_a_session_on_a_tablet_ends_when_nobody_touches_it(sam: Person) -> None:
    """SE-3. And the screen goes dark with it."""
    sam.page.clock.install()
    sam.page.reload()
    sign_in(sam)
    sam.expected.add(401)

    sam.page.clock.fast_forward("04:50")
    expect(sam.page.get_by_role("button", name="End shift")).to_be_visible()
    sam.page.clock.fast_forward("00:11")

    expect(sam.page.get_by_text("because nobody was here")).to_be_visible()
    expect(sam.page.get_by_role("heading", name="My consults")).to_have_count(0)
    assert [each.get("name") for each in sam.page.context.cookies()] in ([], ["__Host-device"])


def test_the_end_of_a_shift_says_which_passkeys_are_still_good(sam: Person) -> None:
    """ID-8."""
    sam.page.add_init_script(
        """window.signalled = [];
        PublicKeyCredential.signalAllAcceptedCredentials = async (facts) => {
            window.signalled.push(facts);
        };"""
    )
    sam.page.reload()
    sign_in(sam)
    sam.page.evaluate("window.signalled.length = 0")

    end_shift(sam)

    *_, signal = sam.page.evaluate("window.signalled")  # signing in tells as much
    held = sam.cdp.send("WebAuthn.getCredentials", {"authenticatorId": sam.authenticator})
    (passkey,) = held["credentials"]
    assert signal["rpId"] == "localhost"
    assert [plain(each) for each in signal["allAcceptedCredentialIds"]] == [
        plain(passkey["credentialId"])
    ]
    assert plain(signal["userId"]) == plain(passkey["userHandle"])


def plain(base64: str) -> str:
    return base64.replace("+", "-").replace("/", "_").rstrip("=")


def test_two_taps_are_enough_from_the_first_screen(tablet: Person, photo: Path) -> None:
    """One on the button, one on the shutter or the photo."""
    with tablet.page.expect_file_chooser() as chooser:
        tablet.page.get_by_text("Send photos now").click()
    chooser.value.set_files(photo)

    sent(tablet.page, "1 photo sent, 0 waiting")


def test_everybody_can_use_the_screens_of_a_tablet(
    sam: Person, visitors: Visitors, photo: Path
) -> None:
    check(sam.page)
    send(sam, photo)
    sent(sam.page, "1 photo sent, 0 waiting")
    check(sam.page)
    sign_in(sam)
    expect(sam.page.get_by_role("button", name="They are mine")).to_be_visible()
    check(sam.page)
    end_shift(sam)
    sam.page.goto(f"{sam.url}/device")
    check(sam.page)
    sam.page.goto(f"{sam.url}/device#t=a-token-that-nobody-uses")
    expect(sam.page.get_by_role("button", name="Set up this tablet")).to_be_visible()
    check(sam.page)
    sam.go_home()
