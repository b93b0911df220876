"""A patient is shredded: their keys are forgotten, and with them all that was sealed for them.

Four steps, because keys.db is not in the database's transaction: look, write down that it is
about to happen, forget the keys (`Keys.shred`), clear up. Cut off anywhere, the same again
finishes it. The audit trail stays: it holds no names and no words.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts import find_user
from consult.backends.jobs import Jobs
from consult.errors import Conflict, NotFound
from consult.models import Consult, EarlyPreview, Photo, Preview, Role, Upload, User, now


@dataclass(frozen=True)
class Estate:
    """All that is kept of one patient, or of the unknown person of one consult."""

    patient_id: UUID | None
    consult_ids: tuple[UUID, ...]
    subjects: tuple[UUID, ...]
    """Whose keys it is sealed with."""


async def find_estate(session: AsyncSession, wanted: str) -> Estate:
    """`wanted`: a patient's address or id, or the id of a consult about nobody known.

    Raises NotFound, or Conflict: somebody who is no patient.
    """
    user = await find_user(session, wanted) if "@" in wanted else None
    wanted_id = user.id if user else _uuid(wanted)
    user = user or await session.get(User, wanted_id)
    if user and user.role is not Role.PATIENT:
        raise Conflict("Only patients are shredded.", code="not_a_patient")
    theirs = or_(
        col(Consult.patient_id) == wanted_id,
        (col(Consult.id) == wanted_id) & col(Consult.patient_id).is_(None),
    )
    found = (await session.exec(select(Consult.id, Consult.subject_id).where(theirs))).all()
    if not user and not found:
        raise NotFound
    subjects = {subject for _, subject in found} | ({user.id} if user else set[UUID]())
    return Estate(
        patient_id=user.id if user else None,
        consult_ids=tuple(sorted(consult_id for consult_id, _ in found)),
        subjects=tuple(sorted(subjects)),
    )


async def record_intent(session: AsyncSession, estate: Estate) -> None:
    """Put on record that the keys are about to be forgotten."""
    for subject in estate.subjects:
        await audit.record(session, None, "keys.shredding", subject)


async def clear_up(session: AsyncSession, jobs: Jobs, estate: Estate) -> None:
    """Drop what no key is needed for, once the keys are forgotten, and put it on record."""
    photos = select(Photo.id).where(col(Photo.consult_id).in_(estate.consult_ids))
    await session.exec(delete(Preview).where(col(Preview.photo_id).in_(photos)))
    for table in (Upload, EarlyPreview):
        await session.exec(delete(table).where(col(table.consult_id).in_(estate.consult_ids)))
    await session.exec(
        update(Consult)
        .where(col(Consult.id).in_(estate.consult_ids), col(Consult.shredded_at).is_(None))
        .values(shredded_at=now())
    )
    for consult_id in estate.consult_ids:
        await jobs.cancel(session, consult_id=str(consult_id))
        await audit.record(session, None, "consult.shredded", consult_id, consult_id=consult_id)
    if estate.patient_id:
        await _close_account(session, jobs, estate.patient_id)


async def _close_account(session: AsyncSession, jobs: Jobs, patient_id: UUID) -> None:
    await session.exec(
        update(User).where(col(User.id) == patient_id).values(active=False, email_index=None)
    )
    await jobs.cancel(session, user_id=str(patient_id))
    await audit.record(session, None, "patient.shredded", patient_id)


def _uuid(wanted: str) -> UUID:
    try:
        return UUID(wanted)
    except ValueError:
        raise NotFound from None
