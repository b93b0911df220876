"""What is new in the consults that are followed live: read once for all who have heard the same."""

import asyncio
from typing import NamedTuple

from consult.backends.doorbell import Doorbell
from consult.bootstrap import Backends
from consult.consults import Happened, Seat, events_after


class _Reading(NamedTuple):
    after: int
    rings: int
    """How often the bell of the topic had rung when the reading began."""
    events: asyncio.Task[list[Happened]]


class News:
    """What is new in each view of each consult: the last reading, for whoever asks the same."""

    def __init__(self) -> None:
        self._latest: dict[str, _Reading] = {}

    async def after(self, backends: Backends, seat: Seat, number: int) -> list[Happened]:
        """Events after `number`, at least those that a bell has rung for."""
        rings = backends.doorbell.rings(seat.topic)
        latest = self._latest.get(seat.topic)
        if latest is None or (latest.after, latest.rings) != (number, rings):
            self._forget_the_unheard(backends.doorbell)
            reading = asyncio.create_task(_read(backends, seat, number))
            latest = self._latest[seat.topic] = _Reading(number, rings, reading)
        # One who hangs up must not end what others wait for.
        return await asyncio.shield(latest.events)

    def _forget_the_unheard(self, doorbell: Doorbell) -> None:
        for topic in self._latest.keys() - doorbell.topics:
            del self._latest[topic]


async def _read(backends: Backends, seat: Seat, number: int) -> list[Happened]:
    async with backends.database.reads() as session:
        return await events_after(session, seat, number)
