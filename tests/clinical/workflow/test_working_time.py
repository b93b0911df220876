"""The clock that runs only while a service is open, across weekends, holidays, summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.clinical.workflow.working_time import Calendar, Hours, after_working_time, to_utc

DENVER = ZoneInfo("America/Denver")
DAY = timedelta(hours=24)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=730)).map(
    datetime(2026, 1, 1, tzinfo=UTC).__add__
)
SPANS = st.timedeltas(timedelta(), timedelta(days=9))
NINE_TO_FIVE = Calendar(DENVER, week=(*(Hours(time(9), time(17)),) * 5, None, None))


def denver(*wall: int) -> datetime:
    return datetime(*wall, tzinfo=DENVER).astimezone(UTC)  # pyright: ignore[reportArgumentType] - year to minute


def test_24_business_hours_end_at_the_same_hour_of_the_next_working_day() -> None:
    friday, monday = denver(2026, 11, 20, 15, 30), denver(2026, 11, 23, 15, 30)

    assert after_working_time(friday, DAY, Calendar(DENVER)) == monday


def test_a_weekend_starts_the_clock_on_monday() -> None:
    saturday, tuesday = denver(2026, 11, 21, 10), denver(2026, 11, 24, 0)

    assert after_working_time(saturday, DAY, Calendar(DENVER)) == tuesday


def test_a_holiday_does_not_count() -> None:
    thanksgiving = Calendar(DENVER, holidays=frozenset({date(2026, 11, 26)}))

    due = after_working_time(denver(2026, 11, 25, 12), DAY, thanksgiving)

    assert due == denver(2026, 11, 27, 12)


def test_the_hours_of_a_day_are_those_of_the_wall_clock() -> None:
    due = after_working_time(denver(2026, 11, 23, 16), timedelta(hours=2), NINE_TO_FIVE)

    assert due == denver(2026, 11, 24, 10)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(day: date, hours: int) -> None:
    always = Calendar(DENVER, week=(Hours(),) * 7)

    opens, closes = always.hours_of(day) or pytest.fail("shut")

    assert closes - opens == timedelta(hours=hours)


def test_a_time_that_summer_time_skips_is_just_after_it() -> None:
    assert to_utc(date(2026, 3, 8), time(2, 30), DENVER) == denver(2026, 3, 8, 3, 30)


def test_a_time_that_comes_twice_is_the_first() -> None:
    first = to_utc(date(2026, 11, 1), time(1, 30), DENVER)

    assert first == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_a_night_shift_reaches_into_the_next_day() -> None:
    nights = Calendar(DENVER, week=(Hours(time(20), time(6)),) * 7)

    due = after_working_time(denver(2026, 11, 23, 4), timedelta(hours=3), nights)

    assert due == denver(2026, 11, 23, 21)


def test_a_calendar_that_is_never_open_is_refused() -> None:
    with pytest.raises(ValueError, match="no open hours"):
        after_working_time(denver(2026, 1, 1), DAY, Calendar(DENVER, week=(None,) * 7))


@given(MOMENTS, SPANS, SPANS)
def test_time_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    halfway = after_working_time(start, first, NINE_TO_FIVE)

    assert after_working_time(halfway, second, NINE_TO_FIVE) == after_working_time(
        start, first + second, NINE_TO_FIVE
    )


@given(MOMENTS, SPANS)
def test_it_is_due_while_the_service_is_open_and_never_too_soon(
    start: datetime, span: timedelta
) -> None:
    due = after_working_time(start, span, NINE_TO_FIVE)
    wall = due.astimezone(DENVER)

    assert due >= start + span
    assert wall.weekday() < 5
    assert time(9) <= wall.time() <= time(17)
