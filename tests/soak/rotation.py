"""Kill rotations at many moments: python -m tests.soak.rotation [TIMES]; figures, no timed run.

First at every single call that changes a disk, then at random moments with a service beside.
"""

import random
import sys
import tempfile
from pathlib import Path

from consult.config import Settings
from tests.consult.backends.rotations import Rehearsal, rehearsal


def main(times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        with rehearsal(settings, subjects=300) as rehearsed:
            at_calls, cut = _at_every_call(rehearsed)
            print(f"killed at {at_calls} of {at_calls} calls; a rotation was left open {cut} times")
            rehearsed.add(5000)
            rehearsed.rotate()
            cut = _at_random(rehearsed, times)
            print(f"killed at {times} random moments; a rotation was left open {cut} times")
            rehearsed.rotate()
            assert not rehearsed.check()
            print(f"{len(rehearsed.sealed)} subjects' values all opened after each")


def _at_every_call(rehearsed: Rehearsal) -> tuple[int, int]:
    call = cut = 0
    while rehearsed.rotate_and_kill_at(call + 1):
        call += 1
        if rehearsed.check():
            cut += 1
            rehearsed.rotate()  # every call is one of a rotation from its beginning
    return call, cut


def _at_random(rehearsed: Rehearsal, times: int) -> int:
    dice, cut = random.Random(7), 0
    for _ in range(times):
        rehearsed.rotate_and_kill(dice)
        cut += rehearsed.check()
    return cut


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 150)
