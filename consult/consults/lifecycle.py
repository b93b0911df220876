"""A consult is opened, joined, closed."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from anyio import to_thread
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action, Decision, Relation, ask
from consult.backends.jobs import Jobs
from consult.backends.keys import keys_of
from consult.clinical.red_flags import RedFlag
from consult.clinical.workflow import states
from consult.clinical.workflow.states import Owner, State
from consult.consults.emergencies import send_to_emergency
from consult.consults.events import announce
from consult.consults.seats import Seat, get_seat
from consult.consults.steps import record_opening, sides_of, take_step
from consult.consults.taking import take_seat
from consult.errors import Conflict, Forbidden, InvalidFields
from consult.imaging import dicom
from consult.models import (
    DEFAULT_SERVICE,
    Actor,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Consult,
    ConsultKind,
    Participant,
    Proxy,
    Purpose,
    Role,
    Service,
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
    service_id: UUID | None = None,
    red_flags: Sequence[RedFlag] = (),
) -> tuple[Seat, bool]:
    """Open a consult. A patient's is about them or somebody they act for.

    Anybody else's may be about nobody known. `consent` is how the patient agreed to care, as a
    clinician says; without it an emergency speaks for them. `red_flags` are what the patient
    said yes to: they stop the consult and send the patient to the emergency number. The same
    `consult_id` from the same person again is the same consult: the second value is then False.
    Raises Forbidden, InvalidFields, or Conflict when the id is somebody else's.
    """
    decision = ask(actor, Action.CONSULT_OPEN)
    if not decision.allowed:
        raise _may_not_open(decision)
    if actor.role is Role.DEVICE and kind is not ConsultKind.EMERGENCY:
        raise Forbidden("A tablet opens emergencies only. Sign in to ask for anything else.")
    if red_flags and actor.role is not Role.PATIENT:
        raise InvalidFields({"red_flags": "These are the patient's own answers. Leave them out."})
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
        service_id=(await _service(session, service_id)).id,
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
    await record_opening(session, consult, acting)
    announce(session, consult, "consult.changed")
    await audit.record(session, seat.actor, "consult.opened", consult.id, **seat.about)
    await notifications.consult_opened(session, jobs, consult, by=actor)
    await _move_on(session, seat, red_flags)
    return seat, True


async def join(session: AsyncSession, seat: Seat, *, openly: bool) -> None:
    """Make sure the actor is in the consult; a specialist who speaks openly takes what nobody has.

    Whoever calls this tells live pages of it.
    Somebody who has only spoken among clinicians is not shown to the patient yet. A proxy is
    in it by being one, and not beyond that; a link has the seat that it was made with.
    """
    if seat.relation is Relation.PROXY or seat.actor.role is Role.LINK:
        return
    if openly and _takes(seat):
        await take_step(session, seat, states.Step.ACKNOWLEDGE, announced=False)
    await take_seat(session, seat.consult, seat.actor.user_id, openly=openly)


async def carry_on(session: AsyncSession, seat: Seat, *, answers: bool) -> None:
    """Move the consult as what was just said in the open moves it.

    A specialist's word answers, where `answers`; the asker's supplies what was asked for, or
    asks again.
    """
    sides, state = sides_of(seat), seat.consult.state
    if answers and Owner.CLINICIAN in sides and seat.actor.role is Role.SPECIALIST:
        step = states.Step.ANSWER
    elif Owner.ASKER not in sides:
        return
    elif state is State.AWAITING_INFO:
        step = states.Step.SUPPLY
    elif answers:
        step = states.Step.ASK_AGAIN
    else:
        return
    if state in states.MOVES[step].leaves:
        await take_step(session, seat, step, announced=False)


def _takes(seat: Seat) -> bool:
    return (
        seat.actor.role is Role.SPECIALIST
        and seat.relation is not Relation.GUEST
        and seat.consult.assigned_to is None
        and seat.consult.state in states.MOVES[states.Step.ACKNOWLEDGE].leaves
    )


async def _move_on(session: AsyncSession, seat: Seat, red_flags: Sequence[RedFlag]) -> None:
    """What becomes of a new consult at once: an emergency, or a specialist's own."""
    if red_flags:
        await send_to_emergency(session, seat, red_flags)
    elif _takes(seat):
        await take_step(session, seat, states.Step.ACKNOWLEDGE)


def _may_not_open(decision: Decision) -> Forbidden:
    error = Forbidden("Your role does not open consults.")
    error.rule = decision.rule
    return error


async def _service(session: AsyncSession, service_id: UUID | None) -> Service:
    service = await session.get(Service, service_id or DEFAULT_SERVICE)
    if service is None or not service.active:
        raise InvalidFields({"service_id": "There is no such service."})
    return service


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
