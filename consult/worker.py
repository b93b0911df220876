"""The background worker: runs the jobs, and asks for the sweep once a day."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult.bootstrap import Backends
from consult.tasks import SWEEP_ORPHANS, tasks_of

log = structlog.get_logger()

_DAY = 24 * 60 * 60.0


async def run_worker(backends: Backends) -> None:
    """Work until `backends.jobs.stop()`. Raises WorkerRunning when another process does already."""
    sweeper = asyncio.create_task(_ask_for_sweeps(backends))
    try:
        await backends.jobs.run(tasks_of(backends))
    finally:
        sweeper.cancel()
        await asyncio.wait([sweeper])


async def _ask_for_sweeps(backends: Backends) -> None:
    while True:
        try:
            async with backends.database.writes.begin() as session:
                await backends.jobs.enqueue(session, SWEEP_ORPHANS, key=SWEEP_ORPHANS)
        except SQLAlchemyError:  # a full disk today must not end the sweeps for good
            log.exception("worker.could_not_ask_for_sweep")
        await asyncio.sleep(_DAY)
