"""What a patient agrees to, by purpose: written down, never changed, and the newest word counts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, false, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit, notifications
from consult.access import Consent, Relation
from consult.backends.jobs import Jobs
from consult.consults import (
    Seat,
    announce,
    bears_on,
    consent_of,
    knock,
    newest_consent,
    visible_to,
)
from consult.errors import Conflict, InvalidFields
from consult.models import (
    RATIFY_WITHIN,
    TEXT_VERSION,
    Actor,
    Capacity,
    ConsentMethod,
    ConsentRow,
    Consult,
    Participant,
    Purpose,
    now,
)
from consult.patients import PatientSeat

_METHODS = {
    Capacity.SELF: {ConsentMethod.TAP, ConsentMethod.SIGNATURE},
    Capacity.PROXY: {ConsentMethod.TAP, ConsentMethod.SIGNATURE},
    Capacity.CLINICIAN: {ConsentMethod.VERBAL, ConsentMethod.SIGNATURE},
}


@dataclass(frozen=True)
class Said:
    """What somebody says for the patient."""

    purpose: Purpose
    given: bool
    method: ConsentMethod
    text_version: str = TEXT_VERSION


async def say_of_patient(session: AsyncSession, seat: PatientSeat, said: Said) -> ConsentRow:
    """Write down what holds for everything about the patient; `seat` is for this very deed.

    Raises InvalidFields, or Conflict (`consent_withdrawn`).
    """
    row = _row(seat.actor, seat.relation, said, patient_id=seat.patient.id)
    _require_more_than_a_word(row, await list_of_patient(session, seat))
    await _write(session, seat.actor, row)
    query = select(Consult.id).where(Consult.patient_id == seat.patient.id)
    knock(session, (await session.exec(query)).all())
    return row


async def say_in_consult(session: AsyncSession, jobs: Jobs, seat: Seat, said: Said) -> ConsentRow:
    """Write down what holds for one consult, and tell the others in it; `seat` is for this deed.

    Raises InvalidFields, or Conflict (`consent_withdrawn`).
    """
    consult = seat.consult
    row = _row(
        seat.actor, seat.relation, said, patient_id=consult.patient_id, consult_id=consult.id
    )
    _require_more_than_a_word(row, await list_of_consult(session, seat))
    await _write(session, seat.actor, row)
    announce(session, consult, "consult.changed")
    await notifications.something_new(session, jobs, consult, by=seat.actor)
    return row


async def list_of_patient(session: AsyncSession, seat: PatientSeat) -> list[ConsentRow]:
    """Everything said about the patient, newest first, but for consults that are not shown."""
    mine = and_(
        col(Participant.consult_id) == Consult.id,
        col(Participant.user_id) == seat.actor.user_id,
    )
    shown = or_(col(ConsentRow.consult_id).is_(None), visible_to(seat.actor, now()))
    query = (
        select(ConsentRow)
        .join(Consult, col(Consult.id) == ConsentRow.consult_id, isouter=True)
        .join(Participant, mine, isouter=True)
        .where(ConsentRow.patient_id == seat.patient.id, func.coalesce(shown, false()))
        .order_by(col(ConsentRow.seq).desc())
    )
    return list((await session.exec(query)).all())


async def list_of_consult(session: AsyncSession, seat: Seat) -> list[ConsentRow]:
    """Everything said that bears on the consult, newest first."""
    query = (
        select(ConsentRow)
        .join(Consult, bears_on(ConsentRow))
        .where(Consult.id == seat.consult.id)
        .order_by(col(ConsentRow.seq).desc())
    )
    return list((await session.exec(query)).all())


def current(rows: list[ConsentRow]) -> dict[Purpose, Consent]:
    """What holds now for each purpose; `rows` newest first."""
    newest = {row.purpose: row for row in reversed(rows)}
    return {purpose: consent_of(newest.get(purpose)) for purpose in Purpose}


async def count_overdue(session: AsyncSession) -> int:
    """Consults in whose emergency nobody has asked the patient in time."""
    query = (
        select(func.count())
        .select_from(Consult)
        .join(ConsentRow, col(ConsentRow.seq) == newest_consent(Purpose.CARE))
        .where(
            col(ConsentRow.given),
            ConsentRow.method == ConsentMethod.EMERGENCY,
            ConsentRow.at <= now() - RATIFY_WITHIN,
        )
    )
    return (await session.exec(query)).one()


def _row(
    actor: Actor,
    relation: Relation,
    said: Said,
    *,
    patient_id: UUID | None,
    consult_id: UUID | None = None,
) -> ConsentRow:
    capacity = {Relation.SUBJECT: Capacity.SELF, Relation.PROXY: Capacity.PROXY}.get(
        relation, Capacity.CLINICIAN
    )
    if said.method not in _METHODS[capacity]:
        words = " or ".join(sorted(_METHODS[capacity]))
        raise InvalidFields({"method": f"From you this is {words}."})
    return ConsentRow(
        patient_id=patient_id,
        consult_id=consult_id,
        purpose=said.purpose,
        given=said.given,
        capacity=capacity,
        method=said.method,
        text_version=said.text_version,
        given_by=actor.user_id,
    )


def _require_more_than_a_word(row: ConsentRow, before: list[ConsentRow]) -> None:
    """What patients took back themselves, no clinician gives again by saying so."""
    withdrawn = current(before)[row.purpose] is Consent.WITHDRAWN
    if withdrawn and row.method is ConsentMethod.VERBAL:
        raise Conflict(
            "This was refused or taken back. It takes a signature to give it again.",
            code="consent_withdrawn",
        )


async def _write(session: AsyncSession, actor: Actor, row: ConsentRow) -> None:
    session.add(row)
    await session.flush()
    deed = "consent.given" if row.given else "consent.withdrawn"
    await audit.record(session, actor, deed, row.patient_id, consult_id=row.consult_id)
