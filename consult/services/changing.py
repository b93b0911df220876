"""A service is founded, and changes what it promises."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.clinical.workflow.service_levels import Priority, clock
from consult.errors import Conflict, InvalidFields
from consult.models import Actor, Role, Service, User, now
from consult.services.reading import calendar_of, level_of


@dataclass(frozen=True)
class ServiceWish:
    """Everything that a service can say about itself (see `models.Service`)."""

    name: str
    time_zone: str
    telephone: str
    supervisor_id: UUID | None
    levels: dict[str, Any]
    week: list[Any]
    holidays: list[str]
    texts: dict[str, str]
    asker_hours: int
    remind_hours: int
    link_grace_hours: int
    outcome_after_days: int
    outcome_within_days: int


async def add_service(session: AsyncSession, wish: ServiceWish, *, actor: Actor) -> Service:
    """Raises InvalidFields, or Conflict (`name_taken`)."""
    service = Service(name=wish.name)
    await _write(session, service, wish)
    await audit.record(session, actor, "service.added", service.id)
    return service


async def change_service(
    session: AsyncSession, service: Service, wish: ServiceWish, *, actor: Actor
) -> None:
    """The new times hold for what is sent from now on. Raises InvalidFields, Conflict."""
    await _write(session, service, wish)
    await audit.record(session, actor, "service.changed", service.id)


async def _write(session: AsyncSession, service: Service, wish: ServiceWish) -> None:
    await _require_supervisor(session, wish.supervisor_id)
    query = select(Service.id).where(Service.name == wish.name, Service.id != service.id)
    if (await session.exec(query)).first():
        raise Conflict("Another service has this name.", code="name_taken")
    _require_zone(wish.time_zone)
    for name, value in asdict(wish).items():
        setattr(service, name, value)
    _require_times(service)
    session.add(service)
    await session.flush()


async def _require_supervisor(session: AsyncSession, user_id: UUID | None) -> None:
    if user_id is None:
        return
    user = await session.get(User, user_id)
    if (
        user is None
        or not user.active
        or not user.ours
        or user.role not in (Role.SPECIALIST, Role.COORDINATOR)
    ):
        raise InvalidFields({"supervisor_id": "There is no such specialist or coordinator."})


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidFields({"time_zone": "Use an IANA name, as Europe/Lisbon."}) from None


def _require_times(service: Service) -> None:
    """Refuse what would fail on the day on which somebody needs it."""
    if len(service.week) not in (0, 7):
        raise InvalidFields({"week": "Seven days, Monday first, or none."})
    try:
        for day in service.holidays:
            date.fromisoformat(day)
        for priority in Priority:
            clock(now(), level_of(service, priority), calendar_of(service))
    except ValueError:
        raise InvalidFields({"week": "The service is never open by these hours."}) from None
    ladders = (level_of(service, priority).ladder for priority in Priority)
    if any(list(ladder.values()) != sorted(ladder.values()) for ladder in ladders):
        raise InvalidFields({"levels": "Each rung is paged after the one before it."})
    if any(span < timedelta() for one in Priority for span in _spans(service, one)):
        raise InvalidFields({"levels": "No time is below zero."})


def _spans(service: Service, priority: Priority) -> list[timedelta]:
    level = level_of(service, priority)
    return [level.acknowledge, level.reply, *level.ladder.values()]
