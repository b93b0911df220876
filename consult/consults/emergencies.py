"""The patient's answers are an emergency: the consult stops, and they are told where to call."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.clinical.red_flags import RedFlag
from consult.clinical.workflow import states
from consult.clinical.workflow.service_levels import Rung
from consult.clinical.workflow.states import State
from consult.consults.events import announce
from consult.consults.ladder import plan, stop
from consult.consults.scene import Why
from consult.consults.seats import Seat
from consult.consults.steps import take_step
from consult.errors import NotPossible
from consult.models import EscalationKind, now

NURSE_AFTER = timedelta(minutes=30)
"""The team is told at once, and the supervisor this much later, unless the patient has read it."""


async def send_to_emergency(session: AsyncSession, seat: Seat, flags: Sequence[RedFlag]) -> None:
    """End the consult for the emergency number; somebody on duty hears of it all the same."""
    consult, at = seat.consult, now()
    codes = sorted({flag.value for flag in flags})
    why = Why(code="red_flags", details={"red_flags": codes})
    await take_step(session, seat, states.Step.REDIRECT_EMERGENCY, why, at=at)
    plan(session, consult, EscalationKind.EMERGENCY, Rung.PRIMARY, at)
    plan(session, consult, EscalationKind.EMERGENCY, Rung.SUPERVISOR, at + NURSE_AFTER)


async def confirm_emergency(session: AsyncSession, seat: Seat) -> None:
    """Somebody on the asker's side read where to call. Raises NotPossible elsewhere."""
    consult, at = seat.consult, now()
    if consult.state is not State.REDIRECTED_EMERGENCY:
        raise NotPossible(consult.state.value, "confirm_emergency", [])
    if consult.emergency_seen_at is None:
        consult.emergency_seen_at = at
        await stop(session, consult, at, EscalationKind.EMERGENCY)
        announce(session, consult, "consult.changed")
    await audit.record(session, seat.actor, "consult.emergency_read", consult.id, **seat.about)
