"""Where a story of days is told: a clock that runs as it is told to, and a service on it.

Nothing is dated back: whatever is written down, the service writes when its own clock says so.
The clock begins some days ago, runs fast wherever the story waits, and ends at the true time, so
that the service that is left running shows true times.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from api.demo.mailbox import wait_for
from api.demo.operator import Person
from api.demo.running import Home
from api.demo.telling import say, tell
from consult import clock
from consult.clock import Pace
from consult.config import Settings

ZONE = ZoneInfo("America/Chicago")
"""Of the burn centre: all times of a story are by its clocks."""


def days_ago(days: int, *, hour: int, minute: int, weekday: int | None = None) -> datetime:
    """A time of the burn centre, at least so many days ago, on that day of the week (Monday: 0)."""
    day = datetime.now(ZONE).date() - timedelta(days=days)
    while weekday is not None and day.weekday() != weekday:
        day -= timedelta(days=1)
    return _local(day, hour, minute)


def _local(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def set_clock(home: Home, begins: datetime) -> None:
    shown = begins.timestamp()
    Pace(since=time.time(), shown=shown, until=shown, over=0.0).write(home.clock)
    clock.follow(home.clock)


@dataclass(frozen=True)
class Stage:
    home: Home
    settings: Settings
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def step(self, line: str) -> None:
        tell(f"{next(self.numbers)}. {shown(clock.now())}  {line}")

    def wait(self, span: timedelta, *, over: float = 0.5) -> None:
        self.wait_until(clock.now() + span, over=over)

    def wait_until(self, moment: datetime, *, over: float = 1.0) -> None:
        """Let the clock run to `moment` in `over` true seconds; then it runs like any other."""
        began = clock.now()
        if began >= moment:
            return
        Pace(time.time(), began.timestamp(), moment.timestamp(), over).write(self.home.clock)
        time.sleep(max(0.0, clock.seconds_until(moment)))
        if moment - began > timedelta(minutes=2):
            tell(f"   … {in_words(moment - began)} later …")

    def come_to_the_present(self, *, over: float = 1.0) -> None:
        until = time.time() + over
        Pace(time.time(), clock.now().timestamp(), until, over).write(self.home.clock)
        time.sleep(over)

    def consult(self, person: Person, path: str, *words: str) -> Any:
        """The consult as `person` sees it, once all of `words` of its clock have come."""

        def look() -> Any:
            seen = person.client.get(path)
            return seen if all(seen["clock"][word] for word in words) else None

        return wait_for(f"{', '.join(words)} of the consult", look, self.home)


def on_the_hour(days: int, *, hour: int) -> datetime:
    """An hour of the burn centre, so many days after the story's day."""
    day = clock.now().astimezone(ZONE).date() + timedelta(days=days)
    return _local(day, hour, 0)


def shown(moment: datetime | str) -> str:
    """A time as the burn centre's clocks show it."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return f"{moment.astimezone(ZONE):%a %d %b %H:%M:%S}"


def at(moment: datetime | str) -> str:
    """Only the hour."""
    return shown(moment)[-8:]


def in_words(span: timedelta) -> str:
    """The two largest units: "4 min 50 s", "7 days 1 h"."""
    seconds = round(span.total_seconds())
    sizes = (("days", 86400), ("h", 3600), ("min", 60), ("s", 1))
    counted: list[str] = []
    for unit, size in sizes:
        number, seconds = divmod(seconds, size)
        if number:
            counted.append(f"{number} {'day' if (unit, number) == ('days', 1) else unit}")
    return " ".join(counted[:2]) or "0 s"


def facts(named: Mapping[str, Any]) -> str:
    """Coded answers as a line of words."""
    return ", ".join(
        f"{name}: {'no' if value is False else value}".replace("_", " ")
        for name, value in named.items()
    )


def quote(text: str) -> None:
    for line in text.splitlines():
        say(f'"{line}"')
