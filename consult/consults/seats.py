"""Who stands where in a consult, and which consults an actor may see at all.

Everything about a consult is read through a `Seat`, so that what is not yours is not there.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action, Facts, Relation, Verdict, decide
from consult.backends.keys import is_shredded
from consult.consults.views import topic_of, updated_column, view_of
from consult.errors import Conflict, Forbidden, Gone, NotFound
from consult.models import Actor, Audience, Consult, ConsultState, Message, Participant, Role


@dataclass(frozen=True)
class Seat:
    """A consult as one actor sees it. Only `get_seat`, `list_seats` and `open_consult` make one."""

    consult: Consult
    actor: Actor
    relation: Relation

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
    session: AsyncSession, actor: Actor, consult_id: UUID, action: Action = Action.CONSULT_READ
) -> Seat:
    """The consult for this actor and this deed.

    Raises NotFound (absent and not yours are one answer), Gone (shredded), Forbidden, or
    Conflict when closed.
    """
    consult = await session.get(Consult, consult_id)
    if consult is None:
        raise NotFound
    participant = await session.get(Participant, (consult_id, actor.user_id))
    relation = _relation(consult, actor, participant)
    closed = consult.state is ConsultState.CLOSED
    verdict = decide(Facts(actor.role, relation=relation, closed=closed), action)
    if verdict is not Verdict.HIDDEN and is_shredded(session, consult.subject_id):
        raise Gone
    match verdict:
        case Verdict.ALLOW:
            return Seat(consult, actor, relation)
        case Verdict.HIDDEN:
            raise NotFound
        case Verdict.FORBIDDEN:
            raise Forbidden("Your role does not allow this.")
        case Verdict.CLOSED:
            raise Conflict("This consult is closed. Open a new one.", code="consult_closed")


async def list_seats(
    session: AsyncSession, actor: Actor, *, after: Cursor | None, limit: int
) -> list[Seat]:
    """The consults that `actor` may read, last changed first."""
    if decide(Facts(actor.role), Action.CONSULT_LIST) is not Verdict.ALLOW:
        return []
    changed = updated_column(view_of(actor))
    mine = and_(
        col(Participant.consult_id) == Consult.id, col(Participant.user_id) == actor.user_id
    )
    query = (
        select(Consult, Participant)
        .join(Participant, mine, isouter=True)
        .where(_visible_to(actor), col(Consult.shredded_at).is_(None))
    )
    if after:
        earlier = and_(changed == after.updated_at, col(Consult.id) < after.consult_id)
        query = query.where(or_(changed < after.updated_at, earlier))
    query = query.order_by(desc(changed), desc(col(Consult.id))).limit(limit)
    return [
        Seat(consult, actor, _relation(consult, actor, participant))
        for consult, participant in (await session.exec(query)).all()
    ]


def _relation(consult: Consult, actor: Actor, participant: Participant | None) -> Relation:
    if consult.patient_id == actor.user_id:
        return Relation.SUBJECT
    if participant:
        return Relation.MEMBER
    return Relation.NONE if consult.assigned_to else Relation.INBOX


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    """The rows that `decide` lets this actor read, said in SQL over consult and participant."""
    member = col(Participant.user_id).is_not(None)
    match actor.role:
        case Role.PATIENT:
            return or_(col(Consult.patient_id) == actor.user_id, member)
        case Role.EMS:
            return member
        case Role.SPECIALIST:
            return or_(member, col(Consult.assigned_to).is_(None))
        case Role.COORDINATOR:
            return true()
        case Role.ADMIN:
            return false()
