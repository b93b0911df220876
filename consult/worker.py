"""The background worker: runs the jobs, and asks for those that come round by the clock."""

import asyncio
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult import audit, clock, escalations
from consult.bootstrap import Backends
from consult.models import now
from consult.tasks import (
    ANCHOR_AUDIT,
    ASK_FOR_OUTCOMES,
    MAIL_DUE_REQUESTS,
    RELEASE_ABANDONED,
    REMIND_OF_REVIEWS,
    RESUME_SENDING,
    SWEEP_ORPHANS,
    SWEEP_UPLOADS,
    WARN_OF_GAPS,
    tasks_of,
)

log = structlog.get_logger()

_HOUR = 60 * 60.0
_ROUNDS = {
    SWEEP_ORPHANS: 24 * _HOUR,
    SWEEP_UPLOADS: _HOUR,
    REMIND_OF_REVIEWS: _HOUR,
    MAIL_DUE_REQUESTS: 30.0,
    ASK_FOR_OUTCOMES: _HOUR,
    RELEASE_ABANDONED: 60.0,
    RESUME_SENDING: 60.0,
    WARN_OF_GAPS: 24 * _HOUR,
}
"""How often each is asked for, and once at every start."""

_LOOK_SECONDS = 5.0
_WATCH_SECONDS = 0.25
"""Of the escalations: what is written down as due at once waits no longer than this."""


async def run_worker(backends: Backends) -> None:
    """Work until `backends.jobs.stop()`. Raises WorkerRunning when another process does already."""
    rounds = [
        asyncio.create_task(_ask_for_anchors(backends)),
        asyncio.create_task(_escalate(backends)),
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
        await clock.sleep(_ROUNDS[name])


async def _escalate(backends: Backends) -> None:
    """Do what is due when it is due. The wall clock is read anew each time: it may jump."""
    while True:
        pause = _WATCH_SECONDS
        try:
            pause = await escalate(backends)
        except SQLAlchemyError:  # what is due stays due
            log.exception("worker.could_not_escalate")
        await asyncio.sleep(pause)


async def escalate(backends: Backends) -> float:
    """Do everything that is due; return the seconds until it is worth looking again."""
    async with backends.database.reads() as session:
        due = await escalations.due_ids(session, now())
        first = await escalations.next_due(session) if not due else None
    for escalation_id in due:
        async with backends.database.writes.begin() as session:
            await escalations.fire(session, backends.jobs, escalation_id, now())
    if due or first is None:
        return 0.0 if due else _WATCH_SECONDS
    return max(0.0, min(_WATCH_SECONDS, clock.seconds_until(first)))


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
