"""Jobs in a table of the service's own SQLite file, worked on by one process."""

import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from anyio import (
    CancelScope,
    Event,
    create_task_group,
    current_time,
    fail_after,
    get_cancelled_exc_class,
    move_on_after,
    sleep,
)
from anyio.abc import TaskGroup
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import clock
from consult.backends.database import Database
from consult.backends.files import exclusive
from consult.backends.jobs import DeadJob, JobCounts, Task, UnknownTask, WorkerRunning, table
from consult.backends.jobs.table import Claimed
from consult.logs import describe, place

log = structlog.get_logger()


def exponential(attempts: int) -> float:
    """Seconds to wait after that many attempts, spread so that failures do not return at once."""
    return min(3600.0, 2.0**attempts) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


@dataclass(frozen=True)
class Limits:
    slots: int = 8
    """Jobs that run at the same time."""
    attempts: int = 10
    """After that many, a job is dead: about half an hour after the first."""
    timeout: float = 300.0
    """Seconds one attempt may take."""
    grace: float = 10.0
    """Seconds that running jobs get to finish after `stop`."""
    poll: float = 1.0
    """Seconds between looks for jobs of other processes: the command line enqueues too."""
    backoff: Callable[[int], float] = exponential


class SqliteJobs:
    def __init__(
        self,
        database: Database,
        *,
        task_names: Collection[str],
        lock: Path,
        limits: Limits | None = None,
    ) -> None:
        self._database = database
        self._names = frozenset(task_names)
        self._lock = lock
        self._limits = limits or Limits()
        self._wake = Event()
        self._live = 0
        self._stopping = False

    async def enqueue(
        self,
        session: AsyncSession,
        name: str,
        *,
        key: str | None = None,
        delay: float = 0.0,
        **args: str | int,
    ) -> None:
        if name not in self._names:
            raise UnknownTask(name)
        await table.add(session, name, args, key=key, run_at=_in(delay))
        event.listen(session.sync_session, "after_commit", self._ring, once=True)

    async def cancel(self, session: AsyncSession, **args: str | int) -> None:
        await table.drop(session, args)

    async def run(self, tasks: Mapping[str, Task]) -> None:
        if missing := self._names - tasks.keys():
            raise UnknownTask(", ".join(sorted(missing)))
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self._lock, wait=False))
            except BlockingIOError:
                raise WorkerRunning("Another process works on the jobs already.") from None
            await self._write(self._recover)
            await self._work_until_stopped(tasks)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def dead(self) -> list[DeadJob]:
        async with self._database.reads() as session:
            return await table.dead(session)

    async def retry(self, job_id: int) -> bool:
        async with self._database.writes.begin() as session:
            if job_id not in {job.id for job in await table.dead(session)}:
                return False
            await table.give_back(session, job_id, run_at=_in(0), attempts=0, error="")
        self._wake.set()
        return True

    async def counts(self) -> JobCounts:
        async with self._database.reads() as session:
            return await table.counts(session, at=_in(0))

    def _ring(self, _committed: object) -> None:
        self._wake.set()

    async def _recover(self, session: AsyncSession) -> None:
        # One process works at a time, so whatever runs now was cut off by a crash. It is no fault
        # of most of them, so they go on at once; but the one that crashes its process must end.
        for job in await table.interrupted(session):
            await self._record_failure(
                session, job, "the process ended in the middle of it", wait=0
            )

    async def _work_until_stopped(self, tasks: Mapping[str, Task]) -> None:
        async with create_task_group() as group:
            try:
                while not self._stopping:
                    self._wake = Event()
                    pause = await self._start_due(group, tasks)
                    with move_on_after(pause):
                        await self._wake.wait()
            finally:
                self._stopping = True
                group.cancel_scope.deadline = current_time() + self._limits.grace

    async def _start_due(self, group: TaskGroup, tasks: Mapping[str, Task]) -> float:
        """Start what is due and has a slot; return the seconds until it is worth looking again."""
        try:
            pause = await self._seconds_to_next()
            claimed = await self._claim() if pause <= 0 else []
        except SQLAlchemyError as error:
            _log_database(error)
            return self._limits.poll
        for job in claimed:
            self._live += 1
            group.start_soon(self._attempt, tasks, job)
        return max(0.0, pause)

    async def _seconds_to_next(self) -> float:
        # Asked of a read session: an idle service never takes the write lock.
        if self._live == self._limits.slots:
            return self._limits.poll
        async with self._database.reads() as session:
            first = await table.next_run_at(session)
        return min(self._limits.poll, clock.seconds_until(first)) if first else self._limits.poll

    async def _claim(self) -> list[Claimed]:
        async with self._database.writes.begin() as session:
            return await table.claim(session, at=_in(0), limit=self._limits.slots - self._live)

    async def _attempt(self, tasks: Mapping[str, Task], job: Claimed) -> None:
        try:
            with fail_after(self._limits.timeout):
                await _task(tasks, job.name)(**job.args)
        except get_cancelled_exc_class():
            # Our stop, not the job's fault: it does not count.
            await self._write(_released(job))
            raise
        except Exception as error:  # noqa: BLE001 - the worker outlives whatever a task raises
            log.warning(
                "job.failed", task=job.name, job_id=job.id, attempts=job.attempts, **describe(error)
            )
            await self._write(self._failed(job, place(error)))
        else:
            await self._write(lambda session: table.finish(session, job.id))
        finally:
            self._live -= 1
            self._wake.set()

    def _failed(self, job: Claimed, error: str) -> "Change":
        return lambda session: self._record_failure(session, job, error)

    async def _record_failure(
        self, session: AsyncSession, job: Claimed, error: str, *, wait: float | None = None
    ) -> None:
        if job.attempts >= self._limits.attempts:
            log.error("job.dead", task=job.name, job_id=job.id, attempts=job.attempts)
            return await table.bury(session, job.id, error=error)
        run_at = _in(self._limits.backoff(job.attempts) if wait is None else wait)
        return await table.give_back(
            session, job.id, run_at=run_at, attempts=job.attempts, error=error
        )

    async def _write(self, change: "Change") -> None:
        """Record an outcome, however often it takes: a full disk must not leave a job running.

        Once we stop, one try is enough: the next start finds the row still marked as running.
        """
        with CancelScope(shield=True):
            while True:
                try:
                    async with self._database.writes.begin() as session:
                        return await change(session)
                except SQLAlchemyError as error:
                    _log_database(error)
                if self._stopping:
                    return None
                await sleep(self._limits.poll)


Change = Callable[[AsyncSession], Awaitable[None]]


def _released(job: Claimed) -> Change:
    return lambda session: table.give_back(
        session, job.id, run_at=_in(0), attempts=job.attempts - 1, error=""
    )


def _log_database(error: SQLAlchemyError) -> None:
    log.error("jobs.database_failed", **describe(error))


def _task(tasks: Mapping[str, Task], name: str) -> Task:
    try:
        return tasks[name]
    except KeyError:
        raise UnknownTask(name) from None


def _in(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)
