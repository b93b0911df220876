"""A small warm pool of decode processes with hard limits.

Decoders of pictures are large C programs fed by strangers. Each job runs in a process of its
own that may use little memory and time, write no file, and knows none of the service's
secrets: it gets a bare environment. If it dies, hangs or outgrows its limits, the photo is
refused and the process replaced; nobody else notices.

What is quick, as proving a photo whole is, does not wait for what is slow, as decoding HEIC is.
"""

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from consult.errors import InvalidPhoto
from consult.imaging.framing import (
    Body,
    Line,
    Note,
    Notes,
    mapped,
    memory_file,
    receive_copy,
    send,
)
from consult.imaging.refusals import REFUSALS, refused

WALL_SECONDS = 30.0  # for one photo
PHOTOS_PER_WORKER = 200  # then a fresh one, so that what leaks in C stays small
SIZE = min(4, os.cpu_count() or 1)

Lane = Literal["slow", "quick"]

_QUICK = {"verify", "profile"}
_ROOT = str(Path(__file__).parents[2])
_BOOT = """
import sys
memory, *sys.path = sys.argv[1:]
from consult.imaging import serving
serving.serve(int(memory) if memory else None)
"""
# Our own program in our own interpreter, which looks at no variable, no folder and no site of
# the user's: those of this process are what it gets to know.
_COMMAND = ("-I", "-S", "-B", "-c", _BOOT)
_ENVIRONMENT = {
    # One arena and no helper threads: both count against the address space.
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Memory that one photo needed stays for the next: fresh pages cost more than they hold.
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # large pages, where the system offers them
    "PATH": os.defpath,
}
_INHERITED = ("CONSULT_TURBOJPEG", "LD_LIBRARY_PATH")


def run(job: str, *body: Body, **notes: Note) -> tuple[bytes, Notes]:
    """Run one of `serving`'s jobs in a worker, from any thread; waits for a free one.

    The pieces of the body arrive as one.

    Raises what the job raises of InvalidPhoto; PhotoTooLarge when it needs too much memory;
    UnreadablePhoto when it dies or takes too long.
    """
    with running(job, *body, **notes) as answer:
        return answer()


@contextmanager
def running(job: str, *body: Body, **notes: Note) -> Generator[Callable[[], tuple[bytes, Notes]]]:
    """The same in two steps: the caller has time for something else before it asks for the answer.

    It must not be another job: where all workers are taken, that would wait for ever.
    """
    with _pool.borrowed("quick" if job in _QUICK else "slow") as worker:
        yield worker.running(job, notes, *body)


def start(count: int) -> None:
    """Let `count` pictures be decoded at once, and do not wait until the workers are ready."""
    _pool.start(count)


def warm(count: int = SIZE) -> None:
    """Let `count` pictures be decoded at once, and start the workers before photos come.

    Raises RuntimeError if one does not come up.
    """
    _pool.warm(count)


def close() -> None:
    """End every worker, those at work when they are done. The next `run` starts anew."""
    _pool.close()


class _Worker:
    def __init__(self) -> None:
        self.photos, self.expired, self.dead = 0, False, False
        self._watchdog: threading.Timer | None = None
        memory = memory_file()
        self.process: subprocess.Popen[bytes] = _started(memory)
        assert self.process.stdin
        assert self.process.stdout
        self.line = Line(self.process.stdout, self.process.stdin, mapped(memory))

    @property
    def spent(self) -> bool:
        return self.dead or self.process.poll() is not None or self.photos >= PHOTOS_PER_WORKER

    def check(self) -> None:
        try:
            self.running("hello", {})()
        except InvalidPhoto:
            raise RuntimeError("The decode worker does not start.") from None

    def running(self, job: str, notes: Notes, *body: Body) -> Callable[[], tuple[bytes, Notes]]:
        self.photos += 1
        self._watchdog = threading.Timer(WALL_SECONDS, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()
        # Who did not fetch the answer leaves it in the pipe: then nobody may ask again.
        self.dead = True
        try:
            send(self.line, {"job": job, **notes}, *body)
        except OSError:
            raise refused(self._cause_of_death()) from None
        return self._answer

    def _answer(self) -> tuple[bytes, Notes]:
        try:
            answer, result = receive_copy(self.line)
        except (EOFError, OSError, ValueError):  # it is gone, or it talks nonsense
            raise refused(self._cause_of_death()) from None
        finally:
            self.rest()
        self.dead = False
        if code := answer.pop("refused", None):
            raise self._refusal(str(code))
        return result, answer

    def rest(self) -> None:
        """Call the watchdog off: it must not bite while the next photo is at work."""
        if self._watchdog:
            self._watchdog.cancel()

    def _expire(self) -> None:
        self.expired = True
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.line.incoming.close()
        with suppress(BrokenPipeError):  # the half-sent photo of a worker that died
            self.line.outgoing.close()
        if self.line.shared:
            self.line.shared.close()

    def _refusal(self, code: str) -> InvalidPhoto:
        self.dead = code == "too_heavy"  # who ran out of memory once is not asked again
        return refused(code if code in REFUSALS else "damaged_photo")

    def _cause_of_death(self) -> str:
        self.dead = True
        try:
            signal_number = -self.process.wait(1)
        except subprocess.TimeoutExpired:  # alive, but it talks nonsense
            self.process.kill()
            return "damaged_photo"
        if self.expired or signal_number == signal.SIGXCPU:
            return "took_too_long"
        # Nobody else kills it but a kernel that runs out of memory.
        return "too_heavy" if signal_number == signal.SIGKILL else "damaged_photo"


def _started(memory: int | None) -> subprocess.Popen[bytes]:
    environment = _ENVIRONMENT | {n: os.environ[n] for n in _INHERITED if n in os.environ}
    shared = "" if memory is None else str(memory)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own program
        [sys.executable, *_COMMAND, shared, _ROOT, *filter(None, sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=() if memory is None else (memory,),
        env=environment,
        cwd="/",
        process_group=0,  # ctrl-C is for us: photos under way are finished
    )


class _Pool:
    """At most `size` workers for pictures and one more, which never waits for a slow picture.

    Within a lane, first come, first served. The worker used last is used first: the others
    stay asleep.
    """

    def __init__(self, size: int) -> None:
        self._size, self._era = size, 0
        self._busy: Counter[Lane] = Counter()
        self._queues: dict[Lane, deque[object]] = {"slow": deque(), "quick": deque()}
        self._idle: list[_Worker] = []
        self._changed = threading.Condition()

    @contextmanager
    def borrowed(self, lane: Lane) -> Generator[_Worker]:
        worker, era = self._take(lane)
        try:
            if worker and worker.spent:  # it died in its sleep
                worker.close()
                worker = None
            worker = worker or _Worker()
            yield worker
        finally:
            if worker:
                worker.rest()
            self._give_back(worker, lane, era)

    def _take(self, lane: Lane) -> tuple["_Worker | None", int]:
        ticket, queue = object(), self._queues[lane]
        with self._changed:
            queue.append(ticket)
            self._changed.wait_for(lambda: queue[0] is ticket and self._has_room(lane))
            queue.popleft()
            self._busy[lane] += 1
            self._changed.notify_all()
            return self._idle.pop() if self._idle else None, self._era

    def _has_room(self, lane: Lane) -> bool:
        if lane == "slow" and self._busy[lane] >= self._size:
            return False
        return self._busy.total() < self._size + 1

    def _give_back(self, worker: "_Worker | None", lane: Lane, era: int) -> None:
        with self._changed:
            self._busy[lane] -= 1
            wanted = era == self._era and len(self._idle) + self._busy.total() < self._size + 1
            if worker and wanted and not worker.spent:
                self._idle.append(worker)
                worker = None
            self._changed.notify_all()
        if worker:
            worker.close()

    def start(self, count: int) -> None:
        self._add(self._missing(count))

    def warm(self, count: int) -> None:
        fresh = self._missing(count, spare=1)
        try:
            for worker in fresh:
                worker.check()
        except RuntimeError:
            for worker in fresh:
                worker.close()
            raise
        self._add(fresh)

    def _missing(self, count: int, *, spare: int = 0) -> list[_Worker]:
        with self._changed:
            self._size = count
            missing = count + spare - self._busy.total() - len(self._idle)
        return [_Worker() for _ in range(missing)]

    def _add(self, fresh: list[_Worker]) -> None:
        with self._changed:
            self._idle += fresh
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            idle, self._idle = self._idle, []
            self._era += 1
        for worker in idle:
            worker.close()


_pool = _Pool(SIZE)
atexit.register(close)
