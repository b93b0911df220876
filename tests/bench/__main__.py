"""`make bench`: every benchmark, in one run on this machine."""

import os
import platform
from datetime import UTC, datetime

from tests.bench import bench_http, bench_imaging

if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}")
    bench_imaging.main(rounds=15)
    bench_http.main(rounds=5)
