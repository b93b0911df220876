"""Somebody takes a step in a consult by hand: what it has to name, and who hears of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import notifications, services
from consult.access import Action
from consult.backends.jobs import Jobs
from consult.clinical.workflow import states
from consult.consults import Seat, Why, absent_or_taken, get_seat, take_step
from consult.errors import InvalidFields, NotFound, Taken
from consult.models import Actor, Role, Service, Step, Urgency, User

BY_HAND = frozenset(states.Step) - {states.Step.ANSWER, states.Step.CLOSE, states.Step.RELEASE}
"""An answer is a message or signed advice; closing has its own rules; nobody lets go by hand."""


class DeclineReason(StrEnum):
    NOT_A_BURN = "not_a_burn"
    NOT_NEEDED = "not_needed"
    """It can be treated where the patient is."""
    NO_CAPACITY = "no_capacity"
    OTHER_SERVICE = "other_service"
    OUT_OF_AREA = "out_of_area"
    DUPLICATE = "duplicate"
    OTHER = "other"


class TransferMode(StrEnum):
    GROUND = "ground"
    HELICOPTER = "helicopter"
    FIXED_WING = "fixed_wing"
    OWN = "own"
    """The patient comes by their own means."""


@dataclass(frozen=True)
class Transfer:
    """Who takes the patient, how they come, and when."""

    clinician_id: UUID | None
    clinician: str
    mode: TransferMode
    arrives_at: datetime
    bed: str = ""


@dataclass(frozen=True)
class Where:
    """Where the asker is sent on, and who there was told of the case."""

    name: str
    telephone: str
    told: str = ""


@dataclass(frozen=True)
class StepWish:
    step: states.Step
    code: str = ""
    reason: str = ""
    user_id: UUID | None = None
    service_id: UUID | None = None
    urgency: Urgency | None = None
    due_at: datetime | None = None
    transfer: Transfer | None = None
    where: Where | None = None


async def move_consult(
    session: AsyncSession, jobs: Jobs, *, actor: Actor, consult_id: UUID, wish: StepWish
) -> tuple[Seat, Step]:
    """Take the step, and tell whoever is in the consult.

    Raises NotPossible, Taken, NotFound, Forbidden, or InvalidFields for what it has to name.
    """
    seat = await _seat(session, actor, consult_id, wish.step)
    why = await _why(session, wish)
    row = await take_step(session, seat, wish.step, why)
    await notifications.something_new(session, jobs, seat.consult, by=actor)
    return seat, row


async def _seat(session: AsyncSession, actor: Actor, consult_id: UUID, step: states.Step) -> Seat:
    try:
        return await get_seat(session, actor, consult_id, action_of(actor, step))
    except NotFound as absent:
        told = await absent_or_taken(session, actor, consult_id)
        raise (told if isinstance(told, Taken) else absent) from None


def action_of(actor: Actor, step: states.Step) -> Action:
    if actor.role in (Role.PATIENT, Role.EMS):
        return Action.CONSULT_PURSUE
    return Action.CONSULT_TAKE if step is states.Step.ACKNOWLEDGE else Action.CONSULT_MOVE


async def _why(session: AsyncSession, wish: StepWish) -> Why:
    if faults := _faults(wish):
        raise InvalidFields(faults)
    return Why(
        reason=wish.reason,
        code=wish.code,
        details=await _details(session, wish),
        to=await _colleague(session, wish.user_id) if wish.user_id else None,
        service=await _service(session, wish.service_id) if wish.service_id else None,
        urgency=wish.urgency,
        due_at=wish.due_at,
    )


def _faults(wish: StepWish) -> dict[str, str]:
    """What each step has to name."""
    faults: dict[str, str] = {}
    match wish.step:
        case states.Step.DECLINE | states.Step.REDIRECT | states.Step.DECLINE_TRANSFER:
            if wish.code not in frozenset(DeclineReason):
                faults["code"] = f"One of {', '.join(DeclineReason)}."
        case states.Step.ACCEPT_TRANSFER if wish.transfer is None:
            faults["transfer"] = "Name the clinician, how the patient comes, and when."
        case states.Step.PLAN_FOLLOW_UP if wish.due_at is None:
            faults["due_at"] = "Say by when."
        case _:
            pass
    if wish.step in (states.Step.DECLINE, states.Step.REDIRECT) and wish.where is None:
        faults["where"] = "Say where they are to go, and how to reach it."
    if wish.step is states.Step.REDIRECT and wish.where and not wish.where.told:
        faults["where.told"] = "Say who there was told: nobody is sent on unannounced."
    return faults


async def _details(session: AsyncSession, wish: StepWish) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if wish.urgency:
        details["urgency"] = wish.urgency.value
    if wish.service_id:
        details["service_id"] = str(wish.service_id)
    if wish.user_id:
        details["user_id"] = str(wish.user_id)
    if wish.where:
        where = wish.where
        details["where"] = {"name": where.name, "telephone": where.telephone, "told": where.told}
    if wish.transfer:
        details["transfer"] = await _transfer(session, wish.transfer)
    return details


async def _transfer(session: AsyncSession, transfer: Transfer) -> dict[str, str]:
    name, by_id = transfer.clinician, transfer.clinician_id
    if by_id:
        name = (await _colleague(session, by_id, field="transfer.clinician_id")).name
    if not name:
        raise InvalidFields({"transfer.clinician": "Name the clinician who takes the patient."})
    return {
        "clinician_id": str(by_id) if by_id else "",
        "clinician": name,
        "mode": transfer.mode.value,
        "arrives_at": transfer.arrives_at.isoformat(),
        "bed": transfer.bed,
    }


async def _colleague(session: AsyncSession, user_id: UUID, *, field: str = "user_id") -> User:
    user = await session.get(User, user_id)
    if user is None or not user.active or not user.ours or user.role is not Role.SPECIALIST:
        raise InvalidFields({field: "There is no such specialist here."})
    return user


async def _service(session: AsyncSession, service_id: UUID) -> Service:
    service = await services.get_service(session, service_id)
    if not service.active:
        raise InvalidFields({"service_id": "There is no such service."})
    return service
