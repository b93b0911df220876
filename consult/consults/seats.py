"""Who stands where in a consult, and which consults an actor may see at all.

Everything about a consult is read through a `Seat`, so that what is not yours is not there. A
seat is the proof that the decision was taken: tests/consult/access/test_asking.py holds that nothing else
makes one, and that no query of health data goes without.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action, Consent, Decision, Relation, Standing, ask, require
from consult.backends.keys import is_shredded
from consult.consults.facts import (
    Asker,
    Known,
    consent_of,
    facts_of,
    known,
    newest_consent,
    read_known,
    read_one,
    visible_to,
)
from consult.consults.views import topic_of, updated_column, view_of
from consult.errors import NotFound
from consult.models import (
    RATIFY_WITHIN,
    Actor,
    Audience,
    ConsentRow,
    Consult,
    Message,
    Purpose,
    now,
)


@dataclass(frozen=True)
class Seat:
    """A consult as one actor sees it. Only `get_seat`, the lists here and `open_consult` make one."""

    consult: Consult
    actor: Actor
    """With the patient they act for, and the emergency they look under."""
    relation: Relation
    action: Action
    """What the actor was allowed. Another deed takes a seat of its own."""
    decision: Decision
    care: ConsentRow | None = None
    """What was said last about care."""

    def __post_init__(self) -> None:
        if not self.decision.allowed:
            raise RuntimeError(f"there is no seat for {self.action}: {self.decision.rule}")

    def require(self, *actions: Action) -> None:
        """Refuse a seat that was taken for another deed. That is a fault of ours: RuntimeError."""
        if self.action not in actions:
            raise RuntimeError(f"this seat was taken for {self.action}")

    @property
    def about(self) -> audit.About:
        """What a row of the audit trail says of this consult."""
        return {
            "consult_id": self.consult.id,
            "patient_id": self.consult.patient_id,
            "rule": self.decision.rule,
            "break_glass_id": self.actor.break_glass_id,
        }

    @property
    def consent(self) -> Consent:
        return consent_of(self.care)

    def consent_is_overdue(self, at: datetime) -> bool:
        """An emergency spoke for the patient, and nobody has asked them since, in 72 hours."""
        emergency = self.care if self.consent is Consent.EMERGENCY else None
        return emergency is not None and at >= emergency.at + RATIFY_WITHIN

    @property
    def view(self) -> Audience:
        """Whose numbers, times and events this actor is shown."""
        return view_of(self.actor)

    @property
    def topic(self) -> str:
        return topic_of(self.consult.id, self.view)

    @property
    def last_seq(self) -> int:
        clinicians = self.view is Audience.CLINICIANS
        return self.consult.last_seq_clinicians if clinicians else self.consult.last_seq

    def seq_of(self, message: Message) -> int:
        """The number of `message` in this view; it must be visible in it."""
        clinicians = self.view is Audience.CLINICIANS
        seq = message.seq_clinicians if clinicians else message.seq
        assert seq is not None
        return seq

    @property
    def last_event(self) -> int:
        clinicians = self.view is Audience.CLINICIANS
        return self.consult.last_event_clinicians if clinicians else self.consult.last_event

    @property
    def updated_at(self) -> datetime:
        clinicians = self.view is Audience.CLINICIANS
        return self.consult.updated_at_clinicians if clinicians else self.consult.updated_at


@dataclass(frozen=True)
class Cursor:
    """Where a page of the list ended: newest first, ties by id."""

    updated_at: datetime
    consult_id: UUID


async def get_seat(
    session: AsyncSession,
    actor: Actor,
    consult_id: UUID,
    action: Action = Action.CONSULT_READ,
    *,
    also: Action | None = None,
    purpose: Purpose = Purpose.CARE,
    at: datetime | None = None,
) -> Seat:
    """The consult for this actor and this deed, done for `purpose`.

    Whoever may not do `also` is refused before that is asked. Raises NotFound (absent and not yours are one answer), Forbidden (also `step_up_required`,
    `consent_required`), Gone, or Conflict when closed.
    """
    found = await read_one(session, actor, consult_id, at or now())
    if found is None:
        raise NotFound
    facts = facts_of(found, actor)
    if is_shredded(session, found.consult.subject_id):
        facts["standing"] = Standing.SHREDDED
    if purpose is not Purpose.CARE and facts["consent"] is not Consent.WITHDRAWN:
        facts["consent"] = await _consent_to(session, consult_id, purpose)
    if also:
        require(actor, also, **facts)
    decision = require(actor, action, **facts)
    return _seat(found, actor, facts["relation"], action, decision)


async def list_seats(
    session: AsyncSession,
    actor: Actor,
    *,
    after: Cursor | None,
    limit: int,
    at: datetime | None = None,
) -> list[Seat]:
    """The consults that `actor` may read, last changed first."""
    if not ask(actor, Action.CONSULT_LIST).allowed:
        return []
    at, changed = at or now(), updated_column(view_of(actor))
    query = known(Asker.of(actor, at)).where(
        visible_to(actor, at), col(Consult.shredded_at).is_(None)
    )
    if after:
        earlier = and_(changed == after.updated_at, col(Consult.id) < after.consult_id)
        query = query.where(or_(changed < after.updated_at, earlier))
    query = query.order_by(desc(changed), desc(col(Consult.id))).limit(limit)
    seats = [_listed(one, actor) for one in await read_known(session, query)]
    return [seat for seat in seats if seat]


async def late_seats(session: AsyncSession, actor: Actor, *, limit: int) -> list[Seat]:
    """The consults that `actor` may read and that are overdue, longest first."""
    if not ask(actor, Action.CONSULT_LIST).allowed:
        return []
    late = and_(col(Consult.due_at) < now(), col(Consult.shredded_at).is_(None))
    by = col(Consult.due_at).asc()
    return await seats_where(session, actor, Action.CONSULT_READ, late, by=by, limit=limit)


async def seats_where(
    session: AsyncSession,
    actor: Actor,
    action: Action,
    clause: ColumnElement[bool],
    *,
    by: ColumnElement[Any],
    limit: int,
    at: datetime | None = None,
) -> list[Seat]:
    """The consults that `clause` picks and in which `actor` may do `action`, in the order of `by`."""
    at = at or now()
    query = (
        known(Asker.of(actor, at))
        .where(visible_to(actor, at), clause)
        .order_by(by, col(Consult.id))
    )
    found = await read_known(session, query.limit(limit))
    seats = [_listed(one, actor, action) for one in found]
    return [seat for seat in seats if seat]


async def record_list(session: AsyncSession, actor: Actor, seats: Sequence[Seat]) -> None:
    """Put on record that `actor` was shown a list of these consults."""
    await audit.record(
        session,
        actor,
        "consults.listed",
        consult_ids=[seat.consult.id for seat in seats],
        rule=seats[0].decision.rule if seats else None,
    )


def _listed(one: Known, actor: Actor, action: Action = Action.CONSULT_READ) -> Seat | None:
    """The query picks the rows; what may be done there is decided here as everywhere else."""
    facts = facts_of(one, actor)
    decision = ask(actor, action, **facts)
    return _seat(one, actor, facts["relation"], action, decision) if decision.allowed else None


def _seat(one: Known, actor: Actor, relation: Relation, action: Action, decision: Decision) -> Seat:
    acting = replace(
        actor,
        on_behalf_of=one.consult.patient_id if relation is Relation.PROXY else None,
        break_glass_id=one.glass_id if decision.rule == "broke_glass" else None,
    )
    return Seat(one.consult, acting, relation, action, decision, one.care)


async def _consent_to(session: AsyncSession, consult_id: UUID, purpose: Purpose) -> Consent:
    query = (
        select(ConsentRow)
        .join(Consult, col(ConsentRow.seq) == newest_consent(purpose))
        .where(Consult.id == consult_id)
    )
    return consent_of((await session.exec(query)).first())
