"""The background worker: runs the jobs, and asks for those that come round by the clock."""

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult import audit
from consult.bootstrap import Backends
from consult.tasks import ANCHOR_AUDIT, REMIND_OF_REVIEWS, SWEEP_ORPHANS, tasks_of

log = structlog.get_logger()

_HOUR = 60 * 60.0
_ROUNDS = {SWEEP_ORPHANS: 24 * _HOUR, REMIND_OF_REVIEWS: _HOUR}
"""How often each is asked for, and once at every start."""

_LOOK_SECONDS = 5.0


async def run_worker(backends: Backends) -> None:
    """Work until `backends.jobs.stop()`. Raises WorkerRunning when another process does already."""
    rounds = [
        asyncio.create_task(_ask_for_anchors(backends)),
        *(asyncio.create_task(_ask_for(backends, name)) for name in _ROUNDS),
    ]
    try:
        await backends.jobs.run(tasks_of(backends))
    finally:
        for asking in rounds:
            asking.cancel()
        await asyncio.wait(rounds)
    await _anchor_the_end(backends)


async def _ask_for(backends: Backends, name: str) -> None:
    while True:
        try:
            async with backends.database.writes.begin() as session:
                await backends.jobs.enqueue(session, name, key=name)
        except SQLAlchemyError:  # a full disk today must not end the rounds for good
            log.exception("worker.could_not_ask", task=name)
        await asyncio.sleep(_ROUNDS[name])


async def _ask_for_anchors(backends: Backends) -> None:
    """Ask as soon as there are rows, and from then on as often as the settings say."""
    settings = backends.settings
    seq, asked_at = 0, -float("inf")
    while True:
        try:
            async with backends.database.reads() as session:
                newest = await audit.newest_seq(session)
            waited = time.monotonic() - asked_at
            many = newest - seq >= settings.audit_anchor_rows
            if many or (newest > seq and waited >= settings.audit_anchor_minutes * 60):
                async with backends.database.writes.begin() as session:
                    await backends.jobs.enqueue(session, ANCHOR_AUDIT, key=ANCHOR_AUDIT)
                seq, asked_at = newest, time.monotonic()
        except SQLAlchemyError:
            log.exception("worker.could_not_ask", task=ANCHOR_AUDIT)
        await asyncio.sleep(_LOOK_SECONDS)


async def _anchor_the_end(backends: Backends) -> None:
    try:
        await audit.drop_anchor(backends.database, backends.settings.audit_anchor)
    except (OSError, SQLAlchemyError, audit.ChainContradicted):
        log.exception("worker.could_not_anchor")
