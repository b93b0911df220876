"""Who looked: told to the patient, by the consult and over the years."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.audit.reading import Shown, in_words, shown_of, shown_to_others
from consult.consults.seats import Seat
from consult.models import Actor, Consult, Role, User, now

KEPT_FOR = timedelta(days=6 * 366)
"""45 CFR 164.528: the accounting reaches back six years."""

_ROLES = {
    Role.PATIENT: "patient",
    Role.EMS: "ambulance crew",
    Role.SPECIALIST: "specialist",
    Role.COORDINATOR: "coordinator",
    Role.ADMIN: "administrator",
    Role.DEVICE: "ambulance tablet",
    Role.LINK: "link without an account",
}


@dataclass(frozen=True)
class Look:
    """What one person did, once or several times in the same way."""

    person_id: UUID | None
    """None: the service itself."""
    name: str
    role: str
    what: str
    photo_id: UUID | None
    consult_id: UUID | None
    first_at: datetime
    last_at: datetime
    times: int
    on_behalf_of: str | None
    """The name of the person for whom they acted."""
    purpose: str
    emergency: bool
    """The glass was broken for it."""


async def readers_of(session: AsyncSession, seat: Seat) -> list[Look]:
    """Everybody who was shown something of this consult, last first; alike looks as one."""
    return await _looks(session, await shown_of(session, seat.consult.id))


async def disclosures_to_others(session: AsyncSession, patient: Actor) -> list[Look]:
    """Each time that somebody else was shown something about `patient`, oldest first."""
    query = select(Consult.id).where(Consult.patient_id == patient.user_id)
    consult_ids = (await session.exec(query)).all()
    since = now() - KEPT_FOR
    shown = await shown_to_others(session, patient.user_id, consult_ids, since=since)
    return await _looks(session, shown)


async def _looks(session: AsyncSession, shown: Sequence[Shown]) -> list[Look]:
    names = await _names(
        session, (id_ for one in shown for id_ in (one.actor_id, one.on_behalf_of))
    )
    return [_look(names, one) for one in shown]


def _look(names: dict[UUID, str], shown: Shown) -> Look:
    person, other, role = _uuid(shown.actor_id), _uuid(shown.on_behalf_of), shown.role
    return Look(
        person_id=person,
        name=names.get(person, "Somebody") if person else "Consult",
        role=_ROLES[Role(role)] if role else "the service",
        what=in_words(shown.action),
        photo_id=_uuid(shown.object_id) if shown.action.startswith("photo.") else None,
        consult_id=_uuid(shown.consult_id),
        first_at=datetime.fromisoformat(shown.first_at),
        last_at=datetime.fromisoformat(shown.last_at),
        times=shown.times,
        on_behalf_of=names.get(other, "Somebody") if other else None,
        purpose=shown.purpose or "care",
        emergency=shown.break_glass_id is not None,
    )


async def _names(session: AsyncSession, ids: Iterable[str | None]) -> dict[UUID, str]:
    wanted = {UUID(text) for text in ids if text}
    query = select(User.id, User.name).where(col(User.id).in_(wanted))
    return dict((await session.exec(query)).all())


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
