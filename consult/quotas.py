"""How many photos there may be: per consult, per person, and while the disk has room.

Counted from the rows, so that a restart forgets nothing. A photo that is already there may
always be sent again.
"""

import shutil
from datetime import datetime, timedelta
from uuid import UUID

from anyio import to_thread
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.bootstrap import Backends
from consult.config import Settings
from consult.config.checks import folder_of
from consult.errors import StorageFull, TooMuch
from consult.models import Actor, Photo, now

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def require_room(backends: Backends) -> None:
    """Raise TooMuch while too many photos wait to be worked on, StorageFull without a free disk."""
    if backends.image_threads.statistics().tasks_waiting >= backends.settings.decode_queue:
        raise TooMuch(
            "Many photos are being worked on just now. Try again shortly.",
            code="queue_full",
            retry_after=10,
        )
    usage = await to_thread.run_sync(shutil.disk_usage, folder_of(backends.settings.storage_url))
    if usage.free * 100 < usage.total * backends.settings.free_space_percent:
        raise StorageFull("No photo can be kept just now: the service's disk is nearly full.")


async def require_quota(
    session: AsyncSession, settings: Settings, *, actor: Actor, consult_id: UUID
) -> None:
    """Raise TooMuch where one photo more by this person, in this consult, would be too many."""
    await require_consult_quota(session, settings, consult_id=consult_id)
    await _require_hour(session, settings, actor)
    await _require_day(session, settings, actor)


async def require_consult_quota(
    session: AsyncSession, settings: Settings, *, consult_id: UUID
) -> None:
    query = select(func.count()).select_from(Photo).where(Photo.consult_id == consult_id)
    if (await session.exec(query)).one() >= settings.photos_per_consult:
        raise TooMuch(
            f"A consult takes {settings.photos_per_consult} photos. Open another one for more.",
            code="consult_full",
            retry_after=int(_DAY.total_seconds()),
        )


async def _require_hour(session: AsyncSession, settings: Settings, actor: Actor) -> None:
    """The newest but so many is what has to grow an hour old."""
    query = (
        select(Photo.created_at)
        .where(*_sent_by(actor, since=now() - _HOUR))
        .order_by(col(Photo.created_at).desc())
        .offset(settings.photos_per_hour - 1)
        .limit(1)
    )
    if blocking := (await session.exec(query)).first():
        raise TooMuch(
            f"You have sent {settings.photos_per_hour} photos within an hour. Send more later.",
            code="hour_full",
            retry_after=_seconds_until(blocking + _HOUR),
        )


async def _require_day(session: AsyncSession, settings: Settings, actor: Actor) -> None:
    query = select(func.sum(Photo.size), func.min(Photo.created_at)).where(
        *_sent_by(actor, since=now() - _DAY)
    )
    total, oldest = (await session.exec(query)).one()
    if oldest and total >= settings.photo_bytes_per_day:
        raise TooMuch(
            f"You have sent {total // 1_000_000} MB of photos within a day. Send more later.",
            code="day_full",
            retry_after=_seconds_until(oldest + _DAY),
        )


def _sent_by(actor: Actor, *, since: datetime) -> tuple[bool, ...]:
    """Those that were sent; what was made of them by turning is no upload."""
    return (
        Photo.created_by == actor.user_id,
        col(Photo.created_at) > since,  # pyright: ignore[reportReturnType] - an expression, typed as SQLModel types `==`
        col(Photo.turned_from).is_(None),  # pyright: ignore[reportReturnType] - the same
    )


def _seconds_until(moment: datetime) -> int:
    return max(1, int((moment - now()).total_seconds()) + 1)
