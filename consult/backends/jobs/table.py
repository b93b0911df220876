"""The job table of SQLite, and each change of a job's state as one function.

(enqueued) -> todo -> running -> (deleted: done)
               ^        |  |
               +--------+  +--> dead -> todo (retried by a person)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.database import NAMING_CONVENTION
from consult.backends.jobs import DeadJob, JobCounts

SQLModel.metadata.naming_convention = NAMING_CONVENTION
_ONE_WAITING = sa.text("state = 'todo'")


class JobState(StrEnum):
    WAITING = "todo"  # as procrastinate calls it, to which these rows move with PostgreSQL
    RUNNING = "running"
    DEAD = "dead"


class Job(SQLModel, table=True):
    __table_args__ = (
        sa.CheckConstraint("state IN ('todo', 'running', 'dead')", name="state"),
        # A running or dead job must not swallow the next one of its key.
        sa.Index("uq_job_key_todo", "key", unique=True, sqlite_where=_ONE_WAITING),
        sa.Index("ix_job_state_run_at", "state", "run_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    args: dict[str, Any] = Field(sa_type=sa.JSON)
    key: str | None = None
    state: str = JobState.WAITING
    attempts: int = 0
    run_at: datetime
    error: str = ""


@dataclass(frozen=True)
class Claimed:
    id: int
    name: str
    args: Mapping[str, Any]
    attempts: int
    """This one included."""


async def add(
    session: AsyncSession, name: str, args: Mapping[str, Any], *, key: str | None, run_at: datetime
) -> None:
    fresh = insert(Job).values(
        name=name, args=args, key=key, state=JobState.WAITING, attempts=0, run_at=run_at, error=""
    )
    earlier = sa.func.min(col(Job.run_at), fresh.excluded.run_at)
    await (await session.connection()).execute(
        fresh.on_conflict_do_update(
            index_elements=["key"], index_where=_ONE_WAITING, set_={"run_at": earlier}
        )
    )


async def drop(session: AsyncSession, args: Mapping[str, Any]) -> None:
    named = [sa.func.json_extract(col(Job.args), f"$.{name}") == it for name, it in args.items()]
    await session.exec(sa.delete(Job).where(col(Job.state) != JobState.RUNNING, *named))


async def next_run_at(session: AsyncSession) -> datetime | None:
    query = (
        select(Job.run_at).where(Job.state == JobState.WAITING).order_by(col(Job.run_at)).limit(1)
    )
    return (await session.exec(query)).first()


async def claim(session: AsyncSession, *, at: datetime, limit: int) -> list[Claimed]:
    """Mark up to `limit` jobs that are due as running, and return them."""
    due = (
        select(Job.id)
        .where(Job.state == JobState.WAITING, Job.run_at <= at)
        .order_by(col(Job.run_at), col(Job.id))
        .limit(limit)
    )
    rows = await session.exec(
        sa.update(Job)
        .where(col(Job.id).in_(due))
        .values(state=JobState.RUNNING, attempts=Job.attempts + 1)
        .returning(col(Job.id), col(Job.name), col(Job.args), col(Job.attempts))
    )
    return [Claimed(*row) for row in rows.all()]


async def finish(session: AsyncSession, job_id: int) -> None:
    await session.exec(sa.delete(Job).where(col(Job.id) == job_id))


async def give_back(
    session: AsyncSession, job_id: int, *, run_at: datetime, attempts: int, error: str
) -> None:
    """Let a job wait again, unless a newer one of the same key does: that one will do."""
    waiting = select(Job.key).where(Job.state == JobState.WAITING, col(Job.key).is_not(None))
    await session.exec(sa.delete(Job).where(col(Job.id) == job_id, col(Job.key).in_(waiting)))
    await session.exec(
        sa.update(Job)
        .where(col(Job.id) == job_id)
        .values(state=JobState.WAITING, run_at=run_at, attempts=attempts, error=error)
    )


async def bury(session: AsyncSession, job_id: int, *, error: str) -> None:
    await session.exec(
        sa.update(Job).where(col(Job.id) == job_id).values(state=JobState.DEAD, error=error)
    )


async def interrupted(session: AsyncSession) -> list[Claimed]:
    """List what ran when the last worker ended, newest first, so that the newest of a key stays."""
    query = select(Job).where(Job.state == JobState.RUNNING).order_by(col(Job.id).desc())
    jobs = (await session.exec(query)).all()
    return [Claimed(_id(job), job.name, job.args, job.attempts) for job in jobs]


async def dead(session: AsyncSession) -> list[DeadJob]:
    query = select(Job).where(Job.state == JobState.DEAD).order_by(col(Job.id))
    jobs = (await session.exec(query)).all()
    return [DeadJob(_id(job), job.name, job.attempts, job.error) for job in jobs]


async def counts(session: AsyncSession, *, at: datetime) -> JobCounts:
    query = select(Job.state, sa.func.count()).group_by(Job.state)
    number = dict((await session.exec(query)).all())
    first = await next_run_at(session)
    return JobCounts(
        todo=number.get(JobState.WAITING, 0),
        running=number.get(JobState.RUNNING, 0),
        dead=number.get(JobState.DEAD, 0),
        late_seconds=max(0.0, (at - first).total_seconds()) if first else 0.0,
    )


def _id(job: Job) -> int:
    assert job.id is not None  # a stored job has one
    return job.id
