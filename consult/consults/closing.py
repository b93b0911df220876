"""A consult ends. What was answered is closed only once it was read, or somebody says how it was told."""

from enum import StrEnum

from sqlalchemy import case, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action
from consult.clinical.workflow import states
from consult.consults.scene import Why
from consult.consults.seats import Seat
from consult.consults.steps import possible_for, take_step
from consult.errors import Conflict, NotPossible
from consult.models import Advice, Message, ReadMark, Role, User


class CloseReason(StrEnum):
    COMPLETE = "complete"
    """The question is answered, and the answer was read."""
    TOLD_BY_TELEPHONE = "told_by_telephone"
    SEEN_IN_PERSON = "seen_in_person"
    UNREACHABLE = "unreachable"
    """Everything was tried. The answer stays for them to read."""


async def close_consult(
    session: AsyncSession,
    seat: Seat,
    *,
    code: CloseReason = CloseReason.COMPLETE,
    reason: str = "",
) -> None:
    """Close the consult; `seat` must have been taken for CONSULT_CLOSE.

    Raises NotPossible, or Conflict (`answer_unread`) while nobody who asked has read the answer
    and `code` does not say how they know it.
    """
    seat.require(Action.CONSULT_CLOSE)
    why = Why(reason=reason, code=code.value)
    if code is CloseReason.COMPLETE and await _unread(session, seat):
        _require_possible(seat)
        raise Conflict(
            "Nobody who asked has read the answer yet. Say how they know it.", code="answer_unread"
        )
    await take_step(session, seat, states.Step.CLOSE, why)


def _require_possible(seat: Seat) -> None:
    if seat.consult.state not in states.MOVES[states.Step.CLOSE].leaves:
        possible = [step.value for step in possible_for(seat)]
        raise NotPossible(seat.consult.state.value, states.Step.CLOSE.value, possible)


async def _unread(session: AsyncSession, seat: Seat) -> bool:
    """Whether the last answer, in words or signed, has not reached anybody who asked."""
    return await _word_unread(session, seat) or await _advice_unread(session, seat)


async def _word_unread(session: AsyncSession, seat: Seat) -> bool:
    query = (
        select(Message)
        .join(User, col(User.id) == Message.author_id)
        .where(
            Message.consult_id == seat.consult.id,
            col(Message.seq).is_not(None),
            User.role == Role.SPECIALIST,
        )
        .order_by(col(Message.seq).desc())
        .limit(1)
    )
    answer = (await session.exec(query)).first()
    if answer is None or answer.author_id == seat.consult.opened_by:
        return False
    return not await _was_read(session, seat, answer)


async def _was_read(session: AsyncSession, seat: Seat, answer: Message) -> bool:
    """Marks of crews are in the clinicians' numbers, those of patients in everyone's."""
    number = case((col(User.role) != Role.PATIENT, answer.seq_clinicians), else_=answer.seq)
    asked = or_(
        col(User.role).in_((Role.PATIENT, Role.EMS)), col(User.id) == seat.consult.opened_by
    )
    query = (
        select(ReadMark.user_id)
        .join(User, col(User.id) == ReadMark.user_id)
        .where(ReadMark.consult_id == seat.consult.id, asked, col(ReadMark.seq) >= number)
        .limit(1)
    )
    return (await session.exec(query)).first() is not None


async def _advice_unread(session: AsyncSession, seat: Seat) -> bool:
    query = select(Advice.id).where(
        Advice.consult_id == seat.consult.id,
        col(Advice.signed_at).is_not(None),
        col(Advice.superseded_by).is_(None),
        col(Advice.acknowledged_at).is_(None),
    )
    return (await session.exec(query)).first() is not None
