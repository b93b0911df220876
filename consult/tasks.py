"""The jobs by name, and what each does. Every one may run twice: it must then change nothing more."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlmodel import col, select

from consult import notifications
from consult.access import Action
from consult.backends.jobs import Task
from consult.bootstrap import Backends
from consult.consults import get_seat
from consult.errors import ConsultError
from consult.models import Actor, Consult, Photo, User, Via

SWEEP_ORPHANS = "sweep_orphans"
NAMES = frozenset({notifications.SEND_NOTICE, SWEEP_ORPHANS})

ORPHAN_AGE = timedelta(hours=24)
"""No upload lasts that long: a file this old without a row was cut off between the two."""


def tasks_of(backends: Backends) -> Mapping[str, Task]:
    return {
        notifications.SEND_NOTICE: partial(send_notice, backends),
        SWEEP_ORPHANS: partial(sweep_orphans, backends),
    }


async def send_notice(backends: Backends, *, user_id: str, consult_id: str, notice_id: str) -> None:
    """Send one notice, unless the person has lost access since. The Message-ID stays the same on a retry."""
    async with backends.database.reads() as session:
        user = await session.get(User, UUID(user_id))
        if user is None or not user.active:
            return
        actor = Actor(user.id, user.role, user.name, user.email, Via.COMMAND)
        try:
            await get_seat(session, actor, UUID(consult_id), Action.CONSULT_READ)
        except ConsultError:
            return
    # No transaction is open while we talk to a mail server.
    await backends.mailer.send(
        notifications.notice(backends.settings, user, UUID(consult_id), UUID(notice_id))
    )


async def sweep_orphans(backends: Backends) -> None:
    """Delete stored files that no photo owns: uploads that were cut between file and row.

    What was sealed for somebody who was shredded is nobody's either.
    """
    keys = [key async for key in backends.storage.keys(older_than=ORPHAN_AGE)]
    for start in range(0, len(keys), 500):
        batch = keys[start : start + 500]
        async with backends.database.reads() as session:
            query = (
                select(Photo.storage_key)
                .join(Consult, col(Consult.id) == Photo.consult_id)
                .where(col(Photo.storage_key).in_(batch), col(Consult.shredded_at).is_(None))
            )
            owned = set((await session.exec(query)).all())
        for key in batch:
            if key not in owned:
                await backends.storage.delete(key)
