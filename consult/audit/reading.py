"""Reading the trail: by whom, about whom, when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Result, func, literal
from sqlalchemy import select as sa_select
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.models import AuditRow, Outcome

WORDS = {
    "consults.listed": "saw the consult in a list",
    "consult.viewed": "read the consult",
    "messages.viewed": "read the messages",
    "message.viewed": "read a message",
    "readers.viewed": "read who had looked",
    "consents.viewed": "read what was agreed to",
    "proxies.viewed": "read who acts for the patient",
    "photo.attached": "sent the photo",
    "photo.previewed": "sent a small picture of the photo",
    "photo.turned": "turned the photo",
    "photo.image.viewed": "saw the photo",
    "photo.preview.viewed": "saw the photo, small",
    "photo.dicom.viewed": "downloaded the photo",
    "photo.facts.viewed": "read the facts about the photo",
    "photo.certificate.viewed": "read what was removed from the photo",
}
"""The deeds that show somebody something about a patient, in that patient's words."""


@dataclass(frozen=True)
class Filter:
    actor_id: UUID | None = None
    patient_id: UUID | None = None
    consult_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Itself not included."""

    @property
    def clauses(self) -> list[ColumnElement[bool]]:
        return [
            *([col(AuditRow.actor_id) == str(self.actor_id)] if self.actor_id else []),
            *([col(AuditRow.patient_id) == str(self.patient_id)] if self.patient_id else []),
            *([_tells_of([self.consult_id])] if self.consult_id else []),
            *([col(AuditRow.at) >= _text(self.since)] if self.since else []),
            *([col(AuditRow.at) < _text(self.until)] if self.until else []),
        ]


class Shown(NamedTuple):
    """What somebody was shown, once or several times in the same way."""

    actor_id: str | None
    role: str | None
    action: str
    object_id: str | None
    consult_id: str | None
    on_behalf_of: str | None
    purpose: str | None
    break_glass_id: str | None
    first_at: str
    last_at: str
    times: int


_LATELY = 20_000
"""Rows of the trail: so far back it is asked what somebody was shown just now."""

_ALIKE: Any = tuple(getattr(AuditRow, name) for name in Shown._fields[:-3])


async def list_rows(
    session: AsyncSession, wanted: Filter, *, after: int = 0, limit: int
) -> list[AuditRow]:
    """Rows numbered above `after`, in their order."""
    query = (
        select(AuditRow)
        .where(col(AuditRow.seq) > after, *wanted.clauses)
        .order_by(col(AuditRow.seq))
        .limit(limit)
    )
    return list((await session.exec(query)).all())


async def shown_of(session: AsyncSession, consult_id: UUID) -> list[Shown]:
    """What everybody was shown of a consult, alike looks as one, last first."""
    at = col(AuditRow.at)
    query = (
        sa_select(*_ALIKE, func.min(at), func.max(at), func.count())
        .where(_tells_of([consult_id]), _shows_something())
        .group_by(*_ALIKE)
        .order_by(func.max(at).desc())
    )
    return await _shown(session, query)


async def was_shown(
    session: AsyncSession, user_id: UUID, consult_id: UUID, *, until: datetime
) -> bool:
    """Whether somebody saw the consult lately, by itself or in a list, before `until`."""
    newest = select(func.max(AuditRow.seq)).scalar_subquery()
    query = (
        select(AuditRow.seq)
        .where(
            col(AuditRow.seq) > newest - _LATELY,
            _tells_of([consult_id]),
            _shows_something(),
            col(AuditRow.actor_id) == str(user_id),
            col(AuditRow.at) < _text(until),
        )
        .limit(1)
    )
    return (await session.exec(query)).first() is not None


async def shown_to_others(
    session: AsyncSession, patient_id: UUID, consult_ids: Sequence[UUID], *, since: datetime
) -> list[Shown]:
    """Each time that others were shown something of a patient, or of their consults; in order."""
    at = col(AuditRow.at)
    query = (
        sa_select(*_ALIKE, at, at, literal(1))
        .where(
            or_(col(AuditRow.patient_id) == str(patient_id), _tells_of(consult_ids)),
            _shows_something(),
            col(AuditRow.actor_id).is_distinct_from(str(patient_id)),
            at >= _text(since),
        )
        .order_by(col(AuditRow.seq))
    )
    return await _shown(session, query)


async def _shown(session: AsyncSession, query: Any) -> list[Shown]:
    found = cast("Result[Any]", await session.exec(query))  # pragma: no mutate - of types alone
    return [Shown._make(row) for row in found.all()]


def in_words(action: str) -> str:
    """What a deed was, said to the patient: of a kind that is new here, that somebody looked."""
    return WORDS.get(action, "looked at it")


def _tells_of(consult_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Of one of these consults: by itself, or in a list."""
    texts = [str(consult_id) for consult_id in consult_ids]
    listed = or_(False, *(col(AuditRow.consult_ids).contains(text) for text in texts))
    return or_(
        col(AuditRow.consult_id).in_(texts),
        and_(col(AuditRow.consult_ids).is_not(None), listed),
    )


def _shows_something() -> ColumnElement[bool]:
    """An allowed deed that showed the actor something. Rows of the first form were all allowed."""
    action, outcome = col(AuditRow.action), col(AuditRow.outcome)
    return and_(
        or_(action.in_(list(WORDS)), action.endswith(".viewed")),
        or_(outcome.is_(None), outcome == Outcome.ALLOWED.value),
    )


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
