"""When each person hears of what: at once, once a day, or after their quiet hours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.clinical.workflow.working_time import to_utc
from consult.errors import InvalidFields
from consult.models import Actor, NoticeEvent, NoticeMode, Preference, QuietHours


class When(NamedTuple):
    delay: float
    """Seconds from now."""
    digest: bool
    """Together with whatever else there is by then."""


@dataclass(frozen=True)
class Choices:
    modes: Mapping[NoticeEvent, NoticeMode]
    """What is not here is on."""
    hours: QuietHours


async def read_choices(session: AsyncSession, user_id: UUID) -> Choices:
    query = select(Preference).where(Preference.user_id == user_id)
    modes = {row.event: row.mode for row in (await session.exec(query)).all()}
    return Choices(modes, await session.get(QuietHours, user_id) or QuietHours(user_id=user_id))


async def choose(
    session: AsyncSession, actor: Actor, modes: Mapping[NoticeEvent, NoticeMode], hours: QuietHours
) -> Choices:
    """Write down what the actor wants to be sent. Raises InvalidFields for an unknown zone."""
    _require_zone(hours.time_zone)
    for event in NoticeEvent:
        mode = modes.get(event, NoticeMode.ON)
        await session.merge(Preference(user_id=actor.user_id, event=event, mode=mode))
    await session.merge(hours)
    await audit.record(session, actor, "notices.chosen", actor.user_id)
    return Choices(dict(modes), hours)


async def timing(
    session: AsyncSession,
    user_ids: Collection[UUID],
    event: NoticeEvent,
    *,
    urgent: bool,
    at: datetime,
) -> Mapping[UUID, When]:
    """When each of `user_ids` is to hear of `event`. What is `urgent` waits for nobody."""
    if urgent:
        return dict.fromkeys(user_ids, When(0.0, digest=False))
    wanted = select(Preference).where(
        col(Preference.user_id).in_(user_ids), Preference.event == event
    )
    modes = {row.user_id: row.mode for row in (await session.exec(wanted)).all()}
    query = select(QuietHours).where(col(QuietHours.user_id).in_(user_ids))
    hours = {row.user_id: row for row in (await session.exec(query)).all()}
    return {
        user_id: when(modes.get(user_id, NoticeMode.ON), hours.get(user_id), at)
        for user_id in user_ids
    }


def when(mode: NoticeMode, hours: QuietHours | None, at: datetime) -> When:
    """Pure: the same choices at the same moment give the same time."""
    if mode is NoticeMode.DIGEST:
        hours = hours or QuietHours(user_id=UUID(int=0))
        moment = _next(time.fromisoformat(hours.digest_at), hours.time_zone, at)
        return When((moment - at).total_seconds(), digest=True)
    if hours is None or not _quiet(hours, at):
        return When(0.0, digest=False)
    assert hours.ends is not None  # quiet hours have both
    over = _next(time.fromisoformat(hours.ends), hours.time_zone, at)
    return When((over - at).total_seconds(), digest=False)


def _quiet(hours: QuietHours, at: datetime) -> bool:
    if hours.begins is None or hours.ends is None:
        return False
    wall = at.astimezone(ZoneInfo(hours.time_zone)).time()
    begins, ends = time.fromisoformat(hours.begins), time.fromisoformat(hours.ends)
    return begins <= wall < ends if begins <= ends else (wall >= begins or wall < ends)


def _next(wall: time, zone: str, at: datetime) -> datetime:
    """The next instant after `at` at which clocks in `zone` show `wall`."""
    place = ZoneInfo(zone)
    today = at.astimezone(place).date()
    moments = (to_utc(today + timedelta(days=days), wall, place) for days in range(3))
    return next(moment for moment in moments if moment > at.astimezone(UTC))


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidFields({"time_zone": "Use an IANA name, as Europe/Lisbon."}) from None
