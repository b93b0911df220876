"""The one way a consult changes its state: a step of the machine, by somebody, for a reason.

Each leaves a row of the history and a row of the audit trail in the transaction of the deed, and
names who has to move next, and by when.
"""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, services
from consult.access import Relation
from consult.clinical.workflow import states
from consult.clinical.workflow.states import MOVES, Owner
from consult.consults.effects import act
from consult.consults.events import announce
from consult.consults.ladder import climb, promised, stop
from consult.consults.scene import Scene, Why, write_step
from consult.consults.seats import Seat
from consult.errors import Forbidden, InvalidFields, NotPossible
from consult.models import OPENED, Actor, Consult, Role, Step, now

DEEDS: dict[states.Step, str] = {
    states.Step.TRIAGE: "consult.triaged",
    states.Step.ACKNOWLEDGE: "consult.acknowledged",
    states.Step.REASSIGN: "consult.reassigned",
    states.Step.RELEASE: "consult.released",
    states.Step.FORWARD: "consult.forwarded",
    states.Step.BEGIN_REVIEW: "consult.review_begun",
    states.Step.ASK: "consult.information_asked",
    states.Step.SUPPLY: "consult.information_supplied",
    states.Step.EXPIRE: "consult.expired",
    states.Step.ANSWER: "consult.answered",
    states.Step.ASK_AGAIN: "consult.asked_again",
    states.Step.REQUEST_TRANSFER: "consult.transfer_requested",
    states.Step.ACCEPT_TRANSFER: "consult.transfer_accepted",
    states.Step.DECLINE_TRANSFER: "consult.transfer_declined",
    states.Step.RESUME: "consult.resumed",
    states.Step.PLAN_FOLLOW_UP: "consult.follow_up_planned",
    states.Step.LOSE: "consult.lost_to_follow_up",
    states.Step.CLOSE: "consult.closed",
    states.Step.DECLINE: "consult.declined",
    states.Step.REDIRECT: "consult.redirected",
    states.Step.REDIRECT_EMERGENCY: "consult.sent_to_emergency",
    states.Step.CANCEL: "consult.cancelled",
    states.Step.MARK_ERROR: "consult.marked_as_error",
}
"""Each step's name in the audit trail."""


async def record_opening(session: AsyncSession, consult: Consult, actor: Actor) -> None:
    """Start the clock of a new consult, and its history."""
    at, service = consult.created_at, await services.get_service(session, consult.service_id)
    times = promised(consult, service, at)
    consult.acknowledge_by, consult.reply_by = times.acknowledge_by, times.reply_by
    climb(session, consult, times)
    await write_step(Scene(session, consult, actor, Why(), None, at), OPENED)


async def take_step(
    session: AsyncSession,
    seat: Seat,
    step: states.Step,
    why: Why | None = None,
    *,
    at: datetime | None = None,
    announced: bool = True,
) -> Step:
    """Take `step` in the consult of `seat`, and return its row of the history.

    Live pages are told, unless the caller tells them of what it comes with. Raises NotPossible
    (409, with what is possible instead), Forbidden for the other side's steps, or InvalidFields
    without a reason where one is needed.
    """
    why, consult = why or Why(), seat.consult
    _require(seat, step, why)
    row = await _advance(Scene(session, consult, seat.actor, why, consult.state, at or now()), step)
    if announced:
        announce(session, consult, "consult.changed", row.id)
    await audit.record(session, seat.actor, DEEDS[step], consult.id, **seat.about)
    return row


async def release(session: AsyncSession, consult: Consult, why: Why) -> Step:
    """Let it wait again, by nobody's hand: whoever had it is gone."""
    step = states.Step.RELEASE
    row = await _advance(Scene(session, consult, None, why, consult.state, now()), step)
    announce(session, consult, "consult.changed", row.id)
    about: audit.About = {"consult_id": consult.id, "patient_id": consult.patient_id}
    await audit.record(session, None, DEEDS[step], consult.id, **about)
    return row


async def list_steps(session: AsyncSession, seat: Seat) -> list[Step]:
    """The history of the consult, in order."""
    query = select(Step).where(Step.consult_id == seat.consult.id).order_by(col(Step.number))
    return list((await session.exec(query)).all())


def possible_for(seat: Seat) -> list[states.Step]:
    """The steps that the actor of `seat` can take now."""
    sides = sides_of(seat)
    steps = [step for step in states.possible(seat.consult.state) if MOVES[step].by & sides]
    if seat.actor.role is Role.COORDINATOR:  # they see to it that somebody takes it
        return [step for step in steps if step is not states.Step.ACKNOWLEDGE]
    return steps


def sides_of(seat: Seat) -> frozenset[Owner]:
    """Whose steps the actor may take. Of their own consult a specialist is both sides."""
    if seat.relation in (Relation.SUBJECT, Relation.PROXY) or seat.actor.role in (
        Role.EMS,
        Role.LINK,
    ):
        return _ASKER
    if seat.relation is Relation.GUEST or seat.actor.role not in (
        Role.SPECIALIST,
        Role.COORDINATOR,
    ):
        return frozenset()
    return _OURS | _ASKER if seat.consult.opened_by == seat.actor.user_id else _OURS


_ASKER, _OURS = frozenset({Owner.ASKER}), frozenset({Owner.SERVICE, Owner.CLINICIAN})


def _require(seat: Seat, step: states.Step, why: Why) -> None:
    move, state = MOVES[step], seat.consult.state
    if not move.by & sides_of(seat):
        raise Forbidden("This step is for the other side of the consult.")
    if state not in move.leaves:
        raise NotPossible(state.value, step.value, [one.value for one in possible_for(seat)])
    if move.reason and not (why.reason or why.code):
        raise InvalidFields({"reason": "Say why."})


async def _advance(scene: Scene, step: states.Step) -> Step:
    consult, before = scene.consult, scene.consult.state
    consult.state = states.after(before, step, before_waiting=consult.before_waiting)
    await act(scene, step)
    if consult.state in states.ENDS:
        consult.closed_at = scene.at
        await stop(scene.session, consult, scene.at)
    return await write_step(scene, step.value)
