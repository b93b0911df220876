"""How soon somebody answers, and who is paged when nobody does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consult.clinical.workflow.service_levels import DEFAULTS, Priority, Rung, clock
from consult.clinical.workflow.working_time import Calendar

DENVER = Calendar(ZoneInfo("America/Denver"))
SENT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # a Friday afternoon in Denver
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("priority", "acknowledge", "reply", "backup", "supervisor"),
    [
        (Priority.RED, 2, 10, 5, 10),
        (Priority.ORANGE, 5, 30, 15, 25),
        (Priority.YELLOW, 30, 240, 120, 240),
    ],
)
def test_the_defaults_are_those_of_the_clinic(
    priority: Priority, acknowledge: int, reply: int, backup: int, supervisor: int
) -> None:
    due = clock(SENT, DEFAULTS[priority], DENVER)

    assert due.acknowledge_by - SENT == acknowledge * MINUTE
    assert due.reply_by - SENT == reply * MINUTE
    assert {rung: at - SENT for rung, at in due.page_at.items()} == {
        Rung.PRIMARY: 0 * MINUTE,
        Rung.BACKUP: backup * MINUTE,
        Rung.SUPERVISOR: supervisor * MINUTE,
    }


def test_a_follow_up_photo_of_friday_is_due_on_monday() -> None:
    due = clock(SENT, DEFAULTS[Priority.GREEN], DENVER)

    assert due.reply_by - SENT == timedelta(days=3)
    assert due.page_at[Rung.PRIMARY] == SENT


@pytest.mark.parametrize("priority", Priority)
def test_each_rung_is_paged_after_the_one_below(priority: Priority) -> None:
    pages = clock(SENT, DEFAULTS[priority], DENVER).page_at

    assert list(pages) == list(Rung)
    assert sorted(pages.values()) == list(pages.values())
