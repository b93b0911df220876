"""The contract of Jobs, on real SQLite. `Desk` is a small office: tasks that write down what ran."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
import structlog
from sqlalchemy import text

from consult.backends.database import Database, open_database
from consult.backends.jobs import DeadJob, JobCounts, UnknownTask, WorkerRunning, table
from consult.backends.jobs.sqlite import Limits, SqliteJobs, exponential
from consult.config import Settings

ROOT = Path(__file__).parents[3]
NOBODY_WAITS = Limits(attempts=3, poll=0.05, grace=0.2, backoff=lambda _: 0.0)


class Desk:
    """Tasks for the tests, and the jobs that run them."""

    def __init__(self, database: Database, settings: Settings, limits: Limits) -> None:
        self.database = database
        self.ran: list[str] = []
        self.failures = 0
        """How often `flaky` still fails."""
        self.gate = anyio.Event()
        self.tasks = {"record": self.record, "flaky": self.flaky, "slow": self.slow}
        self.jobs = SqliteJobs(
            database, task_names=self.tasks, lock=settings.data_dir / "worker", limits=limits
        )

    async def record(self, *, word: str) -> None:
        self.ran.append(word)

    async def flaky(self, *, word: str) -> None:
        self.ran.append(word)
        if self.failures:
            self.failures -= 1
            raise ValueError("jane@example.org is not reachable")

    async def slow(self, *, word: str) -> None:
        self.ran.append(word)
        await self.gate.wait()
        self.ran.append(f"{word} done")

    async def add(self, name: str, word: str, *, key: str | None = None, delay: float = 0) -> None:
        async with self.database.writes.begin() as session:
            await self.jobs.enqueue(session, name, key=key, delay=delay, word=word)

    async def until_ran(self, *words: str) -> None:
        await until(lambda: self.ran == list(words))

    async def until_counts(self, *, todo: int = 0, running: int = 0, dead: int = 0) -> None:
        expected = JobCounts(todo, running, dead, 0.0)
        with anyio.fail_after(5):
            while replace(await self.jobs.counts(), late_seconds=0.0) != expected:  # noqa: ASYNC110 - nothing rings when a row has changed
                await anyio.sleep(0.01)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(self.jobs.run, self.tasks)
            yield
            self.jobs.stop()


@pytest.fixture
def make_desk(database: Database, settings: Settings) -> Callable[..., Desk]:
    def make(limits: Limits = NOBODY_WAITS) -> Desk:
        return Desk(database, settings, limits)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


class TestEnqueue:
    async def test_a_job_runs_once_and_leaves_no_row(self, desk: Desk) -> None:
        async with desk.working():
            await desk.add("record", "one")
            await desk.until_ran("one")
            await desk.until_counts()

    async def test_a_transaction_rolled_back_leaves_no_job(self, desk: Desk) -> None:
        async with desk.database.writes() as session, session.begin():
            await desk.jobs.enqueue(session, "record", word="never")
            await session.rollback()
        await desk.add("record", "after")
        async with desk.working():
            await desk.until_ran("after")
            await desk.until_counts()

    async def test_a_job_starts_at_once_when_its_transaction_commits(
        self, make_desk: Callable[..., Desk]
    ) -> None:
        desk = make_desk(replace(NOBODY_WAITS, poll=30.0))
        async with desk.working():
            await anyio.sleep(0.1)  # the worker has looked, found nothing, and waits
            await desk.add("record", "now")
            await desk.until_ran("now")

    async def test_a_delayed_job_waits_its_time(self, desk: Desk) -> None:
        async with desk.working():
            start = time.monotonic()
            await desk.add("record", "later", delay=0.3)
            await desk.until_ran("later")

        assert 0.29 < time.monotonic() - start < 2

    async def test_a_name_that_no_task_has_is_refused(self, desk: Desk) -> None:
        with pytest.raises(UnknownTask, match="recrod"):
            await desk.add("recrod", "typo")

        await desk.until_counts()

    async def test_a_job_of_another_process_is_found(self, desk: Desk, settings: Settings) -> None:
        async with desk.working(), open_database(settings) as other:
            command_line = Desk(other, settings, NOBODY_WAITS)
            await command_line.add("record", "from outside")
            await desk.until_ran("from outside")


class TestKeys:
    async def test_two_jobs_of_one_key_are_one_while_the_first_waits(self, desk: Desk) -> None:
        await desk.add("record", "first", key="record:1")
        await desk.add("record", "second", key="record:1")
        await desk.add("record", "other", key="record:2")
        async with desk.working():
            await desk.until_counts()

        assert sorted(desk.ran) == ["first", "other"]

    async def test_the_one_that_waits_runs_at_the_earlier_time(self, desk: Desk) -> None:
        await desk.add("record", "retried in an hour", key="record:1", delay=3600)
        await desk.add("record", "news", key="record:1")
        await desk.add("record", "more news", key="record:1", delay=3600)
        async with desk.working():
            await desk.until_ran("retried in an hour")
            await desk.until_counts()

    async def test_a_running_job_does_not_swallow_the_next_one(self, desk: Desk) -> None:
        async with desk.working():
            await desk.add("slow", "first", key="slow:1")
            await desk.until_ran("first")
            await desk.add("slow", "second", key="slow:1")
            await desk.until_ran("first", "second")
            desk.gate.set()
            await desk.until_counts()

    async def test_a_dead_job_does_not_swallow_the_next_one(self, desk: Desk) -> None:
        desk.failures = 3
        async with desk.working():
            await desk.add("flaky", "poison", key="flaky:1")
            await desk.until_counts(dead=1)
            await desk.add("flaky", "fine", key="flaky:1")
            await desk.until_counts(dead=1)

        assert desk.ran == ["poison"] * 3 + ["fine"]

    async def test_of_a_failed_job_and_a_newer_one_of_its_key_the_newer_stays(
        self, desk: Desk
    ) -> None:
        async with desk.database.writes.begin() as session:
            await desk.jobs.enqueue(session, "record", key="record:1", word="old")
            await table.claim(session, at=now(), limit=1)  # as a crash leaves it
            await desk.jobs.enqueue(session, "record", key="record:1", word="new")
        async with desk.working():
            await desk.until_ran("new")
            await desk.until_counts()

    async def test_of_two_jobs_of_a_key_that_a_crash_cut_off_the_newer_stays(
        self, desk: Desk
    ) -> None:
        async with desk.database.writes.begin() as session:
            for word in ("old", "new"):
                await desk.jobs.enqueue(session, "record", key="record:1", word=word)
                await table.claim(session, at=now(), limit=1)
        async with desk.working():
            await desk.until_ran("new")
            await desk.until_counts()


class TestFailure:
    async def test_a_job_that_fails_once_runs_again(self, desk: Desk) -> None:
        desk.failures = 1
        async with desk.working():
            await desk.add("flaky", "again")
            await desk.until_ran("again", "again")
            await desk.until_counts()

    async def test_a_job_that_always_fails_is_dead_after_the_last_attempt(self, desk: Desk) -> None:
        desk.failures = 99
        async with desk.working():
            await desk.add("flaky", "poison")
            await desk.until_counts(dead=1)

        assert desk.ran == ["poison"] * 3
        (dead,) = await desk.jobs.dead()
        assert (dead.name, dead.attempts) == ("flaky", 3)
        assert dead.error.startswith("ValueError at ")
        assert ":Desk.flaky:" in dead.error

    async def test_a_dead_job_starts_afresh_when_a_person_says_so(self, desk: Desk) -> None:
        desk.failures = 3
        async with desk.working():
            await desk.add("flaky", "poison")
            await desk.until_counts(dead=1)
            (dead,) = await desk.jobs.dead()

            assert await desk.jobs.retry(dead.id)
            await desk.until_counts()

        assert desk.ran == ["poison"] * 4
        assert not await desk.jobs.retry(dead.id)

    async def test_only_a_dead_job_can_be_retried(self, desk: Desk) -> None:
        await desk.add("record", "waits", delay=3600)

        assert not await desk.jobs.retry(1)
        assert not await desk.jobs.retry(99)

    async def test_the_log_tells_where_but_not_what(self, desk: Desk) -> None:
        desk.failures = 1
        with structlog.testing.capture_logs() as logged:
            async with desk.working():
                await desk.add("flaky", "Jane Doe")
                await desk.until_counts()

        (line,) = [entry for entry in logged if entry["event"] == "job.failed"]
        assert (line["task"], line["attempts"], line["error_type"]) == ("flaky", 1, "ValueError")
        assert "jane" not in str(logged).lower()

    async def test_a_job_that_takes_too_long_fails(self, make_desk: Callable[..., Desk]) -> None:
        desk = make_desk(replace(NOBODY_WAITS, attempts=2, timeout=0.05))
        async with desk.working():
            await desk.add("slow", "hangs")
            await desk.until_counts(dead=1)

        assert [dead.error.split()[0] for dead in await desk.jobs.dead()] == ["TimeoutError"]
        assert desk.ran == ["hangs", "hangs"]

    async def test_a_job_of_another_version_ends_dead_and_blocks_nobody(self, desk: Desk) -> None:
        async with desk.database.writes.begin() as session:
            await table.add(session, "from_the_future", {}, key=None, run_at=now())
        async with desk.working():
            await desk.add("record", "ours")
            await desk.until_counts(dead=1)

        assert desk.ran == ["ours"]
        assert [dead.error.split()[0] for dead in await desk.jobs.dead()] == ["UnknownTask"]

    async def test_a_slow_job_does_not_hold_up_the_next(self, desk: Desk) -> None:
        async with desk.working():
            await desk.add("slow", "slow")
            await desk.add("record", "fast")
            await desk.until_ran("slow", "fast")
            desk.gate.set()

    async def test_no_more_jobs_run_at_once_than_there_are_slots(
        self, make_desk: Callable[..., Desk]
    ) -> None:
        desk = make_desk(replace(NOBODY_WAITS, slots=2))
        for word in ("one", "two", "three"):
            await desk.add("slow", word)
        async with desk.working():
            await desk.until_counts(todo=1, running=2)
            desk.gate.set()
            await desk.until_counts()

        assert desk.ran[:2] == ["one", "two"]

    def test_each_wait_is_about_twice_the_last_and_never_over_72_minutes(self) -> None:
        waits = [exponential(attempts) for attempts in range(1, 40)]

        assert all(0.8 * 2**n <= wait <= 1.2 * 2**n for n, wait in enumerate(waits[:11], 1))
        assert max(waits) <= 1.2 * 3600


class TestWorker:
    async def test_outlives_a_database_that_fails_for_a_while(self, desk: Desk) -> None:
        with structlog.testing.capture_logs() as logged:
            async with desk.working():
                await desk.add("slow", "before")
                await desk.until_ran("before")
                await desk_sql(desk, "ALTER TABLE job RENAME TO away")
                desk.gate.set()  # its end cannot be written down now
                await until(lambda: len(logged) > 3)
                await desk_sql(desk, "ALTER TABLE away RENAME TO job")
                await desk.until_counts()
                await desk.add("record", "after")
                await desk.until_ran("before", "before done", "after")

        assert {entry["event"] for entry in logged} == {"jobs.database_failed"}

    async def test_stops_even_when_the_end_of_a_job_cannot_be_written(self, desk: Desk) -> None:
        with anyio.fail_after(5):
            async with desk.working():
                await desk.add("slow", "before")
                await desk.until_ran("before")
                await desk_sql(desk, "ALTER TABLE job RENAME TO away")
                desk.gate.set()
        await desk_sql(desk, "ALTER TABLE away RENAME TO job")

        await desk.until_counts(running=1)

    async def test_a_second_worker_is_refused(
        self, desk: Desk, make_desk: Callable[..., Desk]
    ) -> None:
        async with desk.working():
            await desk.add("record", "first")
            await desk.until_ran("first")
            second = make_desk()
            with pytest.raises(WorkerRunning):
                await second.jobs.run(second.tasks)

        async with second.working():
            await second.add("record", "its turn")
            await second.until_ran("its turn")

    async def test_does_not_start_without_all_the_tasks(self, desk: Desk) -> None:
        with pytest.raises(UnknownTask, match="flaky, slow"):
            await desk.jobs.run({"record": desk.record})

    async def test_lets_running_jobs_finish_when_it_stops(
        self, make_desk: Callable[..., Desk]
    ) -> None:
        desk = make_desk(replace(NOBODY_WAITS, grace=5.0))
        async with anyio.create_task_group() as group:
            group.start_soon(desk.jobs.run, desk.tasks)
            await desk.add("slow", "first")
            await desk.until_ran("first")
            desk.jobs.stop()
            await anyio.sleep(0.2)  # it may be in the midst of looking for more
            await desk.add("record", "not started any more")
            await anyio.sleep(0.1)
            desk.gate.set()

        assert desk.ran == ["first", "first done"]
        await desk.until_counts(todo=1)

    @pytest.mark.parametrize("how", ["stopped", "cancelled"])
    async def test_a_job_cut_off_by_a_stop_runs_at_the_next_start_and_is_not_to_blame(
        self, how: str, desk: Desk, make_desk: Callable[..., Desk]
    ) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(desk.jobs.run, desk.tasks)
            await desk.add("slow", "cut off")
            await desk.until_ran("cut off")
            if how == "stopped":
                desk.jobs.stop()
            else:
                group.cancel_scope.cancel()

        assert await rows(desk) == [("todo", 0)]
        again = make_desk()
        async with again.working():
            again.gate.set()
            await again.until_ran("cut off", "cut off done")

    async def test_a_job_that_crashes_its_process_every_time_ends_dead(self, desk: Desk) -> None:
        await desk.add("record", "crashes")
        for attempt in (1, 2, 3):
            async with desk.database.writes.begin() as session:
                (claimed,) = await table.claim(session, at=now(), limit=8)
                assert claimed.attempts == attempt
            # The process ends here, and a new one starts.
            async with desk.database.writes.begin() as session:
                await desk.jobs._recover(session)

        assert desk.ran == []
        (dead,) = await desk.jobs.dead()
        assert dead == DeadJob(claimed.id, "record", 3, "the process ended in the middle of it")

    async def test_a_job_that_a_kill_cut_off_runs_again_at_the_next_start(
        self, desk: Desk, settings: Settings
    ) -> None:
        async with desk.database.writes.begin() as session:
            await desk.jobs.enqueue(session, "record", word="survivor")
        ran = settings.data_dir / "ran"
        process = start_worker(settings, "hang")
        await until(lambda: ran.exists() and ran.read_text() == "survivor\n")
        process.send_signal(signal.SIGKILL)
        await anyio.to_thread.run_sync(process.wait)
        assert await rows(desk) == [("running", 1)]

        process = start_worker(settings, "finish")

        assert await anyio.to_thread.run_sync(process.wait, 30) == 0
        assert ran.read_text() == "survivor\n" * 2
        assert await rows(desk) == []

    async def test_an_idle_worker_never_takes_the_write_lock(self, desk: Desk) -> None:
        writer = sqlite3.connect(await file_of(desk), isolation_level=None)
        with structlog.testing.capture_logs() as logged:
            async with desk.working():
                await anyio.sleep(0.1)
                writer.execute("BEGIN IMMEDIATE")
                await anyio.sleep(0.2)
                with anyio.fail_after(1):
                    assert await desk.jobs.counts() == JobCounts(0, 0, 0, 0.0)
                desk.jobs.stop()
        writer.close()

        assert logged == []

    async def test_counts_tell_for_how_long_the_first_is_late(self, desk: Desk) -> None:
        await desk.add("record", "waits", delay=-60)
        await desk.add("record", "for later", delay=3600)
        counts = await desk.jobs.counts()

        assert (counts.todo, counts.running, counts.dead) == (2, 0, 0)
        assert 60 <= counts.late_seconds < 65


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not true():  # noqa: ASYNC110 - nothing rings when a task has run
            await anyio.sleep(0.01)


async def rows(desk: Desk) -> list[tuple[str, int]]:
    async with desk.database.reads() as session:
        connection = await session.connection()
        found = await connection.execute(text("SELECT state, attempts FROM job ORDER BY id"))
        return [(str(state), int(attempts)) for state, attempts in found]


async def desk_sql(desk: Desk, statement: str) -> None:
    async with desk.database.writes.begin() as session:
        await (await session.connection()).execute(text(statement))


async def file_of(desk: Desk) -> str:
    async with desk.database.reads() as session:
        connection = await session.connection()
        listed = await connection.execute(text("PRAGMA database_list"))
        return str(listed.one()[2])


def now() -> datetime:
    return datetime.now(UTC)


def start_worker(settings: Settings, how: str) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("worker_process.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(settings.data_dir), how],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
