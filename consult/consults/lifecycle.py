"""A consult is opened, joined, closed."""

from dataclasses import replace
from uuid import UUID, uuid4

from anyio import to_thread
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action, Decision, Relation, ask
from consult.backends.jobs import Jobs
from consult.backends.keys import keys_of
from consult.consults.events import announce
from consult.consults.seats import Seat, get_seat
from consult.errors import Conflict, Forbidden, InvalidFields
from consult.imaging import dicom
from consult.models import (
    Actor,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Consult,
    ConsultKind,
    ConsultState,
    Participant,
    Proxy,
    Purpose,
    Role,
    Urgency,
    User,
    now,
    private,
)

DEFAULT_URGENCY = {
    ConsultKind.EMERGENCY: Urgency.STAT,
    ConsultKind.SECOND_OPINION: Urgency.URGENT,
    ConsultKind.FOLLOW_UP: Urgency.ROUTINE,
    ConsultKind.PRE_VISIT: Urgency.ROUTINE,
    ConsultKind.PRIOR_IMAGING: Urgency.ROUTINE,
}


async def open_consult(
    session: AsyncSession,
    jobs: Jobs,
    *,
    actor: Actor,
    kind: ConsultKind,
    consult_id: UUID | None = None,
    urgency: Urgency | None = None,
    reason: str = "",
    patient_id: UUID | None = None,
    consent: ConsentMethod | None = None,
) -> tuple[Seat, bool]:
    """Open a consult. A patient's is about them or somebody they act for.

    Anybody else's may be about nobody known. `consent` is how the patient agreed to care, as a
    clinician says; without it an emergency speaks for them. The same `consult_id` from the same person again is the same consult: the
    second value is then False. Raises Forbidden, InvalidFields, or Conflict when the id is
    somebody else's.
    """
    decision = ask(actor, Action.CONSULT_OPEN)
    if not decision.allowed:
        raise _may_not_open(decision)
    if actor.role is Role.DEVICE and kind is not ConsultKind.EMERGENCY:
        raise Forbidden("A tablet opens emergencies only. Sign in to ask for anything else.")
    if consult_id and (opener := await _opener(session, consult_id)):
        if opener != actor.user_id:
            raise Conflict("Another consult already has this id. Use a new one.", code="id_taken")
        # A tablet reads nothing, not even what it opened: it is told that it may go on.
        again = Action.PHOTO_ATTACH if actor.role is Role.DEVICE else Action.CONSULT_READ
        seat = await get_seat(session, actor, consult_id, again)
        await audit.record(session, seat.actor, "consult.viewed", consult_id, **seat.about)
        return seat, False

    consult_id = consult_id or uuid4()
    patient_id = await _patient(session, actor, patient_id)
    subject_id = patient_id or consult_id
    await to_thread.run_sync(keys_of(session).make, subject_id)
    consult = Consult(
        id=consult_id,
        kind=kind,
        urgency=urgency or DEFAULT_URGENCY[kind],
        reason=private(reason, subject_id),
        patient_id=patient_id,
        subject_id=subject_id,
        opened_by=actor.user_id,
        study_instance_uid=dicom.study_uid(consult_id),
    )
    session.add(consult)
    await session.flush()
    relation, care = await _take_seats(session, consult, actor, consent)
    acting = replace(actor, on_behalf_of=consult.patient_id if relation is Relation.PROXY else None)
    seat = Seat(consult, acting, relation, Action.CONSULT_OPEN, decision, care)
    announce(session, consult, "consult.changed")
    await audit.record(session, seat.actor, "consult.opened", consult.id, **seat.about)
    await notifications.consult_opened(session, jobs, consult, by=actor)
    return seat, True


async def join(session: AsyncSession, seat: Seat, *, openly: bool) -> None:
    """Make sure the actor is in the consult; the first specialist to reply takes it.

    Somebody who has only spoken among clinicians is not shown to the patient yet. A proxy is
    in it by being one, and not beyond that.
    """
    consult, actor = seat.consult, seat.actor
    if seat.relation is Relation.PROXY:
        return
    if (
        seat.relation is not Relation.GUEST
        and actor.role is Role.SPECIALIST
        and consult.assigned_to is None
    ):
        consult.assigned_to = actor.user_id
    participant = await session.get(Participant, (consult.id, actor.user_id))
    if participant and participant.ended_at:  # sent away, and here again by their role
        await session.delete(participant)
        await session.flush()
        participant = None
    if participant is None:
        session.add(Participant(consult_id=consult.id, user_id=actor.user_id, in_the_open=openly))
    elif openly and not participant.in_the_open:
        # For the patient they join now; their earlier place in the order would tell of more.
        participant.in_the_open, participant.joined_at = True, now()
        session.add(participant)


async def close_consult(session: AsyncSession, seat: Seat) -> None:
    """Close the consult; `seat` must have been taken for CONSULT_CLOSE."""
    seat.require(Action.CONSULT_CLOSE)
    seat.consult.state = ConsultState.CLOSED
    seat.consult.closed_at = now()
    announce(session, seat.consult, "consult.changed")
    await audit.record(session, seat.actor, "consult.closed", seat.consult.id, **seat.about)


def _may_not_open(decision: Decision) -> Forbidden:
    error = Forbidden("Your role does not open consults.")
    error.rule = decision.rule
    return error


async def _opener(session: AsyncSession, consult_id: UUID) -> UUID | None:
    query = select(Consult.opened_by).where(Consult.id == consult_id)
    return (await session.exec(query)).first()


async def set_confidential(session: AsyncSession, seat: Seat, *, confidential: bool) -> None:
    """Keep the consult from the patient's proxies, or no longer; `seat` is for CONSULT_HIDE."""
    consult = seat.consult
    if consult.confidential == confidential:  # what they are shown as an answer is a look
        await audit.record(session, seat.actor, "consult.viewed", consult.id, **seat.about)
        return
    consult.confidential = confidential
    announce(session, consult, "consult.changed")
    deed = "consult.hidden_from_proxies" if confidential else "consult.shown_to_proxies"
    await audit.record(session, seat.actor, deed, consult.id, **seat.about)


async def _patient(session: AsyncSession, actor: Actor, patient_id: UUID | None) -> UUID | None:
    if actor.role is Role.PATIENT:
        if patient_id in (None, actor.user_id) or await _acts_for(session, actor, patient_id):
            return patient_id or actor.user_id
        raise InvalidFields({"patient_id": "This is neither you nor somebody you act for."})
    if patient_id is None:
        return None
    if actor.role is Role.DEVICE:
        # Whoever is not signed in must not learn who is a patient here.
        raise InvalidFields({"patient_id": "Leave this out: sign in to say who it is."})
    user = await session.get(User, patient_id)
    if user is None or user.role is not Role.PATIENT:
        raise InvalidFields({"patient_id": "There is no such patient."})
    return patient_id


async def _acts_for(session: AsyncSession, actor: Actor, patient_id: UUID) -> bool:
    query = select(Proxy.id).where(
        Proxy.patient_id == patient_id, Proxy.proxy_id == actor.user_id, Proxy.holds_at(now())
    )
    return (await session.exec(query)).first() is not None


async def _take_seats(
    session: AsyncSession, consult: Consult, actor: Actor, consent: ConsentMethod | None
) -> tuple[Relation, ConsentRow]:
    """Put the opener and the patient into the new consult, and write down who agreed to it."""
    relation = _relation_of_opener(consult, actor)
    if actor.role is Role.SPECIALIST:
        consult.assigned_to = actor.user_id
    opener = consult.patient_id if relation is Relation.PROXY else actor.user_id
    for user_id in {opener, consult.patient_id}:
        if user_id:
            session.add(Participant(consult_id=consult.id, user_id=user_id, in_the_open=True))
    care = _care(consult, actor, relation, consent)
    session.add(care)
    await session.flush()
    return relation, care


def _relation_of_opener(consult: Consult, actor: Actor) -> Relation:
    if consult.patient_id == actor.user_id:
        return Relation.SUBJECT
    return Relation.PROXY if actor.role is Role.PATIENT else Relation.MEMBER


def _care(
    consult: Consult, actor: Actor, relation: Relation, consent: ConsentMethod | None
) -> ConsentRow:
    capacity = _CAPACITY.get(relation, Capacity.CLINICIAN)
    if capacity is Capacity.CLINICIAN:
        method = consent or ConsentMethod.EMERGENCY
    elif consent is None:
        method = ConsentMethod.TAP
    else:
        raise InvalidFields({"consent": "Leave this out: opening a consult says it."})
    return ConsentRow(
        patient_id=consult.patient_id,
        consult_id=consult.id,
        purpose=Purpose.CARE,
        given=True,
        capacity=capacity,
        method=method,
        given_by=actor.user_id,
    )


_CAPACITY = {Relation.SUBJECT: Capacity.SELF, Relation.PROXY: Capacity.PROXY}
