"""How soon somebody answers, by priority, and who is paged when nobody does.

The burn centre owns the numbers: these are the defaults that a service starts with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from consult.clinical.workflow.working_time import Calendar, after_working_time


class Priority(StrEnum):
    RED = "red"
    """Airway, a large burn, a limb without blood, high voltage, shock: from EMS or an ED."""
    ORANGE = "orange"
    """Another reason for immediate consultation (ABA 2022)."""
    YELLOW = "yellow"
    """Consultation recommended (ABA 2022)."""
    GREEN = "green"
    """A patient's follow-up photo."""


class Rung(StrEnum):
    """A step of the ladder: who is paged."""

    PRIMARY = "primary"
    BACKUP = "backup"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Level:
    acknowledge: timedelta
    """Until a named person owns it."""
    reply: timedelta
    """Until the first clinical reply."""
    ladder: Mapping[Rung, timedelta] = field(hash=False)
    """When each rung is paged, after the consult was sent, while nobody has acknowledged."""
    working_hours: bool = False
    """Only the service's open hours count."""


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _ladder(backup: timedelta, supervisor: timedelta) -> dict[Rung, timedelta]:
    return {Rung.PRIMARY: timedelta(), Rung.BACKUP: backup, Rung.SUPERVISOR: supervisor}


DEFAULTS: dict[Priority, Level] = {
    Priority.RED: Level(_minutes(2), _minutes(10), _ladder(_minutes(5), _minutes(10))),
    Priority.ORANGE: Level(_minutes(5), _minutes(30), _ladder(_minutes(15), _minutes(25))),
    Priority.YELLOW: Level(
        _minutes(30), timedelta(hours=4), _ladder(timedelta(hours=2), timedelta(hours=4))
    ),
    Priority.GREEN: Level(
        timedelta(hours=24),
        timedelta(hours=24),
        _ladder(timedelta(hours=20), timedelta(hours=24)),
        working_hours=True,
    ),
}


@dataclass(frozen=True)
class Clock:
    """When things are due, once a consult has been sent."""

    acknowledge_by: datetime
    reply_by: datetime
    page_at: Mapping[Rung, datetime]


def clock(sent_at: datetime, level: Level, calendar: Calendar) -> Clock:
    """Start the clock. Times are aware UTC.

    The first rung is paged at once, at any hour: somebody who is asleep decides that for
    themselves in their quiet hours.
    """

    def due(span: timedelta) -> datetime:
        if level.working_hours and span:
            return after_working_time(sent_at, span, calendar)
        return sent_at + span

    return Clock(
        acknowledge_by=due(level.acknowledge),
        reply_by=due(level.reply),
        page_at={rung: due(span) for rung, span in level.ladder.items()},
    )
