from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from consult.clinical.workflow.windows import next_reminder, windows

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


class TestWindows:
    def test_a_single_one_opens_at_once_unless_it_is_far_away(self) -> None:
        (near,) = windows(NOW + 2 * DAY, now=NOW, lead=14 * DAY, zone=ZoneInfo("UTC"))
        (far,) = windows(NOW + 20 * DAY, now=NOW, lead=14 * DAY, zone=ZoneInfo("UTC"))

        assert (near.opens_at, far.opens_at) == (NOW, NOW + 6 * DAY)

    def test_each_opens_its_lead_before_it_is_due(self) -> None:
        found = windows(
            NOW + 2 * DAY, now=NOW, lead=DAY, every_days=3, times=3, zone=ZoneInfo("UTC")
        )

        assert [each.due_at - NOW for each in found] == [2 * DAY, 5 * DAY, 8 * DAY]
        assert {each.due_at - each.opens_at for each in found} == {DAY}

    def test_a_dressing_is_changed_at_the_same_hour_when_summer_time_begins(self) -> None:
        """In New York on 8 March 2026, when a day has 23 hours."""
        first = datetime(2026, 3, 7, 9, tzinfo=NEW_YORK)

        found = windows(first, now=NOW, lead=DAY, every_days=1, times=3, zone=NEW_YORK)

        assert [each.due_at.astimezone(NEW_YORK).hour for each in found] == [9, 9, 9]
        assert found[1].due_at - found[0].due_at == timedelta(hours=23)
        assert found[2].due_at - found[1].due_at == timedelta(hours=24)

    def test_and_when_it_ends(self) -> None:
        first = datetime(2026, 10, 31, 9, tzinfo=NEW_YORK)

        found = windows(first, now=NOW, lead=DAY, every_days=1, times=2, zone=NEW_YORK)

        assert found[1].due_at - found[0].due_at == timedelta(hours=25)

    def test_an_hour_that_the_clocks_leave_out_is_the_one_after_it(self) -> None:
        first = datetime(2026, 3, 7, 2, 30, tzinfo=NEW_YORK)

        found = windows(first, now=NOW, lead=DAY, every_days=1, times=2, zone=NEW_YORK)

        assert found[1].due_at.astimezone(NEW_YORK).hour == 3


class TestReminders:
    def test_one_comes_before_it_is_due_one_when_it_is_and_more_until_the_end(self) -> None:
        due, found = NOW + 3 * DAY, [NOW]

        while following := next_reminder(found[-1], due_at=due, every=DAY, until=due + 2 * DAY):
            found.append(following)

        assert found[1:] == [due - DAY, due, due + DAY, due + 2 * DAY]

    def test_what_is_due_within_the_hour_is_reminded_of_when_it_is(self) -> None:
        due = NOW + timedelta(hours=1)

        assert next_reminder(NOW, due_at=due, every=DAY, until=due + DAY) == due

    def test_a_clock_that_jumped_over_some_sends_one_and_not_all_of_them(self) -> None:
        due = NOW + DAY
        late = due + timedelta(days=1.5)

        assert next_reminder(late, due_at=due, every=DAY, until=due + 3 * DAY) == due + 2 * DAY
