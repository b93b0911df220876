"""Advice: a draft that nobody else sees, frozen by its signature, superseded by the next one."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.backends.jobs import Jobs
from consult.clinical.workflow import states
from consult.clinical.workflow.states import Owner, State
from consult.consults import Seat, Why, announce, join, sides_of, take_step
from consult.errors import Conflict, Forbidden, InvalidFields, NotFound
from consult.models import Advice, Disposition, NoticeEvent, Photo, now, private


@dataclass(frozen=True)
class AdviceDraft:
    id: UUID
    text: str
    disposition: Disposition
    valid_until: datetime | None = None
    until_next_photo: bool = False


async def put_draft(session: AsyncSession, seat: Seat, draft: AdviceDraft) -> tuple[Advice, bool]:
    """Write a draft, or change it while it is one; the second value: whether it is new.

    `seat` is for ADVICE_WRITE. Raises Conflict (`id_taken`, `advice_signed`).
    """
    seat.require(Action.ADVICE_WRITE)
    found = await session.get(Advice, draft.id)
    if found and (found.consult_id, found.author_id) != (seat.consult.id, seat.actor.user_id):
        raise Conflict("Another advice already has this id. Use a new one.", code="id_taken")
    if found and found.signed_at:
        raise _signed()
    text = private(draft.text, seat.consult.subject_id)
    advice = found or Advice(
        id=draft.id,
        consult_id=seat.consult.id,
        author_id=seat.actor.user_id,
        text=text,
        disposition=draft.disposition,
    )
    advice.text, advice.disposition, advice.changed_at = text, draft.disposition, now()
    advice.valid_until, advice.until_next_photo = draft.valid_until, draft.until_next_photo
    session.add(advice)
    await audit.record(session, seat.actor, "advice.drafted", advice.id, **seat.about)
    return advice, found is None


async def sign(session: AsyncSession, jobs: Jobs, seat: Seat, advice_id: UUID) -> Advice:
    """Freeze a draft of the actor's and give it to everybody in the consult.

    It supersedes what was signed before, and answers the consult; or, when it asks for more
    pictures, lets it wait for them. Raises NotFound, NotPossible, InvalidFields or Conflict.
    """
    seat.require(Action.ADVICE_WRITE)
    advice = await _own_draft(session, seat, advice_id)
    at = now()
    if advice.valid_until and advice.valid_until <= at:
        raise InvalidFields({"valid_until": "This is over already."})
    before = await _newest_signed(session, seat)
    advice.signed_at, advice.sha256 = at, _digest(advice, at)
    advice.number = (before.number or 0) + 1 if before else 1
    session.add(advice)
    await session.flush()
    if before:
        before.superseded_by = advice.id
        session.add(before)
    await _move(session, seat, advice)
    announce(session, seat.consult, "advice.signed", advice.id)
    await audit.record(session, seat.actor, "advice.signed", advice.id, **seat.about)
    event = NoticeEvent.ADVICE
    await notifications.something_new(session, jobs, seat.consult, by=seat.actor, event=event)
    return advice


async def acknowledge(session: AsyncSession, seat: Seat, advice_id: UUID) -> Advice:
    """The side that asked has read it. Raises NotFound, Forbidden, or Conflict (`superseded`)."""
    if Owner.ASKER not in sides_of(seat):
        raise Forbidden("Whoever asked acknowledges what was advised.")
    advice = await get_advice(session, seat, advice_id)
    if advice.signed_at is None:
        raise NotFound
    if advice.superseded_by:
        raise Conflict("There is newer advice. Read that.", code="superseded")
    if advice.acknowledged_at is None:
        advice.acknowledged_at, advice.acknowledged_by = now(), seat.actor.user_id
        session.add(advice)
        announce(session, seat.consult, "advice.acknowledged", advice.id)
    await audit.record(session, seat.actor, "advice.acknowledged", advice.id, **seat.about)
    return advice


async def get_advice(session: AsyncSession, seat: Seat, advice_id: UUID) -> Advice:
    """Raises NotFound, also for somebody else's draft."""
    query = select(Advice).where(
        Advice.id == advice_id, Advice.consult_id == seat.consult.id, _shown_to(seat)
    )
    advice = (await session.exec(query)).first()
    if advice is None:
        raise NotFound
    return advice


async def list_advice(session: AsyncSession, seat: Seat) -> list[Advice]:
    """What was signed, in order, and the actor's own drafts after it."""
    query = (
        select(Advice)
        .where(Advice.consult_id == seat.consult.id, _shown_to(seat))
        .order_by(col(Advice.signed_at).is_(None), col(Advice.number), col(Advice.created_at))
    )
    return list((await session.exec(query)).all())


async def photo_since(session: AsyncSession, seat: Seat, advice: Advice) -> bool:
    """Whether advice that holds until the next photo has run out."""
    if not (advice.until_next_photo and advice.signed_at):
        return False
    query = select(Photo.id).where(
        Photo.consult_id == seat.consult.id, col(Photo.created_at) > advice.signed_at
    )
    return (await session.exec(query.limit(1))).first() is not None


def _shown_to(seat: Seat) -> ColumnElement[bool]:
    own = col(Advice.author_id) == seat.actor.user_id
    return or_(col(Advice.signed_at).is_not(None), own)


async def _own_draft(session: AsyncSession, seat: Seat, advice_id: UUID) -> Advice:
    advice = await get_advice(session, seat, advice_id)
    if advice.signed_at:
        raise _signed()
    return advice


async def _newest_signed(session: AsyncSession, seat: Seat) -> Advice | None:
    query = select(Advice).where(
        Advice.consult_id == seat.consult.id,
        col(Advice.signed_at).is_not(None),
        col(Advice.superseded_by).is_(None),
    )
    return (await session.exec(query)).first()


async def _move(session: AsyncSession, seat: Seat, advice: Advice) -> None:
    """Signed advice is an answer; asking for more pictures is a question to the asker."""
    await join(session, seat, openly=True)
    why = Why(code=advice.disposition.value, details={"advice_id": str(advice.id)})
    step, state = states.Step.ANSWER, seat.consult.state
    if advice.disposition is Disposition.MORE_IMAGES:
        step = states.Step.ASK
        if state in (State.ANSWERED, State.FOLLOW_UP):  # look at it again first
            await take_step(session, seat, states.Step.ASK_AGAIN, why, announced=False)
    if state in _TOLD and step is states.Step.ANSWER:
        return  # it is answered: a later word supersedes, and leads nowhere else
    await take_step(session, seat, step, why, announced=False)


_TOLD = {
    State.ANSWERED,
    State.FOLLOW_UP,
    State.TRANSFER_REQUESTED,
    State.TRANSFER_ACCEPTED,
    State.TRANSFER_DECLINED,
    State.AWAITING_INFO,
}


def _digest(advice: Advice, at: datetime) -> str:
    """SHA-256 over everything that the signature freezes, as JSON with sorted keys."""
    frozen = {
        "id": str(advice.id),
        "consult_id": str(advice.consult_id),
        "signed_by": str(advice.author_id),
        "signed_at": at.isoformat(),
        "text": advice.text,
        "disposition": advice.disposition.value,
        "valid_until": advice.valid_until.isoformat() if advice.valid_until else None,
        "until_next_photo": advice.until_next_photo,
    }
    return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()


def _signed() -> Conflict:
    return Conflict("This is signed and cannot be changed. Write a new one.", code="advice_signed")
