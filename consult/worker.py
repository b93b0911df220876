"""The background worker: runs the jobs, and asks for those that come round by the clock."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult.bootstrap import Backends
from consult.tasks import REMIND_OF_REVIEWS, SWEEP_ORPHANS, tasks_of

log = structlog.get_logger()

_HOUR = 60 * 60.0
_ROUNDS = {SWEEP_ORPHANS: 24 * _HOUR, REMIND_OF_REVIEWS: _HOUR}
"""How often each is asked for, and once at every start."""


async def run_worker(backends: Backends) -> None:
    """Work until `backends.jobs.stop()`. Raises WorkerRunning when another process does already."""
    rounds = [asyncio.create_task(_ask_for(backends, name)) for name in _ROUNDS]
    try:
        await backends.jobs.run(tasks_of(backends))
    finally:
        for asking in rounds:
            asking.cancel()
        await asyncio.wait(rounds)


async def _ask_for(backends: Backends, name: str) -> None:
    while True:
        try:
            async with backends.database.writes.begin() as session:
                await backends.jobs.enqueue(session, name, key=name)
        except SQLAlchemyError:  # a full disk today must not end the rounds for good
            log.exception("worker.could_not_ask", task=name)
        await asyncio.sleep(_ROUNDS[name])
