"""Who is on duty, when nobody will be, and how a shift gets onto the roster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.clinical.workflow import duty
from consult.clinical.workflow.service_levels import Rung
from consult.clinical.workflow.working_time import to_utc
from consult.errors import InvalidFields, NotFound
from consult.models import Actor, Role, Service, Shift, User, now
from consult.services.reading import list_services, zone_of

HORIZON = timedelta(days=14)
"""So far ahead gaps are shown."""

SOON = timedelta(days=7)
"""So long before, the coordinators are told of a gap on the first rung."""

_LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class ShiftWish:
    """From when until when by the clocks of the service: neither time has a zone."""

    user_id: UUID
    rung: Rung
    starts: datetime
    ends: datetime


async def add_shift(
    session: AsyncSession, service: Service, wish: ShiftWish, *, actor: Actor
) -> Shift:
    """Put somebody on the roster. Raises InvalidFields."""
    starts_at, ends_at = _utc(service, wish.starts), _utc(service, wish.ends)
    faults = await _faults(session, wish, ends_at - starts_at)
    if faults:
        raise InvalidFields(faults)
    shift = Shift(
        service_id=service.id,
        user_id=wish.user_id,
        rung=wish.rung,
        starts_at=starts_at,
        ends_at=ends_at,
        added_by=actor.user_id,
    )
    session.add(shift)
    await session.flush()
    await audit.record(session, actor, "shift.added", shift.id)
    return shift


async def cancel_shift(
    session: AsyncSession, service: Service, shift_id: UUID, *, actor: Actor
) -> None:
    """Take a shift off the roster, from now on. Raises NotFound."""
    shift = await session.get(Shift, shift_id)
    if shift is None or shift.service_id != service.id:
        raise NotFound
    if shift.cancelled_at:
        return
    shift.cancelled_by, shift.cancelled_at = actor.user_id, now()
    session.add(shift)
    await audit.record(session, actor, "shift.cancelled", shift.id)


async def list_shifts(
    session: AsyncSession, service: Service, *, since: datetime, until: datetime
) -> list[Shift]:
    """The shifts of people who may still come in that touch this stretch, by their beginning."""
    query = (
        select(Shift)
        .join(User, col(User.id) == Shift.user_id)
        .where(
            Shift.service_id == service.id,
            col(Shift.ends_at) > since,
            col(Shift.starts_at) < until,
            col(Shift.cancelled_at).is_(None),
            User.active,
        )
        .order_by(col(Shift.starts_at), col(Shift.id))
    )
    return list((await session.exec(query)).all())


async def list_team(session: AsyncSession) -> list[User]:
    """Everybody who may be put on duty, or be handed it, by their names: any service's team."""
    query = select(User).where(User.active, User.ours, col(User.role).in_(_ON_CALL))
    return sorted((await session.exec(query)).all(), key=lambda user: (user.name, user.id))


async def on_duty(session: AsyncSession, service: Service, at: datetime) -> dict[Rung, UUID]:
    """Who stands on which rung at `at`. Empty: nobody at all."""
    shifts = await _duties(session, service, at, at + timedelta(microseconds=1))
    found = {rung: duty.on_call(shifts, rung, at) for rung in Rung}
    return {rung: person for rung, person in found.items() if person}


async def person_to_page(
    session: AsyncSession, service: Service, rung: Rung, at: datetime
) -> UUID | None:
    """Whoever stands on `rung` or above it, else the service's supervisor. None: the telephone."""
    shifts = await _duties(session, service, at, at + timedelta(microseconds=1))
    return duty.whom_to_page(shifts, rung, at) or await _supervisor(session, service)


async def gaps_of(
    session: AsyncSession, service: Service, *, since: datetime, until: datetime
) -> list[duty.Gap]:
    """When nobody will stand on a rung, rung by rung."""
    shifts = await _duties(session, service, since, until)
    return [gap for rung in Rung for gap in duty.gaps(shifts, rung, since, until)]


async def any_gap_soon(session: AsyncSession) -> bool:
    """Whether a service that keeps a roster has nobody on its first rung some time this week."""
    at = now()
    for service in await list_services(session):
        shifts = await _duties(session, service, at, at + SOON)
        if shifts and duty.gaps(shifts, Rung.PRIMARY, at, at + SOON):
            return True
    return False


async def _duties(
    session: AsyncSession, service: Service, since: datetime, until: datetime
) -> Sequence[duty.Shift]:
    rows = await list_shifts(session, service, since=since, until=until)
    return [duty.Shift(row.rung, row.user_id, row.starts_at, row.ends_at) for row in rows]


async def _supervisor(session: AsyncSession, service: Service) -> UUID | None:
    if service.supervisor_id is None:
        return None
    query = select(User.id).where(User.id == service.supervisor_id, User.active)
    return (await session.exec(query)).first()


async def _faults(session: AsyncSession, wish: ShiftWish, length: timedelta) -> dict[str, str]:
    user = await session.get(User, wish.user_id)
    faults: dict[str, str] = {}
    if user is None or not user.active or not user.ours or user.role not in _ON_CALL:
        faults["user_id"] = "Only a specialist or coordinator of this service is put on duty."
    if not timedelta() < length <= _LONGEST:
        faults["ends"] = "A shift ends after it starts, and lasts seven days at most."
    return faults


_ON_CALL = (Role.SPECIALIST, Role.COORDINATOR)


def _utc(service: Service, wall: datetime) -> datetime:
    return to_utc(wall.date(), wall.time(), zone_of(service)).astimezone(UTC)
