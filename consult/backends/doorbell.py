"""Wakes whoever waits for news of a topic, inside one process.

A doorbell only: it carries nothing and may ring for nothing. What happened is read from the
database, so a missed ring loses no event.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager


class Doorbell:
    def __init__(self) -> None:
        self.closed = False
        """True once the service is stopping: streams end at once."""
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._rings: Counter[str] = Counter()

    def ring(self, topic: str) -> None:
        if topic in self._bells:
            self._rings[topic] += 1
        for bell in self._bells.get(topic, ()):
            bell.set()

    @contextmanager
    def subscribe(self, *topics: str) -> Generator[asyncio.Event]:
        """Lend a bell that rings on news of any of `topics` and when the service stops."""
        bell = asyncio.Event()
        for topic in topics:
            self._bells[topic].add(bell)
        try:
            yield bell
        finally:
            for topic in topics:
                self._bells[topic].discard(bell)
                if not self._bells[topic]:
                    del self._bells[topic]
                    self._rings.pop(topic, None)

    def close(self) -> None:
        self.closed = True
        for bells in self._bells.values():
            for bell in bells:
                bell.set()

    def rings(self, *topics: str) -> int:
        """How often it has rung for these since somebody has listened without a break."""
        return sum(self._rings[topic] for topic in topics)

    @property
    def topics(self) -> list[str]:
        """What somebody waits for news of."""
        return list(self._bells)

    @property
    def listeners(self) -> int:
        return len(set[asyncio.Event]().union(*self._bells.values()))
