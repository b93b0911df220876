"""The page over a slow link: what its first load costs, and how soon it can be used.

    python -m tests.bench load [ROUNDS]

Chromium throttles the link to 1.6 Mbit/s down, 0.75 up, 150 ms: a phone far from the mast. A
first load has nothing kept; a later one has what the one before left. Bytes are those on the wire,
heads included. It can be used once the element that the screen is for is there, whatever is still
on its way. At most 150 kB and 25 requests are asked of a first load.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tests import service as services
from tests.needs import needs
from tests.web.person import FLAGS, arrive

SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}


@dataclass
class Load:
    seconds: float = 0.0
    size: float = 0.0
    requests: int = 0


def first_loads(rounds: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="consult-bench-") as folder,
        services.running(Path(folder) / "load") as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=list(FLAGS))
        somebody = arrive(browser, service.origin, "Sam Moreno")
        somebody.enrol(service.add_user("sam@example.org", "patient", "Sam Moreno"))
        state = somebody.page.context.storage_state()
        print("\na page over 1.6 Mbit/s and 150 ms (asked of a first load: 150 kB, 25 requests)")
        print(f"  {'':30} {'kB':>7} {'requests':>9} {'usable after, s':>16}")
        for name, kept, heading in (
            ("a stranger's, to sign in", None, "Sign in"),
            ("somebody's own consults", state, "My consults"),
        ):
            firsts: list[Load] = []
            laters: list[Load] = []
            for _ in range(rounds):
                context = browser.new_context(storage_state=kept, service_workers="block")
                page = context.new_page()
                with _slow(page) as load:
                    firsts.append(_timed(load, page, service.origin, heading))
                with _slow(page) as load:
                    laters.append(_timed(load, page, service.origin, heading))
                context.close()
            _show(f"{name}: first", firsts)
            _show(f"{name}: later", laters)
        browser.close()


@contextmanager
def _slow(page: Page) -> Any:
    cdp: Any = page.context.new_cdp_session(page)
    load = Load()
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", SLOW)
    cdp.on("Network.loadingFinished", _note(load))
    yield load
    cdp.detach()


def _note(load: Load) -> Callable[[Any], None]:
    def note(event: Any) -> None:
        if event["encodedDataLength"]:  # else it was kept
            load.requests += 1
            load.size += event["encodedDataLength"]

    return note


def _timed(load: Load, page: Page, url: str, heading: str) -> Load:
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible(timeout=60_000)
    load.seconds = time.perf_counter() - started
    page.wait_for_load_state("networkidle")
    return load


def _show(name: str, loads: list[Load]) -> None:
    size = statistics.median(load.size for load in loads) / 1000
    requests = statistics.median(load.requests for load in loads)
    seconds = statistics.median(load.seconds for load in loads)
    print(f"  {name:30} {size:7.0f} {requests:9.0f} {seconds:16.2f}")
