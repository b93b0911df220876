"""Notices ways in that another process closed: `consult user disable` beside a running service.

In this process the one who closes them rings. From another one no bell is heard, so whoever has
a stream open is looked up, all of them in one query.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from consult.accounts import Standing, standings, topic_of_user, user_of_topic
from consult.bootstrap import Backends

log = structlog.get_logger()

_EVERY_SECONDS = 0.5


@asynccontextmanager
async def watch_endings(backends: Backends) -> AsyncGenerator[None]:
    """Watch for as long as the block lasts."""
    watcher = asyncio.create_task(_watch(backends))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])


async def _watch(backends: Backends) -> None:
    before: dict[UUID, Standing] = {}
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            before = await _look(backends, before)
        except SQLAlchemyError:  # streams still look for themselves, only later
            log.exception("streams.could_not_be_watched")


async def _look(backends: Backends, before: dict[UUID, Standing]) -> dict[UUID, Standing]:
    listening = {user for topic in backends.doorbell.topics if (user := user_of_topic(topic))}
    if not listening:
        return {}
    async with backends.database.reads() as session:
        after = await standings(session, listening)
    for user_id in listening:
        # Somebody new is rung for once, for nothing: it is the way to miss nobody.
        if user_id not in before or after.get(user_id) != before[user_id]:
            backends.doorbell.ring(topic_of_user(user_id))
    return after
