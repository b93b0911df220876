"""Rotations that are killed, and what must hold after each: nothing that was sealed is lost."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from consult.backends.keys import Keys, open_keys
from consult.config import Settings

ROOT = Path(__file__).parents[3]
WRITES = "write,pwrite64,fsync,fdatasync,rename,ftruncate,unlink"
"""The calls by which a rotation changes anything on a disk."""


@dataclass
class Rehearsal:
    """Keys that a service holds open and goes on making, while rotations come and are killed."""

    settings: Settings
    keys: Keys
    sealed: dict[UUID, bytes] = field(default_factory=dict[UUID, bytes])
    seconds: float = 1.0
    """How long a rotation took when nobody killed it."""

    def add(self, count: int) -> None:
        subjects = [uuid4() for _ in range(count)]
        self.keys.make(*subjects)
        self.sealed |= {it: self.keys.get(it).seal(it.bytes, "rehearsal") for it in subjects}

    def rotate(self) -> None:
        with _rotating(self.settings) as process:
            started = time.monotonic()
            assert process.wait(120) == 0
        self.seconds = time.monotonic() - started

    def rotate_and_kill(self, dice: random.Random) -> None:
        """Kill -9 at a random moment; the service then makes one more key, as it would."""
        with _rotating(self.settings) as process:
            time.sleep(dice.uniform(0, self.seconds))
            process.kill()
            self.add(1)

    def rotate_and_kill_at(self, call: int) -> bool:
        """Kill -9 at the first, second … call that changes a disk; False: there were fewer."""
        inject = f"inject={WRITES}:signal=KILL:when={call}"
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={WRITES}", "-e", inject]
        with _rotating(self.settings, *strace) as process:
            return process.wait(120) != 0

    def check(self) -> bool:
        """All that was sealed opens, here and for whoever starts now. True: cut off in between."""
        with open_keys(self.settings) as fresh:
            for keys in (self.keys, fresh):
                for subject, sealed in self.sealed.items():
                    assert keys.open(sealed, "rehearsal") == subject.bytes
            wrapping = fresh.status().wrapping
        assert len(wrapping) in (1, 2)
        assert sum(count for _, count in wrapping) == len(self.sealed) + 1  # the service's own
        return len(wrapping) == 2


@contextmanager
def rehearsal(settings: Settings, *, subjects: int) -> Generator[Rehearsal]:
    with open_keys(settings) as keys:
        rehearsed = Rehearsal(settings, keys)
        rehearsed.add(subjects)
        rehearsed.rotate()
        yield rehearsed


@contextmanager
def _rotating(settings: Settings, *before: str) -> "Generator[subprocess.Popen[bytes]]":
    """A process that rotates, past its imports: what follows is the rotation itself."""
    command = [*before, sys.executable, "-m", __name__, str(settings.data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as it:
        assert it.stdin
        assert it.stdout
        it.stdout.read(1)
        it.stdin.close()
        yield it


def main(data_dir: Path) -> None:
    from consult.backends.keys import rotate  # noqa: PLC0415

    settings = Settings(data_dir=data_dir)
    sys.stdout.write(".")
    sys.stdout.flush()
    sys.stdin.read()
    rotate(settings)
    os._exit(0)  # what an interpreter does at its end is none of a rotation's moments


if __name__ == "__main__":
    main(Path(sys.argv[1]))
