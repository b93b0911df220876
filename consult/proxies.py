"""Who acts for a patient: added with a reason, over on a birthday or at once, never forgotten.

A child born on 29 February comes of age on 1 March in a year without that day: only then is
it certain that the years are full.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Relation
from consult.accounts import find_by_email
from consult.backends.jobs import Jobs
from consult.backends.keys import is_shredded
from consult.config import Settings
from consult.consults import knock
from consult.errors import Conflict, Forbidden, InvalidFields, NotFound
from consult.models import FOR_A_CHILD, Consult, Proxy, ProxyBasis, Role, User, now, private
from consult.notifications import Words
from consult.patients import PatientSeat


@dataclass(frozen=True)
class Birth:
    born_on: date
    time_zone: str
    """Where the patient lives (IANA): there the birthday begins."""


@dataclass(frozen=True)
class Wish:
    """Who shall act for the patient, and why they may."""

    email: str
    basis: ProxyBasis
    ends_at: datetime | None = None
    """For an adult's proxy. A child's ends on the birthday."""


def majority_at(birth: Birth, age: int) -> datetime:
    """The first moment of the birthday on which a person is `age`, in UTC. Raises InvalidFields."""
    try:
        zone = ZoneInfo(birth.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidFields({"time_zone": "This is no time zone, such as Europe/Lisbon."}) from None
    return datetime.combine(_birthday(birth.born_on, age), time.min, zone).astimezone(UTC)


async def add_proxy(
    session: AsyncSession,
    settings: Settings,
    seat: PatientSeat,
    wish: Wish,
    *,
    at: datetime | None = None,
) -> Proxy:
    """Let somebody act for the patient; `seat` must have been taken for PROXY_ADD.

    A coordinator adds a child's parents and an adult's representative, an adult patient a
    delegate. Raises InvalidFields, or Conflict (`already_a_proxy`).
    """
    at, patient = at or now(), seat.patient
    comes_of_age = _majority_of(patient, settings)
    minor = comes_of_age is not None and at < comes_of_age
    _require_basis(seat, wish, minor=minor)
    proxy = await _account(session, wish.email, patient)
    await _require_new(session, patient, proxy, at)
    if wish.ends_at and wish.ends_at <= at:
        raise InvalidFields({"ends_at": "This is over already."})
    added = Proxy(
        patient_id=patient.id,
        proxy_id=proxy.id,
        basis=wish.basis,
        valid_from=at,
        ends_at=comes_of_age if wish.basis in FOR_A_CHILD else wish.ends_at,
        added_by=seat.actor.user_id,
    )
    session.add(added)
    await session.flush()
    await audit.record(session, seat.actor, "proxy.added", added.id)
    return added


async def end_proxy(session: AsyncSession, jobs: Jobs, seat: PatientSeat, proxy_id: UUID) -> None:
    """End it at once; `seat` must have been taken for PROXY_END. Raises NotFound.

    When the patient does so, the coordinators hear that it happened: a child may need help.
    """
    proxy = await session.get(Proxy, proxy_id)
    if proxy is None or proxy.patient_id != seat.patient.id:
        raise NotFound
    if proxy.ended_at:
        return
    proxy.ended_at, proxy.ended_by = now(), seat.actor.user_id
    session.add(proxy)
    await audit.record(session, seat.actor, "proxy.ended", proxy.id)
    query = select(Consult.id).where(Consult.patient_id == seat.patient.id)
    knock(session, (await session.exec(query)).all())
    if seat.relation is Relation.SUBJECT:
        await notifications.alert(session, jobs, Words.PROXY_ENDED, officers_too=False)


async def list_proxies(session: AsyncSession, seat: PatientSeat) -> list[tuple[Proxy, User]]:
    """Who acts for the patient and who did, newest first."""
    query = (
        select(Proxy, User)
        .join(User, col(User.id) == Proxy.proxy_id)
        .where(Proxy.patient_id == seat.patient.id)
        .order_by(col(Proxy.valid_from).desc(), col(Proxy.id))
    )
    return list((await session.exec(query)).all())


async def patients_for(session: AsyncSession, user_id: UUID) -> list[tuple[Proxy, User]]:
    """Whom this person may act for now, by name."""
    query = (
        select(Proxy, User)
        .join(User, col(User.id) == Proxy.patient_id)
        .where(Proxy.proxy_id == user_id, Proxy.holds_at(now()))
    )
    found = [
        (proxy, patient)
        for proxy, patient in (await session.exec(query)).all()
        if not is_shredded(session, patient.id)
    ]
    return sorted(found, key=lambda pair: (pair[1].name, pair[1].id))  # names are sealed


async def set_birth(
    session: AsyncSession, settings: Settings, seat: PatientSeat, birth: Birth
) -> None:
    """Say when and where; what parents may do ends with the birthday that follows from it.

    Only for a coordinator; `seat` must have been taken for PROXY_ADD. Raises Forbidden or
    InvalidFields.
    """
    if seat.relation is Relation.SUBJECT:
        raise Forbidden("A coordinator writes down when and where you were born.")
    patient, ends_at = seat.patient, majority_at(birth, settings.majority_age)
    if birth.born_on > now().date():
        raise InvalidFields({"born_on": "This day is still to come."})
    patient.born_on = private(birth.born_on.isoformat(), patient.id)
    patient.time_zone = private(birth.time_zone, patient.id)
    session.add(patient)
    query = select(Proxy).where(
        Proxy.patient_id == patient.id,
        col(Proxy.basis).in_(FOR_A_CHILD),
        col(Proxy.ended_at).is_(None),
    )
    for proxy in (await session.exec(query)).all():
        proxy.ends_at = ends_at
        session.add(proxy)
    await audit.record(session, seat.actor, "patient.birth_set", patient.id)


def _birthday(born_on: date, age: int) -> date:
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)


def _majority_of(patient: User, settings: Settings) -> datetime | None:
    if not patient.born_on or not patient.time_zone:
        return None
    birth = Birth(date.fromisoformat(patient.born_on), patient.time_zone)
    return majority_at(birth, settings.majority_age)


def _require_basis(seat: PatientSeat, wish: Wish, *, minor: bool) -> None:
    if wish.basis not in _allowed_bases(seat, minor=minor):
        raise InvalidFields({"basis": _why_not(seat, minor=minor)})
    if wish.ends_at and wish.basis in FOR_A_CHILD:
        raise InvalidFields({"ends_at": "Leave this out: it ends on the birthday."})


def _allowed_bases(seat: PatientSeat, *, minor: bool) -> frozenset[ProxyBasis]:
    if seat.relation is Relation.SUBJECT:
        return frozenset() if minor else frozenset({ProxyBasis.DELEGATE})
    return FOR_A_CHILD if minor else frozenset({ProxyBasis.REPRESENTATIVE})


def _why_not(seat: PatientSeat, *, minor: bool) -> str:
    if minor:
        return "For a child, a coordinator adds a parent or a guardian."
    if seat.relation is Relation.SUBJECT:
        return "You can add a delegate. Anybody else is added by a coordinator."
    if not seat.patient.born_on:
        return "Say first when and where the patient was born: this is for a child."
    return "For an adult, add a representative, or let the patient add a delegate."


async def _account(session: AsyncSession, email: str, patient: User) -> User:
    found = await find_by_email(session, email)
    if found is None or not found.active or found.role is not Role.PATIENT:
        raise InvalidFields({"email": "Nobody with this address can act for a patient yet."})
    if found.id == patient.id:
        raise InvalidFields({"email": "This is the patient."})
    return found


async def _require_new(session: AsyncSession, patient: User, proxy: User, at: datetime) -> None:
    query = select(Proxy.id).where(
        Proxy.patient_id == patient.id, Proxy.proxy_id == proxy.id, Proxy.holds_at(at)
    )
    if (await session.exec(query)).first():
        raise Conflict("They act for this patient already.", code="already_a_proxy")
