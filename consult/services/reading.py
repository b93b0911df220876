"""A service as it promises to be: its times by priority, its open hours, its zone."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.clinical.workflow.service_levels import DEFAULTS, Level, Priority, Rung
from consult.clinical.workflow.working_time import Calendar, Hours
from consult.errors import NotFound
from consult.models import Service


async def get_service(session: AsyncSession, service_id: UUID) -> Service:
    """Raises NotFound."""
    service = await session.get(Service, service_id)
    if service is None:
        raise NotFound
    return service


async def list_services(session: AsyncSession) -> list[Service]:
    query = select(Service).where(Service.active).order_by(col(Service.name))
    return list((await session.exec(query)).all())


def zone_of(service: Service) -> ZoneInfo:
    return ZoneInfo(service.time_zone)


def level_of(service: Service, priority: Priority) -> Level:
    """What the service promises for `priority`; where it says nothing, the default."""
    return level_from(service.levels.get(priority.value, {}), DEFAULTS[priority])


def level_from(minutes: Mapping[str, Any], default: Level) -> Level:
    def span(name: str, otherwise: timedelta) -> timedelta:
        return timedelta(minutes=minutes[name]) if name in minutes else otherwise

    return Level(
        acknowledge=span("acknowledge", default.acknowledge),
        reply=span("reply", default.reply),
        ladder={rung: span(rung.value, default.ladder[rung]) for rung in Rung},
        working_hours=minutes.get("working_hours", default.working_hours),
    )


def calendar_of(service: Service) -> Calendar:
    holidays = frozenset(date.fromisoformat(day) for day in service.holidays)
    if not service.week:
        return Calendar(zone_of(service), holidays=holidays)
    return Calendar(zone_of(service), tuple(_hours(day) for day in service.week), holidays)


def _hours(day: list[str] | None) -> Hours | None:
    return Hours(*(time.fromisoformat(wall) for wall in day)) if day else None
