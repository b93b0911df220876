"""A consult is opened, joined, closed."""

from uuid import UUID, uuid4

from anyio import to_thread
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Action, Facts, Relation, Verdict, decide
from consult.backends.jobs import Jobs
from consult.backends.keys import keys_of
from consult.consults.events import announce
from consult.consults.seats import Seat, get_seat
from consult.errors import Conflict, Forbidden, InvalidFields
from consult.imaging import dicom
from consult.models import (
    Actor,
    Consult,
    ConsultKind,
    ConsultState,
    Participant,
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
) -> tuple[Seat, bool]:
    """Open a consult. A patient's is about that patient; anybody else's may be about nobody known.

    The same `consult_id` from the same person again is the same consult: the second value is
    then False. Raises Conflict when the id is somebody else's.
    """
    if decide(Facts(actor.role), Action.CONSULT_OPEN) is not Verdict.ALLOW:
        raise Forbidden("Your role does not open consults.")
    if consult_id and (known := await session.get(Consult, consult_id)):
        if known.opened_by != actor.user_id:
            raise Conflict("Another consult already has this id. Use a new one.", code="id_taken")
        return await get_seat(session, actor, consult_id), False

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
    seat = Seat(consult, actor, await _take_seats(session, consult, actor))
    announce(session, consult, "consult.changed")
    await audit.record(session, actor, "consult.opened", consult.id, consult_id=consult.id)
    await notifications.consult_opened(session, jobs, consult, by=actor)
    return seat, True


async def join(session: AsyncSession, seat: Seat, *, openly: bool) -> None:
    """Make sure the actor is in the consult; the first specialist to reply takes it.

    Somebody who has only spoken among clinicians is not shown to the patient yet.
    """
    consult, actor = seat.consult, seat.actor
    if actor.role is Role.SPECIALIST and consult.assigned_to is None:
        consult.assigned_to = actor.user_id
    participant = await session.get(Participant, (consult.id, actor.user_id))
    if participant is None:
        session.add(Participant(consult_id=consult.id, user_id=actor.user_id, in_the_open=openly))
    elif openly and not participant.in_the_open:
        # For the patient they join now; their earlier place in the order would tell of more.
        participant.in_the_open, participant.joined_at = True, now()
        session.add(participant)


async def close_consult(session: AsyncSession, seat: Seat) -> None:
    """Close the consult; `seat` must have been taken for CONSULT_CLOSE."""
    seat.consult.state = ConsultState.CLOSED
    seat.consult.closed_at = now()
    announce(session, seat.consult, "consult.changed")
    await audit.record(
        session, seat.actor, "consult.closed", seat.consult.id, consult_id=seat.consult.id
    )


async def _patient(session: AsyncSession, actor: Actor, patient_id: UUID | None) -> UUID | None:
    if actor.role is Role.PATIENT:
        if patient_id not in (None, actor.user_id):
            raise InvalidFields({"patient_id": "Leave this out: the consult is about you."})
        return actor.user_id
    if patient_id is None:
        return None
    user = await session.get(User, patient_id)
    if user is None or user.role is not Role.PATIENT:
        raise InvalidFields({"patient_id": "There is no such patient."})
    return patient_id


async def _take_seats(session: AsyncSession, consult: Consult, actor: Actor) -> Relation:
    """Put the opener and the patient into the new consult."""
    if actor.role is Role.SPECIALIST:
        consult.assigned_to = actor.user_id
    for user_id in {actor.user_id, consult.patient_id or actor.user_id}:
        session.add(Participant(consult_id=consult.id, user_id=user_id, in_the_open=True))
    await session.flush()
    return Relation.SUBJECT if consult.patient_id == actor.user_id else Relation.MEMBER
