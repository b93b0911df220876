"""Feed a reader of strangers' bytes with mutations, and count.

    python -m tests.fuzz TARGET EXECUTIONS|SECONDSs [--crashes FOLDER]

TARGET is jpeg, exif, icc, bmff, png or webp. With the atheris package installed the run is
guided by coverage; else it mutates seeds blindly. Exit status 1 if anything broke; the inputs
that broke it are kept in FOLDER.
"""

import argparse
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from tests.fuzz.mutation import mutated
from tests.fuzz.tally import Tally
from tests.fuzz.target import MAX_INPUT, Target

TARGETS = ("jpeg", "exif", "icc", "bmff", "png", "webp")
_SEED = 20_261_124  # of the blind run, so that it can be repeated


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("limit", help="2000000 executions, or 60s")
    parser.add_argument("--crashes", type=Path, default=Path("build/crashes"))
    arguments = parser.parse_args()
    atheris = importlib.import_module("atheris") if find_spec("atheris") else None
    # Coverage is built into the readers as they are imported, so they come now.
    with atheris.instrument_imports(include=["consult.imaging"]) if atheris else nullcontext():
        module = importlib.import_module(f"tests.fuzz.target_{arguments.target}")
    target: Target = module.TARGET
    tally = Tally(target, arguments.crashes / arguments.target)
    done = _limit(arguments.limit, tally)
    if atheris:
        _run_guided(atheris, tally, done)
    _run_blind(tally, done)
    sys.exit(_report(tally, "blind"))


def _limit(limit: str, tally: Tally) -> Callable[[], bool]:
    if limit.endswith("s"):
        deadline = tally.started + float(limit[:-1])
        return lambda: time.monotonic() > deadline
    most = int(limit)
    return lambda: tally.executions >= most


def _run_blind(tally: Tally, done: Callable[[], bool]) -> None:
    seeds, chance = tally.target.seeds(), random.Random(_SEED)
    for seed in seeds:
        tally.execute(seed)
    while not done():
        tally.execute(mutated(seeds, chance))


def _run_guided(atheris: Any, tally: Tally, done: Callable[[], bool]) -> NoReturn:
    folder = Path(tempfile.mkdtemp())
    for number, seed in enumerate(tally.target.seeds()):
        (folder / str(number)).write_bytes(seed)

    def execute(content: bytes) -> None:
        tally.execute(content)
        if done():  # libFuzzer never gives control back
            shutil.rmtree(folder)
            os._exit(_report(tally, "guided"))

    options = [f"-max_len={MAX_INPUT}", "-verbosity=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *options, str(folder)], execute, internal_libfuzzer=True)
    atheris.Fuzz()
    raise AssertionError("libFuzzer gave up.")


def _report(tally: Tally, how: str) -> int:
    print(json.dumps({"how": how, **tally.report()}), flush=True)
    return 1 if tally.crashes else 0


if __name__ == "__main__":
    main()
