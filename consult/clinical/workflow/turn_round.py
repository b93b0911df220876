"""How long answers take: what is measured, and the percentiles of it. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Measure(StrEnum):
    """From when the consult was sent, by the clock on the wall."""

    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    """A named person took it."""
    ADVISED = "advised"
    """The first advice was signed."""
    ANSWERED = "answered"
    TRANSFER_ACCEPTED = "transfer_accepted"


@dataclass(frozen=True)
class TurnRound:
    """One consult: whose it was, who sent it, and how long each thing took; absent: not yet."""

    service: str
    partner: str
    took: Mapping[Measure, timedelta]


@dataclass(frozen=True)
class Figure:
    service: str
    partner: str | None
    """None: all of the service's partners together."""
    measure: Measure
    consults: int
    """How many were sent."""
    reached: int
    """How many of them got there."""
    p50: timedelta | None
    p90: timedelta | None
    p99: timedelta | None


def percentile(times: Sequence[timedelta], percent: int) -> timedelta | None:
    """The nearest rank: the least of `times` that `percent` of them do not exceed.

    It is a time that somebody waited, not one between two. None for no times.
    """
    if not times:
        return None
    rank = math.ceil(len(times) * percent / 100)
    return sorted(times)[max(rank, 1) - 1]


def figures_of(turn_rounds: Iterable[TurnRound]) -> list[Figure]:
    """Every measure by service, and by service and partner, in the order of their names."""
    groups: defaultdict[tuple[str, str | None], list[TurnRound]] = defaultdict(list)
    for one in turn_rounds:
        groups[one.service, None].append(one)
        groups[one.service, one.partner].append(one)
    in_order = sorted(groups, key=lambda key: (key[0], key[1] is not None, key[1] or ""))
    return [_figure(key, measure, groups[key]) for key in in_order for measure in Measure]


def _figure(
    key: tuple[str, str | None], measure: Measure, turn_rounds: Sequence[TurnRound]
) -> Figure:
    times = [one.took[measure] for one in turn_rounds if measure in one.took]
    p50, p90, p99 = (percentile(times, percent) for percent in (50, 90, 99))
    return Figure(*key, measure, len(turn_rounds), len(times), p50, p90, p99)
