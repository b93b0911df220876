"""What authorization, the audit trail and the sealing add to a durable PUT of a photo.

    python -m tests.bench guards [PAIRS]

The service beside tests/bench/plain_service.py, which is the same without the three. Both are
processes of their own on loopback. Photos go to one and to the other by turns, each pair the
other way round than the one before; a pair gives a ratio, and the median of those counts: what
slows the machine down slows both of a pair. Beside it stands what the processor spent, of the
service and of its decode workers. At most 1.15 is asked for.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2

from tests import service as services
from tests.bench.bench_http import Target
from tests.bench.samples import made, samples
from tests.service import ROOT, Service

WARM = 5


@dataclass(frozen=True)
class Side:
    target: Target
    pid: int


def guards(pairs: int) -> None:
    photos = {
        "12 megapixels": samples()[0].upload,
        "2 megapixels": made((1600, 1200), orientation=1),
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consult-bench-")))
        service = stack.enter_context(services.running(folder / "guarded"))
        sides = [Side(guarded_target(service), service.process.pid), plain_side(stack, folder)]
        print("\nPUT of a photo with authorization, audit and encryption, and without")
        for title, photo in photos.items():
            compare(f"{title}, {len(photo) / 1e6:.2f} MB", sides, photo, pairs)


def compare(title: str, sides: list[Side], photo: bytes, pairs: int) -> None:
    with ExitStack() as stack:
        connections = [connected(stack, side.target) for side in sides]
        taken: list[tuple[float, float]] = []
        before = [0.0, 0.0]
        for number in range(WARM + pairs):
            if number == WARM:
                before = [processor(side.pid) for side in sides]
            order = (0, 1) if number % 2 else (1, 0)
            seconds = {one: put(connections[one], sides[one].target, photo) for one in order}
            taken.append((seconds[0], seconds[1]))
    spent = [processor(side.pid) - since for side, since in zip(sides, before, strict=True)]
    show(title, taken[WARM:], [seconds / pairs for seconds in spent])


def show(title: str, taken: list[tuple[float, float]], spent: list[float]) -> None:
    ratios = sorted(guarded / plain for guarded, plain in taken)
    low, median, high = statistics.quantiles(ratios, n=4)
    guarded, plain = (statistics.median(one) * 1e3 for one in zip(*taken, strict=True))
    print(
        f"  {title}: {median:.3f} (half of {len(taken)} pairs {low:.3f} to {high:.3f}); "
        f"medians {guarded:.1f} and {plain:.1f} ms"
    )
    print(
        f"    by the processor {spent[0] / spent[1]:.3f}: "
        f"{spent[0] * 1e3:.1f} and {spent[1] * 1e3:.1f} ms a photo"
    )


def put(connection: http.client.HTTPConnection, target: Target, photo: bytes) -> float:
    _, path, headers = target()
    started = time.perf_counter()
    connection.request("PUT", path, photo, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise RuntimeError(f"answered {answer.status}")
    return time.perf_counter() - started


def connected(stack: ExitStack, target: Target) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", target()[0], timeout=120)
    stack.callback(connection.close)
    return connection


def guarded_target(service: Service) -> Target:
    """A patient's consult that a specialist has answered."""
    headers: dict[str, dict[str, str]] = {}
    for role in ("patient", "specialist"):
        service.add_user(f"{role}@consult.test", role)
        headers[role] = {"Authorization": f"Bearer {service.token(f'{role}@consult.test')}"}
    mine = headers["patient"]
    opened = httpx2.post(
        f"{service.origin}/api/consults", json={"kind": "follow_up"}, headers=mine
    ).raise_for_status()
    consult = f"/api/consults/{opened.json()['id']}"
    said = f"{service.origin}{consult}/messages/{uuid4()}"
    answer = httpx2.put(said, json={"body": "Send a photo."}, headers=headers["specialist"])
    answer.raise_for_status()
    return lambda: (service.port, f"{consult}/photos/{uuid4()}", mine)


def plain_side(stack: ExitStack, folder: Path) -> Side:
    port, store = services.free_port(), folder / "plain"
    log = stack.enter_context((folder / "plain.log").open("wb"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.plain_service", str(port), str(store)],
        cwd=ROOT, env=services.environment(store, port), stdout=log, stderr=log,
    )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(process.terminate)
    while process.poll() is None:
        try:
            http.client.HTTPConnection("127.0.0.1", port).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return Side(lambda: (port, f"/photos/{uuid4()}", {}), process.pid)
    raise RuntimeError(Path(log.name).read_text())


def processor(pid: int) -> float:
    """Seconds spent by a process and the children that it has."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for process in (pid, *children):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")
