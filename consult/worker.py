"""The background worker: runs the jobs, asks for the sweep once a day and for anchors in time."""

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult import audit
from consult.bootstrap import Backends
from consult.tasks import ANCHOR_AUDIT, SWEEP_ORPHANS, tasks_of

log = structlog.get_logger()

_DAY = 24 * 60 * 60.0
_LOOK_SECONDS = 5.0


async def run_worker(backends: Backends) -> None:
    """Work until `backends.jobs.stop()`. Raises WorkerRunning when another process does already."""
    askers = [
        asyncio.create_task(_ask_for_sweeps(backends)),
        asyncio.create_task(_ask_for_anchors(backends)),
    ]
    try:
        await backends.jobs.run(tasks_of(backends))
    finally:
        for asker in askers:
            asker.cancel()
        await asyncio.wait(askers)
    await _anchor_the_end(backends)


async def _ask_for_sweeps(backends: Backends) -> None:
    while True:
        try:
            async with backends.database.writes.begin() as session:
                await backends.jobs.enqueue(session, SWEEP_ORPHANS, key=SWEEP_ORPHANS)
        except SQLAlchemyError:  # a full disk today must not end the sweeps for good
            log.exception("worker.could_not_ask_for_sweep")
        await asyncio.sleep(_DAY)


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
            log.exception("worker.could_not_ask_for_anchor")
        await asyncio.sleep(_LOOK_SECONDS)


async def _anchor_the_end(backends: Backends) -> None:
    try:
        await audit.drop_anchor(backends.database, backends.settings.audit_anchor)
    except (OSError, SQLAlchemyError, audit.ChainContradicted):
        log.exception("worker.could_not_anchor")
