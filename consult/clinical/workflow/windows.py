"""When images are due, and when somebody is reminded of them. Times are aware UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Window:
    opens_at: datetime
    due_at: datetime


def windows(
    first_due: datetime,
    *,
    now: datetime,
    lead: timedelta,
    every_days: int = 0,
    times: int = 1,
    zone: ZoneInfo,
) -> list[Window]:
    """Lay out the photo windows, the first of which is due at `first_due`.

    A dressing is changed at the same hour by the clock on the wall: across a change to or from
    summer time, a day has 23 or 25 hours. None opens before `now`, nor more than `lead` early.
    """
    on_the_wall = first_due.astimezone(zone)
    dues = [
        (on_the_wall + timedelta(days=every_days * number)).astimezone(UTC)
        for number in range(times)
    ]
    return [Window(max(now, due - lead), due) for due in dues]


def next_reminder(
    after: datetime, *, due_at: datetime, every: timedelta, until: datetime
) -> datetime | None:
    """The first reminder later than `after`: one before images are due, one when they are, more.

    None when it would be later than `until`.
    """
    return next((at for at in _reminders(due_at, every, until) if at > after), None)


def _reminders(due_at: datetime, every: timedelta, until: datetime) -> Iterator[datetime]:
    at = due_at - every
    while at <= until:
        yield at
        at += every
