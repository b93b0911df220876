"""Who is on call, and when nobody is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consult.clinical.workflow.service_levels import Rung


@dataclass(frozen=True)
class Shift:
    """`person` stands on `rung` from `starts_at` until just before `ends_at` (aware UTC)."""

    rung: Rung
    person: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Gap:
    """Nobody stands on `rung` between these two instants."""

    rung: Rung
    starts_at: datetime
    ends_at: datetime


def on_call(shifts: Iterable[Shift], rung: Rung, at: datetime) -> UUID | None:
    """Whoever stands on `rung` at `at`; of two, the one whose shift began last."""
    there = [
        shift for shift in shifts if shift.rung is rung and shift.starts_at <= at < shift.ends_at
    ]
    return max(there, key=lambda shift: shift.starts_at).person if there else None


def whom_to_page(shifts: Sequence[Shift], rung: Rung, at: datetime) -> UUID | None:
    """Whoever stands on `rung`, or else on the next one above it. None: only the telephone is left."""
    rungs = list(Rung)
    above = rungs[rungs.index(rung) :]
    found = (on_call(shifts, step, at) for step in above)
    return next((person for person in found if person), None)


def gaps(shifts: Iterable[Shift], rung: Rung, since: datetime, until: datetime) -> list[Gap]:
    """The stretches between `since` and `until` in which nobody stands on `rung`."""
    found, covered = list[Gap](), since
    for shift in sorted(_on(shifts, rung), key=lambda shift: shift.starts_at):
        if shift.starts_at > covered:
            found.append(Gap(rung, covered, min(shift.starts_at, until)))
        covered = max(covered, shift.ends_at)
        if covered >= until:
            break
    if covered < until:
        found.append(Gap(rung, covered, until))
    return [gap for gap in found if gap.starts_at < gap.ends_at]


def _on(shifts: Iterable[Shift], rung: Rung) -> list[Shift]:
    return [shift for shift in shifts if shift.rung is rung]
