"""The clock that rows are stamped with: the true time, except in a demo, where days take seconds.

A demo's clock is a file that says how it runs, so that the service, the commands beside it and
whoever tells the story read the same time. Only `follow` makes it the clock, of this process, and
only the setting CONSULT_DEMO_CLOCK asks for that, which a service for people refuses.
"""

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Pace:
    """From `since`, a true time, a clock goes from `shown` to `until` in `over` true seconds.

    After that it runs like any other. All but `over` are seconds of the epoch.
    """

    since: float
    shown: float
    until: float
    over: float

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_bytes()))

    def write(self, path: Path) -> None:
        """Replace the file at once: whoever reads it finds the old one or the new one."""
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)

    def time_at(self, moment: float) -> float:
        """What the clock shows at the true time `moment`."""
        passed = moment - self.since
        if passed < self.over:
            return self.shown + (self.until - self.shown) * passed / self.over
        return self.until + passed - self.over

    def shows_at(self, shown: float) -> float:
        """The true time at which the clock shows `shown`: the inverse of `time_at`."""
        if shown < self.until:
            share = (shown - self.shown) / (self.until - self.shown)
            return self.since + self.over * share
        return self.since + self.over + shown - self.until


_followed: Path | None = None


def follow(path: Path | None) -> None:
    """Let this process read the time off a demo's clock from now on; None: the true time again."""
    global _followed  # noqa: PLW0603 - one process has one clock
    _followed = path


def now() -> datetime:
    """The present moment, aware, in UTC: the only clock that rows are stamped with."""
    if _followed is None:
        return datetime.now(UTC)
    return datetime.fromtimestamp(Pace.read(_followed).time_at(time.time()), UTC)


def seconds_until(moment: datetime) -> float:
    """The true seconds until the clock shows `moment`, as it runs now; below zero when it did."""
    if _followed is None:
        return (moment - datetime.now(UTC)).total_seconds()
    return Pace.read(_followed).shows_at(moment.timestamp()) - time.time()


async def sleep(seconds: float) -> None:
    """Sleep until the clock has gone on by so many seconds."""
    if _followed is None:
        return await asyncio.sleep(seconds)
    end = now() + timedelta(seconds=seconds)
    # The clock may begin to run faster while we sleep.
    while now() < end:  # noqa: ASYNC110 - a clock is no event
        await asyncio.sleep(_LOOK_SECONDS)
    return None
