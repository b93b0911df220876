"""How long it takes to decide every cell that there is: at most 30 seconds is asked for.

python -m tests.bench decision
"""

import time

from tests.consult.access.cells import verdicts


def every_cell(rounds: int) -> None:
    for _ in range(rounds):
        verdicts.cache_clear()
        started = time.process_time()
        cells = verdicts()
        seconds = time.process_time() - started
        each = seconds / cells.size * 1e6
        print(f"\n{cells.size:,} cells decided in {seconds:.1f} s, {each:.2f} µs each")
