"""What happens elsewhere shows up by itself, also after the line or the service was gone."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from tests.service import free_port, start
from tests.web.person import Person, arrive


def test_whoever_reads_further_up_is_told_and_not_moved(
    patient: Person, specialist: Person
) -> None:
    address = patient.ask_for_help("A long story.")
    patient.say("\n".join(f"Line {number}" for number in range(80)))
    patient.say("The end.")
    specialist.read(address)
    expect(specialist.page.get_by_text("The end.")).to_be_visible()
    specialist.page.mouse.move(200, 300)
    specialist.page.mouse.wheel(0, -5000)
    jump = specialist.page.get_by_role("button", name="New message")
    expect(jump).to_be_hidden()

    patient.say("One more thing.")

    expect(jump).to_be_visible()
    expect(specialist.page.get_by_text("One more thing.")).not_to_be_in_viewport()
    jump.click()
    expect(specialist.page.get_by_text("One more thing.")).to_be_in_viewport()
    expect(jump).to_be_hidden()


def test_whoever_is_at_the_end_stays_at_the_end(patient: Person, specialist: Person) -> None:
    address = patient.ask_for_help("A long story.")
    patient.say("\n".join(f"Line {number}" for number in range(80)))
    specialist.read(address)
    specialist.page.mouse.move(200, 300)
    specialist.page.mouse.wheel(0, 9000)
    expect(specialist.page.get_by_text("Line 79")).to_be_in_viewport()

    patient.say("One more thing.")

    expect(specialist.page.get_by_text("One more thing.")).to_be_in_viewport()
    expect(specialist.page.get_by_role("button", name="New message")).to_be_hidden()


def test_the_list_at_a_desk_moves_up_what_was_asked_again(
    patient: Person, specialist: Person
) -> None:
    address = patient.ask_for_help("Asked twice.")
    specialist.page.set_viewport_size({"width": 1280, "height": 800})
    specialist.read(address)
    specialist.say("Answered.")
    row = specialist.page.get_by_role("link").filter(has_text="Asked twice.")
    expect(row).to_contain_text("Answered")

    patient.say("And how long will that take?")

    expect(row).to_contain_text("Being reviewed")
    expect(row).not_to_contain_text("new")


def with_small_pages(route: Route) -> None:
    route.continue_(url=route.request.url.replace("limit=100", "limit=10"))


def test_a_long_thread_is_read_whole(patient: Person) -> None:
    address = patient.ask_for_help("A thread of more than one page.")
    patient.page.evaluate(
        """async ([consult, count]) => {
            const {csrf_token} = await (await fetch("/api/session")).json();
            for (let number = 1; number <= count; number += 1) {
                const answer = await fetch(
                    `/api/consults/${consult}/messages/${crypto.randomUUID()}`, {
                    method: "PUT", body: JSON.stringify({body: `Message ${number}`}),
                    headers: {"X-CSRF-Token": csrf_token, "Content-Type": "application/json"}});
                if (answer.status !== 201) throw new Error(await answer.text());
            }
        }""",
        [address.rsplit("/", 1)[-1], 23],
    )

    patient.page.route(re.compile("limit=100"), with_small_pages)

    patient.read(address)

    expect(patient.page.get_by_role("article")).to_have_count(23)
    expect(patient.page.get_by_text("Message 23")).to_be_in_viewport()
    patient.page.unroute_all()


def test_older_consults_are_one_press_away_and_stay(crew: Person) -> None:
    crew.page.evaluate(
        """async (count) => {
            const {csrf_token} = await (await fetch("/api/session")).json();
            for (let number = 1; number <= count; number += 1) {
                const answer = await fetch("/api/consults", {
                    method: "POST", body: JSON.stringify({kind: "follow_up", reason: `Nr ${number}.`}),
                    headers: {"X-CSRF-Token": csrf_token, "Content-Type": "application/json"}});
                if (answer.status !== 201) throw new Error(await answer.text());
                // A page to whoever is on duty moves a consult to the top: let that be over.
                const {id} = await answer.json();
                while (true) {
                    const {pages} = await (await fetch(`/api/consults/${id}`)).json();
                    if (pages.some(({at}) => at)) break;
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
            }
        }""",
        52,
    )
    crew.go_home()
    rows = crew.page.locator("a.row")
    expect(rows.nth(49)).to_be_visible()  # and what is overdue, however old it is
    expect(crew.page.get_by_text("Nr 1.", exact=True)).to_have_count(0)

    crew.page.get_by_role("button", name="Show older consults").click()

    expect(crew.page.get_by_text("Nr 1.", exact=True)).to_have_count(1)
    shown = rows.count()
    rows.filter(has=crew.page.get_by_text("Nr 2.", exact=True)).click()
    crew.say("Still there?")
    crew.page.get_by_role("link", name="Back to my consults").click()
    expect(rows.filter(has=crew.page.get_by_text("Nr 1.", exact=True))).to_be_visible()
    expect(rows).to_have_count(shown)


def test_signing_out_in_one_tab_ends_the_other(patient: Person) -> None:
    patient.ask_for_help("Two tabs.")
    patient.expected = {401}
    other = patient.page.context.new_page()
    other.goto(patient.url)

    other.get_by_role("button", name="Sign out").click()

    expect(patient.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=15_000)
    expect(patient.page.get_by_text("Two tabs.")).to_have_count(0)
    other.close()


def test_a_page_finds_its_way_back_after_the_service_was_restarted(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    with start(tmp_path / "data", port=port) as service:
        links = {
            "Pat": service.add_user("pat@example.org", "patient", "Pat"),
            "Ada": service.add_user("ada@example.org", "specialist", "Ada"),
        }
        patient, specialist = (arrive(browser, service.origin, name) for name in links)
        patient.enrol(links["Pat"])
        specialist.enrol(links["Ada"])
        address = patient.ask_for_help("Before the restart.")
        specialist.read(address)
        service.stop()

    with start(tmp_path / "data", port=port):
        specialist.say("I am still here.")

        expect(patient.page.get_by_text("I am still here.")).to_be_visible(timeout=15_000)
        for person in (patient, specialist):
            person.page.context.close()
