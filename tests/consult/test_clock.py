"""The clock of a demo, and that nothing else runs by it."""

import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consult import clock
from consult.clock import Pace

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp()


class TestPace:
    pace = Pace(since=1000.0, shown=START, until=START + 600, over=2.0)

    @pytest.mark.parametrize(
        ("moment", "shown"),
        [(1000.0, START), (1001.0, START + 300), (1002.0, START + 600), (1005.0, START + 603)],
    )
    def test_it_runs_fast_until_its_time_and_then_like_any_other(
        self, moment: float, shown: float
    ) -> None:
        assert self.pace.time_at(moment) == shown
        assert self.pace.shows_at(shown) == moment

    def test_one_that_gains_nothing_shows_its_time_from_the_start(self) -> None:
        pace = Pace(since=1000.0, shown=START, until=START, over=0.0)

        assert pace.time_at(1003.0) == START + 3
        assert pace.shows_at(START + 3) == 1003.0

    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        self.pace.write(tmp_path / "clock")

        assert Pace.read(tmp_path / "clock") == self.pace


class TestFollowing:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Generator[Path]:
        Pace(time.time(), START, START, 0.0).write(tmp_path / "clock")
        clock.follow(tmp_path / "clock")
        yield tmp_path / "clock"
        clock.follow(None)

    def test_the_true_time_is_the_clock_unless_somebody_asks_for_another(self) -> None:
        assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
        assert 59 < clock.seconds_until(datetime.now(UTC) + timedelta(minutes=1)) <= 60

    def test_its_time_is_that_of_the_file(self, file: Path) -> None:
        assert 0 <= clock.now().timestamp() - START < 5

        Pace(time.time() - 10, START, START + 3600, 5.0).write(file)

        assert 3605 <= clock.now().timestamp() - START < 3610

    def test_the_seconds_until_a_time_are_true_ones(self, file: Path) -> None:
        Pace(time.time(), START, START + 3600, 10.0).write(file)

        left = clock.seconds_until(datetime.fromtimestamp(START + 1800, UTC))

        assert 4 < left <= 5

    async def test_who_sleeps_wakes_when_the_clock_begins_to_run_fast(self, file: Path) -> None:
        Pace(time.time(), START, START + 7200, 0.3).write(file)
        started = time.monotonic()

        await clock.sleep(3600)

        assert time.monotonic() - started < 2
