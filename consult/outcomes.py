"""What became of the patient: every consult that was closed asks once, by link.

Whoever asked for advice is asked. What they say is shown to those who gave it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action
from consult.backends.jobs import Jobs
from consult.backends.mail import Message
from consult.bootstrap import Backends
from consult.config import Settings
from consult.consults import Seat, announce
from consult.errors import Conflict, NotFound
from consult.links import address_of, make_link, use_link
from consult.models import (
    WRITE_ONLY,
    AdviceTaken,
    Audience,
    Consult,
    Healing,
    Link,
    LinkKind,
    PatientOutcome,
    Service,
    User,
    Went,
    now,
)
from consult.services import get_service

SEND_OUTCOME_QUESTION = "send_outcome_question"

_AT_A_TIME = 200
_SUBJECT = "Three questions to close the loop"
_TEXT = """\
You asked for advice through Consult some days ago.

Three taps tell those who answered what came of it. You need no account:
{link}

The link only sends. It shows nothing, and it works once.
This mailbox is not read. In an emergency call {emergency_number}.
"""


@dataclass(frozen=True)
class Answers:
    went: Went
    healing: Healing
    advice_taken: AdviceTaken


async def ask_for_outcomes(
    session: AsyncSession, backends: Backends, *, at: datetime | None = None
) -> int:
    """Ask about the consults that were closed long enough ago, as their services have it.

    Each is asked about once, also when there is nobody to ask. Returns how many there were.
    """
    at = at or now()
    query = (
        select(Consult)
        .join(PatientOutcome, col(PatientOutcome.consult_id) == Consult.id, isouter=True)
        .where(await _ripe(session, at), col(PatientOutcome.consult_id).is_(None))
        .order_by(col(Consult.closed_at))
        .limit(_AT_A_TIME)
    )
    closed = (await session.exec(query)).all()
    for consult in closed:
        await _ask(session, backends, consult, at)
    return len(closed)


async def _ripe(session: AsyncSession, at: datetime) -> ColumnElement[bool]:
    """Closed so long ago that there is something to tell."""
    services = (await session.exec(select(Service))).all()
    return or_(
        false(),
        *(
            and_(
                col(Consult.service_id) == service.id,
                col(Consult.closed_at) <= at - timedelta(days=service.outcome_after_days),
            )
            for service in services
        ),
    )


async def answer_outcome(
    session: AsyncSession, jobs: Jobs, seat: Seat, link: Link, answers: Answers
) -> PatientOutcome:
    """Take the three answers, once; the same again, when the answer was lost, is the same.

    `seat` must have been taken for LINK_ANSWER. Raises Conflict (`answered_already`), NotSignedIn.
    """
    seat.require(Action.LINK_ANSWER)
    outcome = await session.get_one(PatientOutcome, seat.consult.id, populate_existing=True)
    if outcome.answered_at is None:
        await use_link(session, link.id)
        outcome.went, outcome.healing = answers.went, answers.healing
        outcome.advice_taken, outcome.answered_at = answers.advice_taken, now()
        session.add(outcome)
        announce(session, seat.consult, "outcome.given", audience=Audience.CLINICIANS)
        await notifications.something_new(
            session, jobs, seat.consult, by=seat.actor, audience=Audience.CLINICIANS
        )
    elif _answers_of(outcome) != answers:
        raise Conflict("This was answered already.", code="answered_already")
    await audit.record(session, seat.actor, "outcome.given", seat.consult.id, **seat.about)
    return outcome


async def get_outcome(session: AsyncSession, seat: Seat) -> PatientOutcome:
    """`seat` must have been taken for OUTCOME_READ. Raises NotFound before it was asked for."""
    seat.require(Action.OUTCOME_READ)
    outcome = await session.get(PatientOutcome, seat.consult.id)
    if outcome is None:
        raise NotFound
    return outcome


async def outcome_told_at(session: AsyncSession, seat: Seat) -> datetime | None:
    """When it was told what became of the patient; None: not yet, or not to this seat."""
    if seat.view is not Audience.CLINICIANS:
        return None
    outcome = await session.get(PatientOutcome, seat.consult.id)
    return outcome.answered_at if outcome else None


def outcome_mail(settings: Settings, key: bytes, to: str, link: Link) -> Message:
    return Message(
        to=to,
        subject=_SUBJECT,
        text=_TEXT.format(
            link=address_of(settings, key, link), emergency_number=settings.emergency_number
        ),
        message_id=f"<outcome-{link.id.hex}@{settings.rp_id}>",
    )


async def _ask(session: AsyncSession, backends: Backends, consult: Consult, at: datetime) -> None:
    asked = await _asker(session, consult.claimed_by or consult.opened_by)
    outcome = PatientOutcome(consult_id=consult.id, asked_at=at)
    if asked:
        service = await get_service(session, consult.service_id)
        link = await make_link(
            session,
            backends.secret,
            consult_id=consult.id,
            kind=LinkKind.OUTCOME,
            expires_at=at + timedelta(days=service.outcome_within_days),
            most_uses=1,
        )
        outcome.asked_of, outcome.link_id = asked.id, link.id
        await backends.jobs.enqueue(session, SEND_OUTCOME_QUESTION, link_id=str(link.id))
    session.add(outcome)


async def _asker(session: AsyncSession, user_id: UUID) -> User | None:
    """Whoever asked for advice, if mail reaches them."""
    user = await session.get(User, user_id)
    reachable = user and user.active and user.email and user.role not in WRITE_ONLY
    return user if reachable else None


def _answers_of(outcome: PatientOutcome) -> Answers | None:
    if not (outcome.went and outcome.healing and outcome.advice_taken):
        return None
    return Answers(outcome.went, outcome.healing, outcome.advice_taken)
