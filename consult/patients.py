"""A patient as one actor sees them: what is about the person and not about one consult."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action, Decision, Relation, require
from consult.backends.keys import is_shredded
from consult.errors import Gone, NotFound
from consult.models import Actor, Consult, Participant, Proxy, Role, User, now


@dataclass(frozen=True)
class PatientSeat:
    """Only `get_patient` makes one."""

    patient: User
    actor: Actor
    """With the patient they act for."""
    relation: Relation
    decision: Decision

    @property
    def about(self) -> audit.About:
        """What a row of the audit trail says of this look."""
        return {"patient_id": self.patient.id, "rule": self.decision.rule}


async def get_patient(
    session: AsyncSession,
    actor: Actor,
    patient_id: UUID,
    action: Action,
    *,
    at: datetime | None = None,
) -> PatientSeat:
    """The patient for this actor and this deed.

    Raises NotFound (absent and not yours are one answer), Forbidden, or Gone.
    """
    at = at or now()
    proxy = exists().where(
        col(Proxy.patient_id) == User.id,
        col(Proxy.proxy_id) == actor.user_id,
        Proxy.holds_at(at),
    )
    member = exists().where(
        col(Consult.patient_id) == User.id,
        col(Participant.consult_id) == Consult.id,
        col(Participant.user_id) == actor.user_id,
        col(Participant.granted_by).is_(None),
        Participant.holds_at(at),
    )
    query = select(User, proxy, member).where(User.id == patient_id, User.role == Role.PATIENT)
    found = (await session.exec(query)).first()
    if found is None:
        raise NotFound
    patient, is_proxy, is_member = found
    relation = _relation(patient, actor, is_proxy=is_proxy, is_member=is_member)
    decision = require(actor, action, relation=relation)
    if is_shredded(session, patient.id):
        raise Gone
    proxied = patient.id if relation is Relation.PROXY else None
    return PatientSeat(patient, replace(actor, on_behalf_of=proxied), relation, decision)


def _relation(patient: User, actor: Actor, *, is_proxy: bool, is_member: bool) -> Relation:
    if patient.id == actor.user_id:
        return Relation.SUBJECT
    if is_proxy:
        return Relation.PROXY
    return Relation.MEMBER if is_member else Relation.NONE
