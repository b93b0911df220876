"""Work for later, written down in the transaction that causes it.

A rolled-back transaction leaves no job, a committed one is never lost. Delivery is at least
once: every task must be able to run twice. Arguments are ids only.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

Task = Callable[..., Awaitable[None]]
"""Called with the arguments of the job. A task that blocks a thread cannot be timed out."""


class UnknownTask(LookupError):
    """No task has this name."""


class WorkerRunning(Exception):
    """Another process works on these jobs already; on SQLite there can be only one."""


@dataclass(frozen=True)
class DeadJob:
    id: int
    name: str
    attempts: int
    error: str
    """Type and place of the last failure, without its values."""


@dataclass(frozen=True)
class JobCounts:
    todo: int
    running: int
    dead: int
    late_seconds: float
    """For how long the job that should have run first has been due; 0 when none is."""


class Jobs(Protocol):
    async def enqueue(
        self,
        session: AsyncSession,
        name: str,
        *,
        key: str | None = None,
        delay: float = 0.0,
        **args: str | int,
    ) -> None:
        """Write a job down in the caller's transaction; it runs `delay` seconds later or after.

        While a job with the same `key` waits to run, another one is not added: that one runs,
        with its own arguments, at the earlier of the two times. Keys are shared by all tasks:
        begin each with the task's name. Raises UnknownTask.
        """
        ...

    async def cancel(self, session: AsyncSession, **args: str | int) -> None:
        """Drop, in the caller's transaction, the waiting and dead jobs with these arguments."""
        ...

    async def run(self, tasks: Mapping[str, Task]) -> None:
        """Work until `stop`, then finish what runs, within limits. Raises WorkerRunning."""
        ...

    def stop(self) -> None:
        """Ask `run` to return."""
        ...

    async def dead(self) -> list[DeadJob]:
        """List the jobs that failed too often, oldest first."""
        ...

    async def retry(self, job_id: int) -> bool:
        """Let a dead job start afresh; False when there is none with this id."""
        ...

    async def counts(self) -> JobCounts: ...
