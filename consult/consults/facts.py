"""What is known of an actor and a consult: read in one statement, and said in SQL for lists.

Everything that ends does so at a moment that is passed in: a proxy on a birthday, a guest's
seat when its time is over, a broken glass after an hour.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, Self, TypedDict
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, false, null, or_, true
from sqlalchemy.orm import Bundle, aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from consult.access import Consent, Relation, Standing
from consult.clinical.workflow.states import ENDS
from consult.models import (
    WRITE_ONLY,
    Actor,
    BreakGlass,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Consult,
    Participant,
    Proxy,
    Purpose,
    Role,
    User,
)
from consult.models.base import Moment

SHIFT = timedelta(hours=12)
"""So long a tablet may add to what it opened, and a crew may claim it."""


class Known(NamedTuple):
    """One consult beside one actor, at one moment."""

    consult: Consult
    participant: Participant | None
    care: ConsentRow | None
    """What was said last about care."""
    seat_holds: bool
    is_proxy: bool
    glass_id: UUID | None
    """The emergency that is open, if one is."""


class AboutConsult(TypedDict):
    """The facts of the decision that are about the consult (see `access.Facts`)."""

    relation: Relation
    live: bool
    standing: Standing
    consent: Consent
    confidential: bool
    broke_glass: bool


KnownQuery = Select[Consult, Participant, ConsentRow, Any]


class Asker(NamedTuple):
    """Who asks, and when, as values in a statement or as the names of what it will be given."""

    role: Role
    ours: bool
    user_id: UUID | BindParameter[UUID]
    at: Moment
    shift_began: Moment

    @classmethod
    def of(cls, actor: Actor, at: datetime) -> Self:
        return cls(actor.role, actor.ours, actor.user_id, at, at - SHIFT)

    @classmethod
    def named(cls, role: Role, *, ours: bool) -> Self:
        return cls(role, ours, bindparam("user_id"), bindparam("at"), bindparam("shift_began"))

    def given(self) -> dict[str, Any]:
        """What a statement over the names is given."""
        return {"user_id": self.user_id, "at": self.at, "shift_began": self.shift_began}


def known(asker: Asker) -> KnownQuery:
    """Select what `read_known` reads, for every consult, visible or not."""
    mine = and_(
        col(Participant.consult_id) == Consult.id, col(Participant.user_id) == asker.user_id
    )
    rest = Bundle[Any]("rest", _held(asker), _proxy(asker), _glass(asker))
    return (
        select(Consult, Participant, ConsentRow, rest)  # pyright: ignore[reportCallIssue, reportArgumentType] - the types know no bundle
        .join(Participant, mine, isouter=True)
        .join(ConsentRow, col(ConsentRow.seq) == newest_consent(Purpose.CARE), isouter=True)
    )


async def read_known(
    session: AsyncSession, query: KnownQuery, given: dict[str, Any] | None = None
) -> list[Known]:
    rows = (await session.exec(query, params=given)).all()
    return [Known(consult, seat, care, *rest) for consult, seat, care, rest in rows]


async def read_one(
    session: AsyncSession, actor: Actor, consult_id: UUID, at: datetime
) -> Known | None:
    given = Asker.of(actor, at).given() | {"consult_id": consult_id}
    found = await read_known(session, _known_one(actor.role, ours=actor.ours), given)
    return found[0] if found else None


@cache
def _known_one(role: Role, *, ours: bool) -> KnownQuery:
    # Kept, since every request asks it and to write it out takes longer than to run it.
    return known(Asker.named(role, ours=ours)).where(Consult.id == bindparam("consult_id"))


def facts_of(known: Known, actor: Actor) -> AboutConsult:
    relation, live = _relation(known, actor)
    return {
        "relation": relation,
        "live": live,
        "standing": _standing(known.consult),
        "consent": consent_of(known.care),
        "confidential": known.consult.confidential,
        "broke_glass": known.glass_id is not None,
    }


def _standing(consult: Consult) -> Standing:
    if consult.shredded_at:
        return Standing.SHREDDED
    return Standing.CLOSED if consult.state in ENDS else Standing.OPEN


def consent_of(row: ConsentRow | None) -> Consent:
    """What the newest row of a purpose says."""
    if row is None:
        return Consent.MISSING
    if not row.given:
        return Consent.WITHDRAWN
    return Consent.EMERGENCY if row.method is ConsentMethod.EMERGENCY else Consent.GIVEN


def newest_consent(purpose: Purpose) -> ColumnElement[Any]:
    """The number of the row that counts for a consult, in SQL over consult."""
    row = aliased(ConsentRow)
    return (
        select(func.max(row.seq))
        .where(col(row.purpose) == purpose, bears_on(row))
        .correlate(Consult)
        .scalar_subquery()
    )


def bears_on(row: type[ConsentRow]) -> ColumnElement[bool]:
    """Whether `row` speaks of a consult, in SQL over consult.

    What proxies say of everything does not reach a consult that is kept from them.
    """
    heard = or_(~col(Consult.confidential), col(row.capacity) != Capacity.PROXY)
    of_everything = and_(
        col(row.consult_id).is_(None), col(row.patient_id) == Consult.patient_id, heard
    )
    return or_(col(row.consult_id) == Consult.id, of_everything)


def visible_to(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """The rows that `decide` lets this actor read, said in SQL over consult and participant."""
    asker = Asker.of(actor, at)
    held = and_(col(Participant.user_id).is_not(None), _held(asker))
    if not actor.ours and actor.role in (Role.SPECIALIST, Role.COORDINATOR):
        return held
    match actor.role:
        case Role.PATIENT:
            shown = and_(_proxy(asker), ~col(Consult.confidential))
            return or_(col(Consult.patient_id) == actor.user_id, shown)
        case Role.EMS:
            return held
        case Role.SPECIALIST:
            inbox = and_(col(Participant.user_id).is_(None), col(Consult.assigned_to).is_(None))
            return or_(held, inbox, _glass(asker).is_not(None))
        case Role.COORDINATOR:
            return true()
        case Role.ADMIN | Role.DEVICE | Role.LINK:
            return false()


def seat_holds(at: Moment) -> ColumnElement[bool]:
    """Whether a participant's seat is live, in SQL: a guest's only while its giver's is."""
    giver, person = aliased(Participant), aliased(User)
    given_by_somebody_in_it = exists().where(
        col(giver.consult_id) == Participant.consult_id,
        col(giver.user_id) == Participant.granted_by,
        col(giver.ended_at).is_(None),
        col(person.id) == giver.user_id,
        col(person.active),
    )
    own = col(Participant.granted_by).is_(None)
    return and_(Participant.holds_at(at), or_(own, given_by_somebody_in_it))


def _held(asker: Asker) -> ColumnElement[bool]:
    held = func.coalesce(seat_holds(asker.at), false())
    if asker.role not in WRITE_ONLY:
        return held
    # Asked anew when the upload has arrived: it may be taken out of service meanwhile.
    in_service = exists().where(col(User.id) == asker.user_id, col(User.active))
    if asker.role is Role.LINK:
        return and_(held, in_service)
    return and_(held, col(Consult.created_at) > asker.shift_began, in_service)


def _proxy(asker: Asker) -> ColumnElement[bool]:
    if asker.role is not Role.PATIENT:
        return false()
    return exists().where(
        col(Proxy.patient_id) == Consult.patient_id,
        col(Proxy.proxy_id) == asker.user_id,
        Proxy.holds_at(asker.at),
    )


def _glass(asker: Asker) -> ColumnElement[Any]:
    if asker.role is not Role.SPECIALIST or not asker.ours:
        return null()
    return (
        select(BreakGlass.id)
        .where(
            col(BreakGlass.consult_id) == Consult.id,
            BreakGlass.user_id == asker.user_id,
            BreakGlass.open_at(asker.at),
        )
        .order_by(col(BreakGlass.opened_at).desc())
        .limit(1)
        .correlate(Consult)
        .scalar_subquery()
    )


def _relation(known: Known, actor: Actor) -> tuple[Relation, bool]:
    """What the actor is to the consult, and whether that is live."""
    consult, participant = known.consult, known.participant
    if consult.patient_id == actor.user_id:
        return Relation.SUBJECT, True
    if known.is_proxy:
        return Relation.PROXY, True
    if participant and (known.seat_holds or actor.role is not Role.COORDINATOR):
        # Whoever was sent away does not come back through the inbox.
        guest = participant.granted_by is not None
        return (Relation.GUEST if guest else Relation.MEMBER), known.seat_holds
    return (Relation.NONE if consult.assigned_to else Relation.INBOX), True
