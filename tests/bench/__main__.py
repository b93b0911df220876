"""`make bench`: every benchmark, in one run on this machine.

python -m tests.bench [NAME [ROUNDS]]

ROUNDS is the number of connections for "slow", of pairs for "guards", of open ones for
"escalations", of streams for "events".
"""

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from tests.bench import (
    bench_commands,
    bench_decision,
    bench_escalations,
    bench_events,
    bench_guards,
    bench_http,
    bench_load,
    bench_photo,
    bench_slow,
)

BENCHMARKS: dict[str, tuple[Callable[[int], None], int]] = {
    "upright": (bench_photo.upright_photo, 20),
    "turned": (bench_photo.turned_photo, 12),
    "heic": (bench_photo.heic_photo, 16),
    "two": (bench_photo.two_at_once, 15),
    "commands": (bench_commands.one_file, 15),
    "folder": (bench_commands.whole_folder, 10),
    "http": (bench_http.main, 5),
    "decision": (bench_decision.every_cell, 1),
    "guards": (bench_guards.guards, 60),
    "slow": (bench_slow.slow, 500),
    "events": (bench_events.delivery, 200),
    "load": (bench_load.first_loads, 3),
    "escalations": (bench_escalations.due, 100_000),
}

if __name__ == "__main__":
    name, rounds = (*sys.argv[1:], "", "")[:2]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}")
    for benchmark, usual in [BENCHMARKS[name]] if name else BENCHMARKS.values():
        benchmark(int(rounds or usual))
