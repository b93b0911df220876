"""The fuzz targets hold for their seeds and a few mutations; `make fuzz` goes further."""

import importlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.mutation import mutated
from tests.fuzz.tally import Tally
from tests.fuzz.target import MAX_INPUT, Target


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds_and_a_few_mutations(name: str, tmp_path: Path) -> None:
    target: Target = importlib.import_module(f"tests.fuzz.target_{name}").TARGET
    tally, seeds, chance = Tally(target, tmp_path), target.seeds(), random.Random(name)
    for seed in seeds:
        tally.execute(seed)
    assert tally.accepted
    for _ in range(1000):
        tally.execute(mutated(seeds, chance))
    assert not tally.crashes
    assert tally.memory < 1 << 20


def test_what_breaks_a_target_is_counted_and_kept_once(tmp_path: Path) -> None:
    def fragile(content: bytes) -> None:
        assert content != b"boom", "a crash"

    tally = Tally(Target(fragile, lambda: [b"boom"]), tmp_path)
    for content in (b"fine", b"boom", b"boom"):
        tally.execute(content)
    assert (tally.executions, tally.accepted) == (3, 1)
    assert [*tally.crashes.values()] == [2]
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == b"boom"


def test_mutations_differ_and_keep_to_the_largest_size() -> None:
    chance = random.Random(1)
    made = {mutated([bytes(MAX_INPUT), b"seed"], chance) for _ in range(100)}
    assert len(made) > 50
    assert max(map(len, made)) <= MAX_INPUT


def test_the_command_reports_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "exif", "500", "--crashes", str(tmp_path)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert report["executions"] == 500
    assert report["crashes"] == {}
