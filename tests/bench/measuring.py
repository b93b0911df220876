"""Variants of one task, measured in interleaved rounds: a noisy machine is noisy for all of them.

By the clock and by the processor. The best of the rounds counts: whatever else the machine does
only ever adds. Only ratios travel to another machine.
"""

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from consult.imaging import workers


@dataclass(frozen=True)
class Taken:
    """Seconds."""

    clock: float
    processor: float
    """Of this process and of its decode workers."""


@contextmanager
def one_core() -> Generator[None]:
    """Keep this process, and the decode workers that it starts, on one core."""
    every = os.sched_getaffinity(0)
    workers.close()
    os.sched_setaffinity(0, {max(every)})
    try:
        yield
    finally:
        workers.close()
        os.sched_setaffinity(0, every)


def best(variants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Taken]:
    """Run each variant once per round; the first round only warms up."""
    taken: dict[str, list[Taken]] = {name: [] for name in variants}
    for _ in range(rounds + 1):
        for name, variant in variants.items():
            taken[name].append(measured(variant))
    return {
        name: Taken(min(t.clock for t in each[1:]), min(t.processor for t in each[1:]))
        for name, each in taken.items()
    }


def measured(variant: Callable[[], object]) -> Taken:
    clock, processor = time.perf_counter(), _processor()
    variant()
    return Taken(time.perf_counter() - clock, _processor() - processor)


def show(taken: Mapping[str, Taken], heading: str) -> None:
    """Each line against the first."""
    base = next(iter(taken.values()))
    print(f"\n{heading}")
    print(f"  {'':<44} {'ms':>7} {'ratio':>6} {'CPU ms':>8} {'ratio':>6}")
    for name, each in taken.items():
        clock = f"{each.clock * 1e3:7.1f} {each.clock / base.clock:6.2f}"
        processor = f"{each.processor * 1e3:8.1f} {each.processor / base.processor:6.2f}"
        print(f"  {name:<44} {clock} {processor}")


def _processor() -> float:
    return time.process_time() + sum(_processor_of(w.process.pid) for w in workers._pool._idle)


def _processor_of(pid: int) -> float:
    """Ask as clock_getcpuclockid(3) does, which Python does not offer: the pid is inverted."""
    return time.clock_gettime((~pid << 3) | 2)
