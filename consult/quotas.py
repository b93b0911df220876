"""How many photos there may be: per consult, per person, and while the disk has room.

Counted from the rows, so that a restart forgets nothing. A photo that is already there may
always be sent again. An upload that is under way counts as the photo that it will be.
"""

import shutil
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from anyio import to_thread
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Bundle
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.bootstrap import Backends
from consult.config import Settings
from consult.config.checks import folder_of
from consult.errors import StorageFull, TooMuch
from consult.models import Actor, EarlyPreview, Photo, Upload, now

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Coming(NamedTuple):
    """Photos that are still on their way."""

    in_consult: int
    of_hour: int
    """Begun by the sender within an hour."""
    oldest_of_hour: datetime | None
    size: int
    """Bytes of all that the sender has begun."""
    oldest: datetime | None


async def require_room(backends: Backends, *, reserved: int = 0) -> None:
    """Raise TooMuch while too many photos wait to be worked on, StorageFull without a free disk.

    `reserved` are bytes that will be written besides.
    """
    if backends.image_threads.statistics().tasks_waiting >= backends.settings.decode_queue:
        raise TooMuch(
            "Many photos are being worked on just now. Try again shortly.",
            code="queue_full",
            retry_after=10,
        )
    usage = await to_thread.run_sync(shutil.disk_usage, folder_of(backends.settings.storage_url))
    if (usage.free - reserved) * 100 < usage.total * backends.settings.free_space_percent:
        raise StorageFull("No photo can be kept just now: the service's disk is nearly full.")


async def require_quota(
    session: AsyncSession, settings: Settings, *, actor: Actor, consult_id: UUID, photo_id: UUID
) -> None:
    """Raise TooMuch where this photo by this person, in this consult, would be one too many.

    Where it has begun to come, it does not count twice.
    """
    coming = await _coming(session, photo_id, consult_id=consult_id, sender=actor.user_id)
    await _require_consult(session, settings, consult_id, coming)
    await _require_hour(session, settings, actor, coming)
    await _require_day(session, settings, actor, coming)


async def require_consult_quota(
    session: AsyncSession, settings: Settings, *, consult_id: UUID, photo_id: UUID
) -> None:
    """The same where nobody sends it: it is made of another one."""
    coming = await _coming(session, photo_id, consult_id=consult_id)
    await _require_consult(session, settings, consult_id, coming)


async def _require_consult(
    session: AsyncSession, settings: Settings, consult_id: UUID, coming: Coming
) -> None:
    query = select(func.count()).select_from(Photo).where(Photo.consult_id == consult_id)
    photos = (await session.exec(query)).one()
    if photos + coming.in_consult >= settings.photos_per_consult:
        raise TooMuch(
            f"A consult takes {settings.photos_per_consult} photos. Open another one for more.",
            code="consult_full",
            retry_after=int(_DAY.total_seconds()),
        )


async def _require_hour(
    session: AsyncSession, settings: Settings, actor: Actor, coming: Coming
) -> None:
    """The newest but so many is what has to grow an hour old."""
    query = (
        select(Photo.created_at)
        .where(*_sent_by(actor, since=now() - _HOUR))
        .order_by(col(Photo.created_at).desc())
        .offset(max(0, settings.photos_per_hour - 1 - coming.of_hour))
        .limit(1)
    )
    full = coming.of_hour >= settings.photos_per_hour
    if blocking := (coming.oldest_of_hour if full else (await session.exec(query)).first()):
        raise TooMuch(
            f"You have sent {settings.photos_per_hour} photos within an hour. Send more later.",
            code="hour_full",
            retry_after=_seconds_until(blocking + _HOUR),
        )


async def _require_day(
    session: AsyncSession, settings: Settings, actor: Actor, coming: Coming
) -> None:
    query = select(func.sum(Photo.size), func.min(Photo.created_at)).where(
        *_sent_by(actor, since=now() - _DAY)
    )
    sent, first = (await session.exec(query)).one()
    total, oldest = (sent or 0) + coming.size, first or coming.oldest
    if oldest and total >= settings.photo_bytes_per_day:
        raise TooMuch(
            f"You have sent {total // 1_000_000} MB of photos within a day. Send more later.",
            code="day_full",
            retry_after=_seconds_until(oldest + _DAY),
        )


async def require_preview_quota(
    session: AsyncSession, settings: Settings, *, actor: Actor, consult_id: UUID
) -> None:
    """Raise TooMuch where too many small pictures wait for the photo that they announce."""
    wait = int(_HOUR.total_seconds())
    of_consult = await _early(session, EarlyPreview.consult_id == consult_id)
    mine = (EarlyPreview.created_by == actor.user_id, EarlyPreview.created_at > now() - _HOUR)
    if of_consult >= settings.photos_per_consult or (
        await _early(session, *mine) >= settings.photos_per_hour
    ):
        raise TooMuch(
            "Many small pictures have come, and not their photos. Send those first.",
            code="previews_full",
            retry_after=wait,
        )


async def _early(session: AsyncSession, *of: bool) -> int:
    query = select(func.count()).select_from(EarlyPreview).where(*of)
    return (await session.exec(query)).one()


async def bytes_coming(session: AsyncSession, photo_id: UUID) -> int:
    """How many bytes all uploads that are under way will have, but for that of this photo."""
    query = select(func.coalesce(func.sum(Upload.length), 0)).where(*_under_way(photo_id))
    return (await session.exec(query)).one()


async def _coming(
    session: AsyncSession, photo_id: UUID, *, consult_id: UUID, sender: UUID | None = None
) -> Coming:
    """What counts for this photo, itself left out. One question: every photo asks it twice."""
    mine = col(Upload.created_by) == sender
    of_hour = and_(mine, col(Upload.created_at) > now() - _HOUR)
    began = func.min(Upload.created_at)
    counted = Bundle[Any](
        "coming",
        func.count().filter(col(Upload.consult_id) == consult_id),
        func.count().filter(of_hour),
        began.filter(of_hour),
        func.coalesce(func.sum(Upload.length).filter(mine), 0),
        began.filter(mine),
    )
    query = select(counted).select_from(Upload).where(*_under_way(photo_id))  # pyright: ignore[reportCallIssue, reportArgumentType] - the types know no bundle
    return Coming(*(await session.exec(query)).one())


def _under_way(photo_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """All uploads that are, but for that of this photo."""
    return (
        col(Upload.photo_id) != photo_id,
        col(Upload.finished_at).is_(None),
        col(Upload.expires_at) > now(),
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
