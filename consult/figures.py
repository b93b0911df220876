"""Turn-round figures, read from the history of the consults: times and numbers, of nobody by name."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Bundle
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.access import Action, require
from consult.clinical.workflow import states
from consult.clinical.workflow.turn_round import Figure, Measure, TurnRound, figures_of
from consult.models import Actor, Advice, Consult, Role, Service, Step, User


async def turn_round_figures(
    session: AsyncSession,
    actor: Actor,
    *,
    since: datetime,
    until: datetime,
    service_id: UUID | None = None,
) -> list[Figure]:
    """The figures of the consults that were sent from `since` on and before `until`.

    Raises NotFound for whoever may not read them.
    """
    require(actor, Action.FIGURES_READ)
    reached = Bundle[Any](
        "reached",
        col(Consult.created_at),
        col(Consult.seen_at),
        _first_step(states.Step.ACKNOWLEDGE),
        _first_advice(),
        _first_step(states.Step.ANSWER),
        _first_step(states.Step.ACCEPT_TRANSFER),
    )
    query = (
        select(Service.name, User, reached)  # pyright: ignore[reportCallIssue, reportArgumentType] - the types know no bundle
        .join(Consult, col(Consult.service_id) == Service.id)
        .join(User, col(User.id) == func.coalesce(Consult.claimed_by, Consult.opened_by))
        .where(Consult.created_at >= since, Consult.created_at < until)
    )
    if service_id:
        query = query.where(Consult.service_id == service_id)
    rows = (await session.exec(query)).all()
    return figures_of(
        TurnRound(service, partner_of(sender), _took(*times)) for service, sender, times in rows
    )


def partner_of(sender: User) -> str:
    """Who sent it, as far as it is known here: of staff the organisation that their mail is of."""
    if sender.role is Role.PATIENT:
        return "patients"
    if sender.role is Role.DEVICE:
        return "tablets"
    return (sender.email or "").rpartition("@")[2] or "unknown"


def _took(sent_at: datetime, *reached: datetime | None) -> dict[Measure, timedelta]:
    return {measure: at - sent_at for measure, at in zip(Measure, reached, strict=True) if at}


def _first_step(step: states.Step) -> ColumnElement[datetime]:
    return (
        select(func.min(Step.at))
        .where(Step.consult_id == Consult.id, Step.name == step.value)
        .correlate(Consult)
        .scalar_subquery()
    )


def _first_advice() -> ColumnElement[datetime]:
    return (
        select(func.min(Advice.signed_at))
        .where(Advice.consult_id == Consult.id)
        .correlate(Consult)
        .scalar_subquery()
    )
