"""What is known of an actor and a consult: read in one statement, and said in SQL for lists.

Everything that ends does so at a moment that is passed in: a proxy on a birthday, a guest's
seat when its time is over, a broken glass after an hour.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, null, or_, true
from sqlalchemy.orm import Bundle, aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from consult.access import Consent, Relation, Standing
from consult.models import (
    Actor,
    BreakGlass,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Consult,
    ConsultState,
    Participant,
    Proxy,
    Purpose,
    Role,
    User,
)

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


def known(actor: Actor, at: datetime) -> KnownQuery:
    """Select what `read_known` reads, for every consult, visible or not."""
    mine = and_(
        col(Participant.consult_id) == Consult.id, col(Participant.user_id) == actor.user_id
    )
    rest = Bundle[Any]("rest", _held(actor, at), _proxy(actor, at), _glass(actor, at))
    return (
        select(Consult, Participant, ConsentRow, rest)  # pyright: ignore[reportCallIssue, reportArgumentType] - the types know no bundle
        .join(Participant, mine, isouter=True)
        .join(ConsentRow, col(ConsentRow.seq) == newest_consent(Purpose.CARE), isouter=True)
    )


async def read_known(session: AsyncSession, query: KnownQuery) -> list[Known]:
    rows = (await session.exec(query)).all()
    return [Known(consult, seat, care, *rest) for consult, seat, care, rest in rows]


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
    return Standing.CLOSED if consult.state is ConsultState.CLOSED else Standing.OPEN


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
    held = and_(col(Participant.user_id).is_not(None), _held(actor, at))
    if not actor.ours and actor.role in (Role.SPECIALIST, Role.COORDINATOR):
        return held
    match actor.role:
        case Role.PATIENT:
            shown = and_(_proxy(actor, at), ~col(Consult.confidential))
            return or_(col(Consult.patient_id) == actor.user_id, shown)
        case Role.EMS:
            return held
        case Role.SPECIALIST:
            inbox = and_(col(Participant.user_id).is_(None), col(Consult.assigned_to).is_(None))
            return or_(held, inbox, _glass(actor, at).is_not(None))
        case Role.COORDINATOR:
            return true()
        case Role.ADMIN | Role.DEVICE:
            return false()


def seat_holds(at: datetime) -> ColumnElement[bool]:
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


def _held(actor: Actor, at: datetime) -> ColumnElement[bool]:
    held = func.coalesce(seat_holds(at), false())
    if actor.role is not Role.DEVICE:
        return held
    # Asked anew when the upload has arrived: a tablet may be taken out of service meanwhile.
    in_service = exists().where(col(User.id) == actor.user_id, col(User.active))
    return and_(held, col(Consult.created_at) > at - SHIFT, in_service)


def _proxy(actor: Actor, at: datetime) -> ColumnElement[bool]:
    if actor.role is not Role.PATIENT:
        return false()
    return exists().where(
        col(Proxy.patient_id) == Consult.patient_id,
        col(Proxy.proxy_id) == actor.user_id,
        Proxy.holds_at(at),
    )


def _glass(actor: Actor, at: datetime) -> ColumnElement[Any]:
    if actor.role is not Role.SPECIALIST or not actor.ours:
        return null()
    return (
        select(BreakGlass.id)
        .where(
            col(BreakGlass.consult_id) == Consult.id,
            BreakGlass.user_id == actor.user_id,
            BreakGlass.open_at(at),
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
