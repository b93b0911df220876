"""What live pages are told: events written in the transaction of the deed, rung after it."""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, event
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from consult.backends.doorbell import Doorbell
from consult.consults.seats import Seat
from consult.consults.views import event_column, topic_of, topic_of_rights
from consult.models import Audience, Consult, Event, now

Happened = tuple[int, str, UUID | None]
"""The number in the view, the kind and the subject of an event."""


def announce(
    session: AsyncSession,
    consult: Consult,
    kind: str,
    subject_id: UUID | None = None,
    audience: Audience = Audience.EVERYONE,
) -> None:
    """Write the event down in this transaction, and ring for it once that has committed."""
    at = now()
    consult.last_event_clinicians += 1
    consult.updated_at_clinicians = at
    views = [Audience.CLINICIANS]
    if audience is Audience.EVERYONE:
        consult.last_event += 1
        consult.updated_at = at
        views.append(Audience.EVERYONE)
    session.add(consult)
    session.add(
        Event(
            consult_id=consult.id,
            number_clinicians=consult.last_event_clinicians,
            number=consult.last_event if audience is Audience.EVERYONE else None,
            kind=kind,
            subject_id=subject_id,
        )
    )
    _ring_after_commit(session, [topic_of(consult.id, view) for view in views])


def knock(session: AsyncSession, consult_ids: Iterable[UUID]) -> None:
    """Make live pages ask, once this has committed, whether they may still look."""
    _ring_after_commit(session, [topic_of_rights(consult_id) for consult_id in consult_ids])


async def events_after(session: AsyncSession, seat: Seat, number: int) -> list[Happened]:
    """Events after `number`, in the numbers of this seat's view: (number, kind, subject)."""
    given = {"consult_id": seat.consult.id, "after": number}
    rows = (await session.exec(_events_after(seat.view), params=given)).all()
    return [(number, kind, subject) for number, kind, subject in rows if number is not None]


@cache
def _events_after(view: Audience) -> Select[int | None, str, UUID | None]:
    # Kept: every open page asks it at every ring.
    mine = event_column(view)
    return (
        select(mine, Event.kind, col(Event.subject_id))
        .where(Event.consult_id == bindparam("consult_id"), mine > bindparam("after"))
        .order_by(mine)
    )


def _ring_after_commit(session: AsyncSession, topics: list[str]) -> None:
    doorbell = session.info["doorbell"]
    assert isinstance(doorbell, Doorbell)

    def ring(_: object) -> None:
        for topic in topics:
            doorbell.ring(topic)

    event.listen(session.sync_session, "after_commit", ring, once=True)
