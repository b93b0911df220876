"""The hours that count: a clock that runs only while a service is open.

"Within 24 business hours" means by the same hour of the next working day, so the default
counts whole days from Monday to Friday. All times on the outside are aware UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MIDNIGHT = time()
_FURTHEST = 3660  # days: a calendar without any open hour must not run for ever


@dataclass(frozen=True)
class Hours:
    """Open from `opens` until `closes` by the wall clock; closing at midnight is the day's end."""

    opens: time = _MIDNIGHT
    closes: time = _MIDNIGHT


_WHOLE_DAY = Hours()


@dataclass(frozen=True)
class Calendar:
    zone: ZoneInfo
    week: tuple[Hours | None, ...] = (*(_WHOLE_DAY,) * 5, None, None)
    """Monday first; None is a day on which the service is shut."""
    holidays: frozenset[date] = frozenset()

    def hours_of(self, day: date) -> tuple[datetime, datetime] | None:
        """The open hours of `day` in UTC, or None; 23 of them on the day summer time begins."""
        hours = None if day in self.holidays else self.week[day.weekday()]
        if hours is None:
            return None
        last = day if hours.closes > hours.opens else day + timedelta(days=1)
        return to_utc(day, hours.opens, self.zone), to_utc(last, hours.closes, self.zone)


def to_utc(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show `wall` on `day`.

    A time that summer time skips is read by the offset before it (half past two is half past
    three); one that comes twice is the first of the two.
    """
    return datetime.combine(day, wall, zone).astimezone(UTC)


def after_working_time(start: datetime, span: timedelta, calendar: Calendar) -> datetime:
    """The instant at which `span` of open hours has passed since `start`.

    Raises ValueError when the calendar is never open.
    """
    left = span
    for opens, closes in _open_hours(start, calendar):
        begin = max(opens, start)
        if closes - begin >= left:
            return begin + left
        left -= closes - begin
    raise ValueError("This calendar has no open hours.")


def _open_hours(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of open hours that end after `start`, in their order."""
    # A day earlier, because yesterday's hours may reach past midnight.
    first = start.astimezone(calendar.zone).date() - timedelta(days=1)
    for number in range(_FURTHEST):
        hours = calendar.hours_of(first + timedelta(days=number))
        if hours and hours[1] > start:
            yield hours
