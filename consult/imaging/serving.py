"""The life of a decode worker: what runs in the process that `workers` starts."""

import resource
import sys

from consult.errors import InvalidPhoto
from consult.imaging import proving
from consult.imaging.framing import Job, Line, Notes, mapped, receive, send

MEMORY = 768 << 20  # bytes of address space
CPU_SECONDS = 20  # for one photo
OPEN_FILES = 16


def serve(memory: int | None) -> None:
    """Answer on stdout what comes in on stdin, until that is closed."""
    line = Line(sys.stdin.buffer, sys.stdout.buffer, mapped(memory))
    _set_limits()
    while True:
        try:
            notes, body = receive(line)
        except EOFError:
            return
        _extend_cpu_limit()
        try:
            result, answer = _job(str(notes.pop("job")))(body, notes)
        except InvalidPhoto as error:
            result, answer = b"", Notes(refused=error.code)
        except MemoryError:
            result, answer = b"", Notes(refused="too_heavy")
        send(line, answer, result)


def _job(name: str) -> Job:
    """Most photos need `verify` alone, and all the other decoders take long to load."""
    if name == "verify":
        return proving.verify
    from consult.imaging import decode  # noqa: PLC0415 - see above

    return decode.JOBS[name]


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
