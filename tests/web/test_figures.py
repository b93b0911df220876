"""How long answers take, as a table and drawn."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.person import DESK, Person
from tests.web.test_accessible import check, tab_to

_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def answered(crew: Person, specialist: Person) -> None:
    specialist.read(crew.ask_for_help("For the figures"))
    specialist.say("Answered.")


@pytest.mark.usefixtures("answered")
def test_a_service_is_shown_by_partner_as_a_table_and_drawn(specialist: Person) -> None:
    page = specialist.page
    page.goto(f"{specialist.url}/figures")

    chart = page.get_by_role("img", name="from sent to answered")
    expect(chart.first).to_be_visible()
    expect(chart.first.locator("desc")).to_have_text(re.compile(r"All together: p50 \d+ (s|min)"))
    row = page.get_by_role("row").filter(has_text="example.org")
    expect(row.first.get_by_role("cell").first).to_have_text(re.compile(r"^[1-9]\d*$"))
    fits(specialist)

    page.get_by_label("Until it was").select_option("Transfer accepted")

    expect(page.get_by_role("img", name="from sent to transfer accepted").first).to_be_visible()
    # Everybody's tests share the service: how many transfers there were is not ours to say.
    all_together = page.get_by_role("row").filter(has_text="All together").first
    expect(all_together.get_by_role("cell")).to_have_count(5)
    fits(specialist)


@pytest.mark.usefixtures("answered")
def test_the_same_is_downloaded_as_a_table(coordinator: Person, tmp_path: Path) -> None:
    page = coordinator.page
    page.get_by_role("link", name="Reviews").click()
    page.get_by_role("link", name="How long answers take").click()
    expect(page.get_by_role("heading", name="Figures")).to_be_focused()
    fits(coordinator)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    download.value.save_as(tmp_path / "figures.csv")

    with (tmp_path / "figures.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert {"service", "partner", "measure", "p50", "p90", "p99"} <= set(rows[0])
    assert any(row["partner"] == "example.org" for row in rows)


@pytest.mark.usefixtures("answered")
def test_a_keyboard_chooses_the_days(specialist: Person) -> None:
    page = specialist.page
    page.goto(f"{specialist.url}/figures")
    expect(page.get_by_role("table").first).to_be_visible()
    tab_to(page, page.get_by_role("combobox", name="Time"))
    page.keyboard.press("End")
    expect(page.get_by_label("First day")).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()

    page.get_by_label("First day").fill("2020-01-01")
    page.get_by_label("Last day").fill("2020-01-02")

    expect(page.get_by_text("Nothing was sent in this time.").first).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    fits(specialist)


def test_a_patient_finds_no_figures(patient: Person) -> None:
    patient.page.goto(f"{patient.url}/figures")

    expect(patient.page.get_by_role("heading", name="My consults")).to_be_visible()
    expect(patient.page.get_by_role("link", name="Figures")).to_be_hidden()


def fits(person: Person) -> None:
    check(person.page)
    assert person.page.evaluate(_WIDER) <= 0
    person.page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    assert person.page.evaluate(_WIDER) <= 0
