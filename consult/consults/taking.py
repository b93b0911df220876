"""Somebody takes a place in a consult; and who has it, told to a colleague who was too late."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.errors import NotFound, Taken
from consult.models import Actor, Consult, Escalation, Participant, Role, User, now


async def take_seat(
    session: AsyncSession, consult: Consult, user_id: UUID, *, openly: bool
) -> None:
    """Make sure that they are in the consult by themselves.

    Somebody who has only spoken among clinicians is not shown to the patient yet.
    """
    participant = await session.get(Participant, (consult.id, user_id))
    if participant and participant.ended_at:  # sent away, and here again by their role
        await session.delete(participant)
        await session.flush()
        participant = None
    if participant is None:
        session.add(Participant(consult_id=consult.id, user_id=user_id, in_the_open=openly))
        await session.flush()
    elif openly and not participant.in_the_open:
        # For the patient they join now; their earlier place in the order would tell of more.
        participant.in_the_open, participant.joined_at = True, now()
        session.add(participant)


async def absent_or_taken(
    session: AsyncSession, actor: Actor, consult_id: UUID
) -> NotFound | Taken:
    """How to refuse somebody for whom the consult is not there.

    A specialist of ours to whom it was shown while it waited, or who was paged for it, is told
    who was quicker. To everybody else it does not exist.
    """
    if not _of_the_team(actor):
        return NotFound()
    holder = await _holder(session, consult_id)
    # Asked also where there is nobody: the time it takes must not tell what is there.
    knew = await _knew(session, actor, consult_id, holder[1] if holder else now())
    return Taken(holder[0].id, holder[0].name) if holder and knew else NotFound()


def _of_the_team(actor: Actor) -> bool:
    return actor.role is Role.SPECIALIST and actor.ours


async def _holder(session: AsyncSession, consult_id: UUID) -> tuple[User, datetime] | None:
    query = (
        select(User, Consult.acknowledged_at)
        .join(Consult, col(Consult.assigned_to) == User.id)
        .where(Consult.id == consult_id)
    )
    found = (await session.exec(query)).first()
    return (found[0], found[1]) if found and found[1] else None


async def _knew(session: AsyncSession, actor: Actor, consult_id: UUID, until: datetime) -> bool:
    paged = select(Escalation.id).where(
        Escalation.consult_id == consult_id, Escalation.paged_id == actor.user_id
    )
    was_paged = (await session.exec(paged)).first() is not None
    was_shown = await audit.was_shown(session, actor.user_id, consult_id, until=until)
    return was_paged or was_shown
