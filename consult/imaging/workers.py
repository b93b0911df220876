"""A small warm pool of decode processes with hard limits.

Decoders of pictures are large C programs fed by strangers. Each job runs in a process of its
own that may use little memory and time, write no file, and knows none of the service's
secrets: it gets a bare environment. If it dies, hangs or outgrows its limits, the photo is
refused and the process replaced; nobody else notices.

Messages are JSON and raw bytes, never pickles: a worker that was taken over can lie about a
picture, and nothing else.
"""

import atexit
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from consult.errors import InvalidPhoto
from consult.imaging.refusals import REFUSALS, refused

MEMORY = 768 << 20  # bytes of address space
CPU_SECONDS = 20  # for one photo
WALL_SECONDS = 30.0  # for one photo
OPEN_FILES = 16
PHOTOS_PER_WORKER = 200  # then a fresh one, so that what leaks in C stays small
SIZE = min(4, os.cpu_count() or 1)

Note = str | int | bool | None
Notes = dict[str, Note]
Job = Callable[[bytes, Notes], tuple[bytes, Notes]]

_MAX_HEAD = 64 * 1024
_HEADER = struct.Struct("<II")
_ROOT = str(Path(__file__).parents[2])
_BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
from consult.imaging import decode, workers
workers.serve(decode.JOBS)
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


def run(job: str, body: bytes, **notes: Note) -> tuple[bytes, Notes]:
    """Run `decode.JOBS[job]` on `body` in a worker, from any thread; waits for a free one.

    Raises what the job raises of InvalidPhoto; PhotoTooLarge when it needs too much memory;
    UnreadablePhoto when it dies or takes too long.
    """
    with _pool.borrowed() as worker:
        return worker.run(job, body, notes)


def warm(count: int = SIZE) -> None:
    """Make the pool `count` workers large and start them, so that no photo waits for them.

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

    @property
    def spent(self) -> bool:
        return self.dead or self.process.poll() is not None or self.photos >= PHOTOS_PER_WORKER

    def check(self) -> None:
        try:
            self.run("hello", b"", {})
        except InvalidPhoto:
            self.close()
            raise RuntimeError("The decode worker does not start.") from None

    def run(self, job: str, body: bytes, notes: Notes) -> tuple[bytes, Notes]:
        self.photos += 1
        watchdog = threading.Timer(WALL_SECONDS, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            _send(self._stdin, {"job": job, **notes}, body)
            answer, result = _receive(self._stdout)
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
    """At most `size` workers; the one used last is used first, the others stay asleep."""

    def __init__(self, size: int) -> None:
        self._size, self._busy, self._era = size, 0, 0
        self._idle: list[_Worker] = []
        self._changed = threading.Condition()

    @contextmanager
    def borrowed(self) -> Generator[_Worker]:
        with self._changed:
            self._changed.wait_for(lambda: self._busy < self._size)
            self._busy += 1
            worker, era = self._idle.pop() if self._idle else None, self._era
        try:
            if worker and worker.spent:  # it died in its sleep
                worker.close()
                worker = None
            worker = worker or _Worker()
            yield worker
        finally:
            self._give_back(worker, era)

    def _give_back(self, worker: "_Worker | None", era: int) -> None:
        with self._changed:
            self._busy -= 1
            wanted = era == self._era and len(self._idle) + self._busy < self._size
            if worker and wanted and not worker.spent:
                self._idle.append(worker)
                worker = None
            self._changed.notify()
        if worker:
            worker.close()

    def warm(self, count: int) -> None:
        with self._changed:
            self._size = count
            missing = count - self._busy - len(self._idle)
        fresh = [_Worker() for _ in range(missing)]
        for worker in fresh:
            worker.check()
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


def serve(jobs: Mapping[str, Job]) -> None:
    """The life of a worker: questions come in on stdin, answers go out on stdout."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    _set_limits()
    while True:
        try:
            notes, body = _receive(questions)
        except EOFError:
            return
        _extend_cpu_limit()
        try:
            result, answer = jobs[str(notes.pop("job"))](body, notes)
        except InvalidPhoto as error:
            result, answer = b"", Notes(refused=error.code)
        except MemoryError:
            result, answer = b"", Notes(refused="too_heavy")
        _send(answers, answer, result)


def _set_limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the photo
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def _extend_cpu_limit() -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _send(stream: IO[bytes], notes: Mapping[str, Note], body: bytes) -> None:
    head = json.dumps(notes).encode()
    stream.write(_HEADER.pack(len(head), len(body)) + head)
    stream.write(body)
    stream.flush()


def _receive(stream: IO[bytes]) -> tuple[Notes, bytes]:
    head, body = _HEADER.unpack(_exactly(stream, _HEADER.size))
    if head > _MAX_HEAD or body > MEMORY:
        raise ValueError
    notes: Notes = json.loads(_exactly(stream, head))
    return notes, _exactly(stream, body)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
