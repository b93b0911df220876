"""What each step does besides changing the state: who has it, and how the clock runs on."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from consult.clinical.workflow import states
from consult.clinical.workflow.service_levels import Rung
from consult.clinical.workflow.states import State
from consult.consults.ladder import climb, go_on, hold, plan, promised, stop
from consult.consults.scene import Scene
from consult.consults.taking import take_seat
from consult.errors import InvalidFields
from consult.models import EscalationKind


async def act(scene: Scene, step: states.Step) -> None:
    """Do what `step` brings with it. Raises InvalidFields for what it should have named."""
    if step in _EFFECTS:
        await _EFFECTS[step](scene)


async def _triaged(scene: Scene) -> None:
    consult, urgency = scene.consult, scene.why.urgency
    if urgency and urgency is not consult.urgency:
        consult.urgency = urgency
        times = promised(consult, await scene.service(), consult.created_at)
        consult.reply_by = times.reply_by
        await _wait_anew(scene)


async def _acknowledged(scene: Scene) -> None:
    assert scene.actor is not None  # nobody but a person acknowledges
    await take_seat(scene.session, scene.consult, scene.actor.user_id, openly=True)
    await _owned(scene, scene.actor.user_id)


async def _reassigned(scene: Scene) -> None:
    person = scene.why.to
    if person is None:
        raise InvalidFields({"user_id": "Say who has it from now on."})
    await take_seat(scene.session, scene.consult, person.id, openly=True)
    if scene.before not in (State.ASSIGNED, State.IN_REVIEW):
        await _asked_anew(scene)
    await _owned(scene, person.id)


async def _owned(scene: Scene, user_id: UUID) -> None:
    consult = scene.consult
    consult.assigned_to = user_id
    consult.acknowledged_at = consult.acknowledged_at or scene.at
    consult.seen_at = consult.seen_at or scene.at
    consult.delivered_at = consult.delivered_at or scene.at
    kinds = (EscalationKind.ACKNOWLEDGE, EscalationKind.REPLY)
    await stop(scene.session, consult, scene.at, *kinds)
    _plan_reply(scene)


async def _released(scene: Scene) -> None:
    scene.consult.before_waiting = scene.consult.waiting_since = None
    await stop(scene.session, scene.consult, scene.at)
    await _wait_anew(scene)


async def _forwarded(scene: Scene) -> None:
    if scene.why.service is None:
        raise InvalidFields({"service_id": "Say where it goes."})
    scene.consult.service_id = scene.why.service.id
    await _released(scene)


async def _wait_anew(scene: Scene) -> None:
    """Nobody has it: the ladder begins, the promise of a reply stays."""
    consult, times = scene.consult, promised(scene.consult, await scene.service(), scene.at)
    consult.assigned_to = consult.acknowledged_at = None
    consult.acknowledge_by = times.acknowledge_by
    await stop(scene.session, consult, scene.at, EscalationKind.ACKNOWLEDGE)
    climb(scene.session, consult, times)


async def _waiting(scene: Scene) -> None:
    """The clock stands still, and somebody is told when nothing comes."""
    consult, service = scene.consult, await scene.service()
    consult.before_waiting, consult.waiting_since = scene.before, scene.at
    await hold(scene.session, consult, scene.at)
    due_at = scene.why.due_at or scene.at + timedelta(hours=service.asker_hours)
    plan(scene.session, consult, EscalationKind.INFORMATION, Rung.PRIMARY, due_at)


async def _supplied(scene: Scene) -> None:
    consult = scene.consult
    waited = scene.at - (consult.waiting_since or scene.at)
    consult.acknowledge_by = _later(consult.acknowledge_by, waited)
    consult.reply_by = _later(consult.reply_by, waited)
    consult.before_waiting = consult.waiting_since = None
    await stop(scene.session, consult, scene.at, EscalationKind.INFORMATION)
    await go_on(scene.session, consult, scene.at)


async def _answered(scene: Scene) -> None:
    scene.consult.answered_at = scene.consult.answered_at or scene.at
    await stop(scene.session, scene.consult, scene.at, EscalationKind.REPLY)


async def _asked_anew(scene: Scene) -> None:
    """Another question: another reply is promised."""
    times = promised(scene.consult, await scene.service(), scene.at)
    scene.consult.reply_by = times.reply_by
    await stop(scene.session, scene.consult, scene.at, EscalationKind.REPLY)
    _plan_reply(scene)


def _plan_reply(scene: Scene) -> None:
    assert scene.consult.reply_by is not None  # set when it was opened
    kind, due_at = EscalationKind.REPLY, scene.consult.reply_by
    plan(scene.session, scene.consult, kind, Rung.SUPERVISOR, due_at)


_EFFECTS: Mapping[states.Step, Callable[[Scene], Awaitable[None]]] = {
    states.Step.TRIAGE: _triaged,
    states.Step.ACKNOWLEDGE: _acknowledged,
    states.Step.REASSIGN: _reassigned,
    states.Step.RELEASE: _released,
    states.Step.FORWARD: _forwarded,
    states.Step.ASK: _waiting,
    states.Step.SUPPLY: _supplied,
    states.Step.ANSWER: _answered,
    states.Step.ASK_AGAIN: _asked_anew,
    states.Step.RESUME: _asked_anew,
}


def _later(due_at: datetime | None, span: timedelta) -> datetime | None:
    return due_at + span if due_at else None
