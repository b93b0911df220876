"""What a run counts: executions, the slowest of them, memory, and what broke."""

import hashlib
import resource
import time
import traceback
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

from consult.errors import InvalidPhoto
from tests.fuzz.target import Target

SLOW = 1.0  # seconds; longer counts as a crash
_SAMPLED = 500  # tracing memory slows everything down, so one execution in so many


def resident_most() -> int:
    """The most memory that this process ever held, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@dataclass
class Tally:
    target: Target
    folder: Path
    """Where inputs that crash are kept, each named by where it crashed and what it is."""
    executions: int = 0
    accepted: int = 0
    slowest: float = 0.0
    memory: int = 0
    """The most that one execution held beyond its input, in bytes, of those sampled."""
    crashes: dict[str, int] = field(default_factory=dict[str, int])
    started: float = field(default_factory=time.monotonic)
    resident: int = field(default_factory=resident_most)

    def execute(self, content: bytes) -> None:
        self.executions += 1
        if self.executions % _SAMPLED == 0:
            tracemalloc.start()
            self._attempt(content)
            self.memory = max(self.memory, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            return
        start = time.perf_counter()
        self._attempt(content)
        taken = time.perf_counter() - start
        self.slowest = max(self.slowest, taken)
        if taken > SLOW:
            self._keep(content, "slow")

    def report(self) -> dict[str, object]:
        seconds = time.monotonic() - self.started
        return {
            "executions": self.executions,
            "accepted": self.accepted,
            "seconds": round(seconds, 1),
            "per_second": round(self.executions / max(seconds, 0.001)),
            "slowest_ms": round(1000 * self.slowest, 1),
            "memory_kB": self.memory // 1024,
            "resident_growth_kB": resident_most() - self.resident,
            "crashes": self.crashes,
        }

    def _attempt(self, content: bytes) -> None:
        try:
            self.target.run(content)
        except InvalidPhoto:
            return
        except Exception as error:  # noqa: BLE001 - whatever else it is, it is what we look for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self._keep(
                content, f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"
            )
            return
        self.accepted += 1

    def _keep(self, content: bytes, place: str) -> None:
        """Keep the first input of each place: the rest are the same fault."""
        self.crashes[place] = self.crashes.get(place, 0) + 1
        if self.crashes[place] == 1:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{place}-{hashlib.sha256(content).hexdigest()[:8]}"
            (self.folder / name).write_bytes(content)
