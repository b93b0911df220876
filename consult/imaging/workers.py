"""A small warm pool of decode processes with hard limits.

Decoders of pictures are large C programs fed by strangers. Each job runs in a process of its
own that may use little memory and time, write no file, and knows none of the service's
secrets: it gets a bare environment. If it dies, hangs or outgrows its limits, the photo is
refused and the process replaced; nobody else notices.

What is quick, as proving a photo whole is, does not wait for what is slow, as decoding HEIC is.
"""

import atexit
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

from consult.errors import InvalidPhoto
from consult.imaging.framing import Note, Notes, receive, send
from consult.imaging.refusals import REFUSALS, refused

WALL_SECONDS = 30.0  # for one photo
PHOTOS_PER_WORKER = 200  # then a fresh one, so that what leaks in C stays small
SIZE = min(4, os.cpu_count() or 1)

Lane = Literal["slow", "quick"]

_QUICK = {"verify", "profile"}
_PIPE_BYTES = 1 << 20  # what Linux lets anyone have; a 4 MB photo goes through twice as fast
_ROOT = str(Path(__file__).parents[2])
_BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
from consult.imaging import decode, serving
serving.serve(decode.JOBS)
"""
_ENVIRONMENT = {
    # One arena and no helper threads: both count against the address space.
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": os.defpath,
}
_INHERITED = ("CONSULT_TURBOJPEG", "LD_LIBRARY_PATH")


def run(job: str, *body: bytes, **notes: Note) -> tuple[bytes, Notes]:
    """Run `decode.JOBS[job]` in a worker, from any thread; waits for a free one.

    The pieces of the body arrive as one.

    Raises what the job raises of InvalidPhoto; PhotoTooLarge when it needs too much memory;
    UnreadablePhoto when it dies or takes too long.
    """
    with _pool.borrowed("quick" if job in _QUICK else "slow") as worker:
        return worker.run(job, notes, *body)


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
        environment = _ENVIRONMENT | {n: os.environ[n] for n in _INHERITED if n in os.environ}
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter and our own program
            [sys.executable, "-c", _BOOT, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        )
        for pipe in (self._stdin, self._stdout):
            _widen(pipe)

    @property
    def spent(self) -> bool:
        return self.dead or self.process.poll() is not None or self.photos >= PHOTOS_PER_WORKER

    def check(self) -> None:
        try:
            self.run("hello", {})
        except InvalidPhoto:
            raise RuntimeError("The decode worker does not start.") from None

    def run(self, job: str, notes: Notes, *body: bytes) -> tuple[bytes, Notes]:
        self.photos += 1
        watchdog = threading.Timer(WALL_SECONDS, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            send(self._stdin, {"job": job, **notes}, *body)
            answer, result = receive(self._stdout)
        except (EOFError, OSError, ValueError):  # it is gone, or it talks nonsense
            raise refused(self._cause_of_death()) from None
        finally:
            watchdog.cancel()
        if code := answer.pop("refused", None):
            raise self._refusal(str(code))
        return result, answer

    def _expire(self) -> None:
        self.expired = True
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._stdout.close()
        with suppress(BrokenPipeError):  # the half-sent photo of a worker that died
            self._stdin.close()

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

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin
        return self.process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self.process.stdout
        return self.process.stdout


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

    def warm(self, count: int) -> None:
        with self._changed:
            self._size = count
            missing = count + 1 - self._busy.total() - len(self._idle)
        fresh = [_Worker() for _ in range(missing)]
        try:
            for worker in fresh:
                worker.check()
        except RuntimeError:
            for worker in fresh:
                worker.close()
            raise
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


def _widen(pipe: IO[bytes]) -> None:
    """Only Linux can, and only as far as it lets one user; the usual 64 KiB do as well."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
