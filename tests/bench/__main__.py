"""`make bench`: every benchmark, in one run on this machine; or one by its name.

python -m tests.bench [slow | upload] [NUMBERS]
"""

import os
import platform
import sys
from datetime import UTC, datetime

from tests.bench import bench_http, bench_imaging, bench_slow

if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}")
    numbers = [int(number) for number in sys.argv[2:]]
    match sys.argv[1:2]:
        case ["slow"]:
            bench_slow.slow(*numbers)
        case ["upload"]:
            bench_slow.upload(*numbers)
        case _:
            bench_imaging.main(rounds=15)
            bench_http.main(rounds=5)
