"""Lets the jobs of a test run, and reads the mail that came of them."""

import asyncio
import email
import email.policy
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage

from sqlmodel import update

from consult.backends.jobs import Task
from consult.backends.jobs.sqlite import SqliteJobs
from consult.backends.jobs.table import Job
from consult.bootstrap import Backends


async def work(backends: Backends, tasks: Mapping[str, Task]) -> None:
    """Run every job there is, without waiting for its hour; none may die."""
    async with backends.database.writes.begin() as session:
        await session.exec(update(Job).values(run_at=datetime.now(UTC)))
    lock = backends.settings.data_dir / "test.worker"
    jobs = SqliteJobs(backends.database, task_names=tasks.keys(), lock=lock)
    worker = asyncio.create_task(jobs.run(tasks))
    while (counts := await jobs.counts()).todo + counts.running:  # noqa: ASYNC110 - rows, not events
        await asyncio.sleep(0.01)
    jobs.stop()
    await worker
    assert counts.dead == 0


def mails(backends: Backends) -> list[EmailMessage]:
    """What was sent, oldest first."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((backends.settings.data_dir / "mail").glob("*.eml"))
    ]


def addressees(backends: Backends) -> Counter[str]:
    return Counter(str(mail["To"]) for mail in mails(backends))
