"""What 500 slow connections do to everybody else, and what an honest slow link gets.

    python -m tests.bench slow [CONNECTIONS [SECONDS]]
    python -m tests.bench upload [BYTES [BYTES PER SECOND]]

The service runs with the settings that it has by default. `slow` holds connections open that
say nothing, half a header, or half a body, opens another for each that is closed, and asks
/livez all the while. `upload` sends a photo as an ambulance would. Figures; nothing is asserted.
"""

import asyncio
import contextlib
import http.client
import random
import resource
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from uuid import uuid4

import httpx2

from tests import service as services
from tests.bench.samples import made
from tests.service import Service

SAYINGS = {
    "silent": b"",
    "half a header": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-",
    "half a body": b"POST /api/passkeys/authentication/options HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
}
_EVERY = 0.02


def slow(connections: int = 500, seconds: float = 60) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, connections + 500)), hard))
    with _running() as service:
        quiet = _ask(service, until=_after(5))
        closed: Counter[str] = Counter()
        held, stop = [0], threading.Event()
        crowd = threading.Thread(
            target=lambda: asyncio.run(_crowd(service.port, connections, closed, held, stop))
        )
        crowd.start()
        while held[0] < connections:
            time.sleep(0.1)
        busy = _ask(service, until=_after(seconds))
        most = held[0]
        stop.set()
        crowd.join()
    print(f"\n/livez beside {most} slow connections, held for {seconds:.0f} s")
    for name, times in (("alone", quiet), ("beside them", busy)):
        print(f"  {name:12} {_figures(times)}")
    print(
        "  closed by the service and opened again: "
        + ", ".join(f"{count} {name}" for name, count in closed.items())
    )


def upload(size: int = 2_000_000, rate: int = 2_000) -> None:
    """Send `size` bytes of a photo at `rate` a second."""
    side = int((5.1 * size) ** 0.5)  # these photos have a fifth of a byte a pixel
    photo = made((side, side), orientation=1)
    with _running() as service:
        service.add_user("crew@consult.test", "ems")
        headers = {"Authorization": f"Bearer {service.token('crew@consult.test')}"}
        opened = httpx2.post(
            f"{service.origin}/api/consults", json={"kind": "follow_up"}, headers=headers
        )
        path = f"/api/consults/{opened.json()['id']}/photos/{uuid4()}"
        began = time.monotonic()
        link = http.client.HTTPConnection("localhost", service.port, timeout=600)
        link.putrequest("PUT", path)
        for name, value in (headers | {"Content-Length": str(len(photo))}).items():
            link.putheader(name, value)
        link.endheaders()
        for at in range(0, len(photo), rate // 2):
            link.send(photo[at : at + rate // 2])
            time.sleep(max(0.0, began + at / rate - time.monotonic()))
        status = link.getresponse().status
        spent = time.monotonic() - began
    print(f"\n{len(photo):,} bytes at {rate:,} a second: {status} after {spent:.0f} s")


async def _crowd(
    port: int, wanted: int, closed: Counter[str], held: list[int], stop: threading.Event
) -> None:
    names = list(SAYINGS)
    tasks = [
        asyncio.create_task(_hold(port, names[number % len(names)], closed, held))
        for number in range(wanted)
    ]
    while not stop.is_set():  # noqa: ASYNC110 - set by a thread, which asyncio.Event is not for
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _hold(port: int, name: str, closed: Counter[str], held: list[int]) -> None:
    await asyncio.sleep(random.random())
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        held[0] += 1
        with contextlib.suppress(ConnectionError):
            writer.write(SAYINGS[name])
            await reader.read()
        held[0] -= 1
        closed[name] += 1
        writer.close()


def _ask(service: Service, *, until: Callable[[], bool]) -> list[float]:
    """Milliseconds of each answer of /livez, on a new connection every time."""
    times = list[float]()
    while not until():
        began = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        link.request("GET", "/livez")
        assert link.getresponse().status == 200
        link.close()
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(_EVERY)
    return times


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _figures(times: list[float]) -> str:
    p99 = statistics.quantiles(times, n=100)[98]
    return (
        f"median {statistics.median(times):.1f} ms, p99 {p99:.1f} ms, "
        f"worst {max(times):.1f} ms of {len(times)}"
    )


@contextlib.contextmanager
def _running() -> Generator[Service]:
    with (
        tempfile.TemporaryDirectory(prefix="consult-bench-") as folder,
        services.running(Path(folder) / "data") as service,
    ):
        yield service
