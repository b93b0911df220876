"""Durable photo PUTs over HTTP against a bare server that only receives, hashes and keeps bytes.

    python -m tests.bench.bench_http [ROUNDS]

Both are processes of their own on loopback, served by the same clients with the same 12 MP
photo, rounds interleaved; medians are printed and only the ratios travel. Then: how much
memory eight uploads at once cost the service, and whether it comes back. Nothing is asserted.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx2

from tests import service as services
from tests.bench.samples import samples
from tests.service import ROOT, Service

PUTS = 48
CLIENTS = (1, 8)
Target = Callable[[], tuple[int, str, dict[str, str]]]
"""Port, path of a fresh photo, headers."""


def main(rounds: int) -> None:
    photo = samples()[0].upload
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consult-bench-")))
        service = stack.enter_context(services.running(folder / "data"))
        targets = {"Consult": consult_target(service), "bare server": bare_target(stack, folder)}
        print(
            f"\nPUT of a {len(photo) / 1e6:.2f} MB photo over HTTP, on the disk before the answer"
        )
        for clients in CLIENTS:
            figures = {name: [rate(target, photo, clients)] for name, target in targets.items()}
            for _ in range(rounds):
                for name, target in targets.items():
                    figures[name].append(rate(target, photo, clients))
            show(clients, {name: rates[1:] for name, rates in figures.items()})
        memory(service, targets["Consult"], photo)


def show(clients: int, figures: dict[str, list[float]]) -> None:
    bare = statistics.median(figures["bare server"])
    for name, rates in figures.items():
        median = statistics.median(rates)
        spread = f"{min(rates):.1f} to {max(rates):.1f}"
        print(
            f"  {clients} client{'s' if clients > 1 else ' '}  {name:12} {median:6.1f}/s ({spread})  {median / bare:.2f} of the bare server"
        )


def rate(target: Target, photo: bytes, clients: int) -> float:
    """PUTs per second of `clients` at once, each on a connection that stays open."""
    share = PUTS // clients
    failures: list[int] = []

    def send() -> None:
        port, _, _ = target()
        connection = http.client.HTTPConnection("localhost", port, timeout=120)
        for _ in range(share):
            _, path, headers = target()
            connection.request("PUT", path, photo, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                failures.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"answers other than 201: {failures}")
    return clients * share / (time.perf_counter() - started)


def consult_target(service: Service) -> Target:
    service.add_user("bench@consult.test", "patient")
    headers = {"Authorization": f"Bearer {service.token('bench@consult.test')}"}
    answer = httpx2.post(
        f"{service.origin}/api/consults", json={"kind": "follow_up"}, headers=headers
    )
    consult = answer.json()["id"]
    return lambda: (service.port, f"/api/consults/{consult}/photos/{uuid4()}", headers)


def bare_target(stack: ExitStack, folder: Path) -> Target:
    port, store = services.free_port(), folder / "bare"
    store.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare_server", str(port), str(store)], cwd=ROOT
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    while True:
        try:
            http.client.HTTPConnection("localhost", port).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return lambda: (port, f"/{uuid4()}", {})


def memory(service: Service, target: Target, photo: bytes) -> None:
    """Resident memory of the service and its decode workers: at rest, at the peak, at rest again."""
    time.sleep(2)
    before = _resident(service.process.pid)
    peak, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak.append(_resident(service.process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    rate(target, photo, 8)
    done.set()
    watcher.join()
    time.sleep(2)
    after = _resident(service.process.pid)
    pixels = 4032 * 3024 * 3 / 1e6
    allowed = 8 * (len(photo) / 1e6 + pixels)
    print(f"\nMemory with 8 uploads of {len(photo) / 1e6:.1f} MB in flight")
    print(
        f"  at rest {before:.0f} MB, peak +{max(peak) - before:.0f} MB, at rest again {after - before:+.0f} MB"
    )
    print(f"  8 x (body + one decode of {pixels:.0f} MB) is {allowed:.0f} MB")


def _resident(pid: int) -> float:
    """Megabytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for process in (pid, *children):
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
