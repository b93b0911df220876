"""One step as it is taken: where, by whom, why, when; and the row that it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult import services
from consult.clinical.workflow.service_levels import Rung
from consult.clinical.workflow.states import OWNER, Owner, State
from consult.models import PRIORITY, Actor, Consult, Service, Step, Urgency, User, private


@dataclass(frozen=True)
class Why:
    """Why a step is taken, and what it names besides."""

    reason: str = ""
    code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    to: User | None = None
    """Who has it from now on: of a reassignment."""
    service: Service | None = None
    """Where it goes: of a forwarding."""
    urgency: Urgency | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Scene:
    session: AsyncSession
    consult: Consult
    actor: Actor | None
    """None: the service itself."""
    why: Why
    before: State | None
    at: datetime

    async def service(self) -> Service:
        """Where the consult is from now on."""
        named = self.why.service
        return named or await services.get_service(self.session, self.consult.service_id)


async def write_step(scene: Scene, name: str) -> Step:
    """Say who has to move next, and by when; leave the row of the history."""
    consult, actor, owner = scene.consult, scene.actor, OWNER.get(scene.consult.state)
    service = await scene.service()
    consult.owner_id = await _owner_id(scene, service, owner)
    consult.due_at = (scene.why.due_at or _due(consult, service, scene.at)) if owner else None
    consult.step_count += 1
    row = Step(
        consult_id=consult.id,
        number=consult.step_count,
        name=name,
        from_state=scene.before,
        to_state=consult.state,
        by_id=actor.user_id if actor else None,
        on_behalf_of=actor.on_behalf_of if actor else None,
        reason_code=scene.why.code,
        reason=private(scene.why.reason, consult.subject_id),
        details=private(dict(scene.why.details), consult.subject_id),
        service_id=consult.service_id,
        owner=owner,
        owner_id=consult.owner_id,
        due_at=consult.due_at,
        at=scene.at,
    )
    scene.session.add_all([consult, row])
    return row


async def _owner_id(scene: Scene, service: Service, owner: Owner | None) -> UUID | None:
    match owner:
        case Owner.SERVICE:
            return await services.person_to_page(scene.session, service, Rung.PRIMARY, scene.at)
        case Owner.CLINICIAN:
            return scene.consult.assigned_to
        case Owner.ASKER:
            return scene.consult.claimed_by or scene.consult.opened_by
        case None:
            return None


def _due(consult: Consult, service: Service, at: datetime) -> datetime | None:
    match consult.state:
        case State.SUBMITTED | State.TRIAGED:
            return consult.acknowledge_by
        case State.ASSIGNED | State.IN_REVIEW:
            return consult.reply_by
        case State.AWAITING_INFO | State.ANSWERED | State.FOLLOW_UP:
            return at + timedelta(hours=service.asker_hours)
        case _:
            return at + services.level_of(service, PRIORITY[consult.urgency]).reply
